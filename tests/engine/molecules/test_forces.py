"""The force is the slope of the energy, the energy is NIST's, and each truncation ends as it says."""

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from engine.molecules import forces
from engine.molecules.lennard_jones import LennardJones

NIST = Path(__file__).parents[2] / "data" / "nist_lj_configuration_4.txt"
NIST_ENERGY = -16.790321304625856  # NIST SRSW, Lennard-Jones reference configuration 4, plain truncation at 3 σ
TRUNCATIONS = ("plain", "shifted", "force_shifted")


@pytest.mark.parametrize(("precision", "tolerance"), [("f64", 1e-12), ("f32", 1e-5)])
def test_energy_of_the_reference_configuration(precision: str, tolerance: float) -> None:
    few = LennardJones(configuration=str(NIST), box=8.0, cutoff=3.0, truncation="plain", precision=precision)
    assert few.number == 30
    assert few.observe("potential_energy") == pytest.approx(NIST_ENERGY, rel=tolerance)
    assert few.observe("energy_per_particle") == pytest.approx(NIST_ENERGY / 30, rel=tolerance)


def test_the_tail_of_the_reference_configuration() -> None:
    few = LennardJones(configuration=str(NIST), box=8.0, cutoff=3.0, tail="on", precision="f64")
    # NIST's long-range correction of configuration 4 at 3 σ is −0.54517 for all thirty.
    assert 30 * few.observe("energy_per_particle") - NIST_ENERGY == pytest.approx(-0.54517, abs=5e-6)


def energy_at(places: np.ndarray, tmp_path: Path, box: float, **choices: str) -> float:
    path = tmp_path / "places.txt"
    np.savetxt(path, places, fmt="%.17g")
    return float(LennardJones(configuration=str(path), box=box, cutoff=3.0, precision="f64", **choices)  # type: ignore[arg-type]
                 .observe("potential_energy"))  # fmt: skip


@pytest.mark.parametrize("truncation", TRUNCATIONS)
def test_force_is_minus_the_slope_of_the_energy(truncation: str, tmp_path: Path) -> None:
    places = np.loadtxt(NIST)
    few = LennardJones(configuration=str(NIST), box=8.0, cutoff=3.0, truncation=truncation, precision="f64")
    force = np.empty((30, 3))
    force[few.state.identity] = few.state.force.T
    for molecule, axis in ((0, 0), (7, 1), (29, 2)):
        energies = []
        for shift in (-1e-5, 1e-5):
            moved = places.copy()
            moved[molecule, axis] += shift
            energies.append(energy_at(moved, tmp_path, 8.0, truncation=truncation))
        assert force[molecule, axis] == pytest.approx((energies[0] - energies[1]) / 2e-5, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("truncation", TRUNCATIONS)
def test_virial_is_what_stretching_costs(truncation: str, tmp_path: Path) -> None:
    """W = −dU/dln λ when all lengths grow by λ; pairs at the cutoff itself stay apart from it in this configuration."""
    few = LennardJones(configuration=str(NIST), box=8.0, cutoff=3.0, truncation=truncation, precision="f64")
    energies = [energy_at(np.loadtxt(NIST) * stretch, tmp_path, 8.0 * stretch, truncation=truncation)
                for stretch in (1 - 1e-7, 1 + 1e-7)]  # fmt: skip
    _, virial = few._weighed()
    assert virial == pytest.approx((energies[0] - energies[1]) / 2e-7, rel=1e-5)


def test_how_each_truncation_ends(tmp_path: Path) -> None:
    pair = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0 + 3.0 - 1e-9]])
    ends = {choice: energy_at(pair, tmp_path, 20.0, truncation=choice) for choice in TRUNCATIONS}
    assert ends["plain"] == pytest.approx(4 * (3.0**-12 - 3.0**-6), rel=1e-6)
    assert ends["shifted"] == pytest.approx(0.0, abs=1e-10)
    assert ends["force_shifted"] == pytest.approx(0.0, abs=1e-10)
    few = LennardJones(configuration=str(tmp_path / "places.txt"), box=20.0, truncation="force_shifted",
                       precision="f64")  # fmt: skip
    assert np.abs(few.state.force).max() < 1e-10


def test_curvature_is_the_second_derivative_along_the_motion(tmp_path: Path) -> None:
    few = LennardJones(configuration=str(NIST), box=8.0, cutoff=3.0, truncation="force_shifted", precision="f64")
    bending = np.zeros(30)
    forces.bend(few.state.place, few.state.velocity, bending, *few._around(), few.end_slope)
    middle, step = few.positions(), 1e-4
    before, now, after = (energy_at(middle + way * few.velocities(), tmp_path, 8.0, truncation="force_shifted")
                          for way in (-step, 0.0, step))  # fmt: skip
    assert bending.sum() == pytest.approx((before - 2 * now + after) / step**2, rel=1e-3)


def test_tails_are_integrals_over_a_uniform_fluid() -> None:
    density, cutoff = 0.8, 2.5
    energy = 2 * np.pi * density * quad(lambda r: r**2 * forces.pair_energy(r), cutoff, np.inf)[0]
    pressure = -2 / 3 * np.pi * density**2 * quad(lambda r: r**3 * forces.pair_slope(r), cutoff, np.inf)[0]
    assert forces.tail_energy(density, cutoff) == pytest.approx(energy, rel=1e-8)
    assert forces.tail_pressure(density, cutoff) == pytest.approx(pressure, rel=1e-8)
