"""Molecules that obey Newton, Boltzmann and the person who set them up."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, maxwell

from engine import runtime
from engine.errors import NumericalFailure, Refusal
from engine.molecules.lennard_jones import LennardJones
from engine.solver import Snapshot

NIST = str(Path(__file__).parents[2] / "data" / "nist_lj_configuration_4.txt")


def liquid(**choices: Any) -> LennardJones:
    """A small liquid; small boxes list neighbours by pairs, those from 512 molecules on by cells."""
    given: dict[str, Any] = {"number": 256, "density": 0.7, "temperature": 1.0, "cutoff": 2.5, "dt": 0.002,
                             "truncation": "force_shifted", "precision": "f64"}  # fmt: skip
    return LennardJones(**(given | choices))


def bits(solver: LennardJones) -> bytes:
    return solver.positions().tobytes() + solver.velocities().tobytes()


# --- conservation, reversibility, order ---


def test_momentum_stays() -> None:
    small = liquid()
    small.advance(1000)
    assert np.abs(small.velocities().sum(axis=0)).max() < 1e-10


def test_motion_can_be_run_backwards() -> None:
    there = liquid()
    start = there.positions()
    there.advance(400)
    there.state.velocity *= -1.0
    there.advance(400)
    apart = np.abs(there.positions() - start)
    assert np.minimum(apart, there.box - apart).max() < 1e-7
    assert np.abs(there.positions() - start).max() > 0.0  # and yet rounding went its way


def test_energy_errors_fall_as_dt_squared_and_those_of_the_conserved_energy_as_dt_to_the_fourth() -> None:
    plain, conserved = [], []
    for dt in (0.008, 0.004):
        small = liquid(dt=dt)
        begun = small.observe("total_energy")
        small.advance(round(0.4 / dt))
        plain.append(abs(small.observe("total_energy") - begun))
        conserved.append(abs(small.observe("energy_drift") * begun))
    assert math.log2(plain[0] / plain[1]) == pytest.approx(2.0, abs=0.3)
    assert math.log2(conserved[0] / conserved[1]) == pytest.approx(4.0, abs=0.7)


def test_halving_dt_leads_to_the_same_places() -> None:
    places = []
    for dt in (0.004, 0.002, 0.001):
        small = liquid(dt=dt)
        small.advance(round(0.2 / dt))
        places.append(small.positions())
    coarse, fine = (np.abs(places[k] - places[k + 1]).max() for k in (0, 1))
    assert coarse / fine == pytest.approx(4.0, rel=0.25)


@pytest.mark.parametrize("truncation", ["shifted", "force_shifted"])
def test_energy_does_not_drift(truncation: str) -> None:
    """3000 steps here; 100 000 in the slow test. N = 512, ρ = 0.776, T = 0.85, r_c = 3, dt = 0.002, from a lattice."""
    small = liquid(number=512, density=0.776, temperature=0.85, cutoff=3.0, truncation=truncation, sampling=0)
    small.advance(3000)
    assert abs(small.observe("energy_drift")) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(("density", "temperature", "cutoff"), [(0.776, 0.85, 3.0), (0.8442, 0.728, 2.5)])
def test_energy_does_not_drift_in_100_000_steps(density: float, temperature: float, cutoff: float) -> None:
    small = liquid(number=512, density=density, temperature=temperature, cutoff=cutoff, truncation="shifted",
                   sampling=0)  # fmt: skip
    for _ in range(20):
        small.advance(5000)
        assert abs(small.observe("energy_drift")) < 1e-5


# --- the same run, however it is made ---


@pytest.mark.parametrize("choices", [
    {}, {"number": 600, "ensemble": "nvt", "precision": "f32"}, {"truncation": "shifted", "equilibration": 15},
    {"container": "piston", "walls": "thermal", "density": 0.3, "precision": "f32"},
])  # fmt: skip
def test_a_then_b_is_a_plus_b_and_a_snapshot_goes_on(choices: dict[str, Any]) -> None:
    whole, parts, later = (liquid(**choices, seed=3) for _ in range(3))
    for each in (whole, parts):
        if not each.periodic:
            each.change("piston", 0.8 * each.piston)
    whole.advance(120)
    for steps in (1, 46, 3):
        parts.advance(steps)
    later.restore(Snapshot.from_bytes(parts.snapshot().to_bytes()))
    for each in (parts, later):
        each.advance(70)
        assert bits(each) == bits(whole)
        for name in ("pressure_virial", "pressure_wall", "wall_impulse", "energy_per_particle"):
            assert each.observe(name) == whole.observe(name)


@pytest.mark.parametrize("precision", ["f32", "f64"])
def test_threads_change_nothing(precision: str) -> None:
    found = []
    for threads in (1, 2):
        runtime.start("cpu", threads)
        small = liquid(number=700, ensemble="nvt", precision=precision)
        small.advance(60)
        found.append(bits(small))
    runtime.start("cpu", 1)
    assert found[0] == found[1]


def test_seeds_differ() -> None:
    assert bits(liquid(seed=1)) != bits(liquid(seed=2))


def test_on_a_device_the_same_fluid(taichi_x64: runtime.Runtime) -> None:
    there = liquid(number=512)
    there.advance(20)
    runtime.start("cpu", 1)
    here = liquid(number=512)
    here.advance(20)
    assert there.observe("rms_speed") == pytest.approx(here.observe("rms_speed"), rel=1e-9)


# --- Boltzmann ---


@pytest.mark.parametrize(("species", "rms"), [("argon", 432.80), ("nitrogen", 516.8)])
def test_speeds_at_300_kelvin(species: str, rms: float) -> None:
    """√(3kT/m); a gas between walls may drift as a whole, so that all 3 N freedoms count."""
    gas = LennardJones(units="SI", species=species, number=5000, container="piston")
    assert gas.observe("rms_speed") == pytest.approx(rms, abs=0.05)
    assert gas.observe("kinetic_temperature") == pytest.approx(300.0, rel=1e-6)
    assert gas.observe("mean_speed") == pytest.approx(rms * math.sqrt(8 / (3 * math.pi)), rel=0.01)
    assert gas.unit("mean_speed") == "m/s" and gas.unit("dt") == "s"


def surprise(speeds: np.ndarray, temperature: float) -> float:
    """Probability that Maxwell and Boltzmann's speeds scatter more than these over 40 equally likely intervals."""
    edges = maxwell.ppf(np.linspace(0.0, 1.0, 41), scale=math.sqrt(temperature))
    counts = np.histogram(speeds, edges)[0]
    expected = len(speeds) / 40
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), 40))


def gas_at_equal_speeds(number: int) -> LennardJones:
    """All molecules as fast as each other, so that Maxwell's speeds must come about by themselves."""
    gas = LennardJones(number=number, density=0.05, temperature=1.5, cutoff=1.2, ensemble="nvt", dt=0.02, sampling=0,
                       seed=4)  # fmt: skip
    velocity = np.random.default_rng(1).normal(size=(3, number))
    gas.state.velocity[:] = velocity / np.sqrt((velocity**2).sum(axis=0)) * math.sqrt(4.5)
    return gas


def test_equal_speeds_become_maxwells() -> None:
    gas = gas_at_equal_speeds(20_000)
    assert surprise(gas.speeds(), 1.5) < 1e-6
    gas.advance(250)
    assert surprise(gas.speeds(), 1.5) > 1e-3


@pytest.mark.slow
def test_a_million_speeds_are_maxwells() -> None:
    """Ten samples of 100 000, four relaxation times apart."""
    gas = gas_at_equal_speeds(100_000)
    speeds = []
    for _ in range(10):
        gas.advance(250)
        speeds.append(gas.speeds())
    assert surprise(np.concatenate(speeds), 1.5) > 1e-3


def test_the_histogram_counts_everybody() -> None:
    gas = LennardJones(units="SI", number=2000)
    counts, edges = gas.observe("speed_histogram"), gas.observe("speed_bins")
    assert counts.sum() == 2000 and len(edges) == len(counts) + 1
    middle = (edges[1:] + edges[:-1]) / 2
    assert (counts * middle).sum() / 2000 == pytest.approx(gas.observe("mean_speed"), rel=2e-3)


def test_the_thermostat_keeps_the_temperature() -> None:
    small = liquid(ensemble="nvt", density=0.3, temperature=1.4, precision="f32", dt=0.004)
    small.advance(6000)
    error = small.uncertainty("mean_temperature")
    assert error is not None and error < 0.03
    assert abs(small.observe("mean_temperature") - 1.4) < 4 * error


def test_equilibration_gives_a_gas_of_the_temperature_that_keeps_its_momentum() -> None:
    small = liquid(number=500, density=0.776, temperature=0.85, equilibration=1500, cutoff=2.5)
    small.advance(3000)
    assert small.observe("mean_temperature") == pytest.approx(0.85, rel=0.08)  # a lattice alone would end near 0.5
    assert np.abs(small.velocities().sum(axis=0)).max() < 1e-10
    assert abs(small.observe("energy_drift")) < 1e-6


# --- equations of state ---


@pytest.mark.slow
def test_nist_liquid() -> None:
    """NIST SRSW, Lennard-Jones at T 0.85, ρ 0.776, r_c 3 with tails: U/N −5.5121, p 0.0068 by Monte Carlo."""
    fluid = LennardJones(number=512, density=0.776, temperature=0.85, cutoff=3.0, truncation="plain", tail="on",
                         ensemble="nvt", dt=0.004, seed=1)  # fmt: skip
    fluid.advance(60_000)
    assert fluid.observe("energy_per_particle") == pytest.approx(-5.5121, abs=0.01)
    assert fluid.observe("pressure_virial") == pytest.approx(0.0068, abs=0.02)


# --- what is given, what follows, what is refused ---


def test_what_is_given_decides() -> None:
    assert LennardJones(number=500, density=0.5, cutoff=2.5).box == pytest.approx(10.0)
    assert LennardJones(number=500, box=10.0, cutoff=2.5).density == pytest.approx(0.5)
    assert LennardJones(density=0.5, box=10.0, cutoff=2.5).number == 500
    cylinder = LennardJones(number=500, density=0.5, box=5.0, container="piston")
    assert cylinder.piston == pytest.approx(40.0)
    assert cylinder.observe("volume") == pytest.approx(1000.0)
    assert LennardJones(number=500, density=0.5, piston=10.0, container="piston").box == pytest.approx(10.0)


def test_units_are_a_matter_of_the_surface() -> None:
    """Argon at 0.776 and 0.85 in σ and ε is argon at 1304 kg/m³ and 101.8 K."""
    reduced = LennardJones(number=500, density=0.776, temperature=0.85, cutoff=2.5, precision="f64")
    si = LennardJones(units="SI", number=500, density=reduced.density * 39.948 * 1.66053906892e-27 / 3.405e-10**3,
                      temperature=0.85 * 119.8, cutoff=2.5, precision="f64")  # fmt: skip
    for each in (reduced, si):
        each.advance(50)
    assert si.box == pytest.approx(reduced.box * 3.405e-10)
    assert si.observe("kinetic_temperature") == pytest.approx(reduced.observe("kinetic_temperature") * 119.8, rel=1e-6)
    pressure = 119.8 * 1.380649e-23 / 3.405e-10**3
    assert si.observe("pressure_virial") == pytest.approx(reduced.observe("pressure_virial") * pressure, rel=1e-6)
    assert (si.unit("pressure_virial"), reduced.unit("pressure_virial")) == ("Pa", "ε/σ³")


@pytest.mark.parametrize(("choices", "words"), [
    ({"number": 1}, "outside its range"),
    ({"number": 200_000}, "outside its range"),
    ({"number": 500, "density": 0.5, "box": 9.0}, "contradict each other"),
    ({"number": 500, "box": 3.0}, "density"),
    ({"number": 50, "density": 0.8}, "more than half of the edge"),
    ({"truncation": "shifted", "tail": "on"}, "tail=on belongs"),
    ({"container": "piston", "ensemble": "nvt"}, "needs a periodic box"),
    ({"dt": 0.5}, "Check the units"),
    ({"units": "SI", "dt": 0.003}, "Check the units"),
    ({"units": "SI", "temperature": 0.85}, "Check the units"),
    ({"configuration": "nowhere.txt", "box": 8.0}, "cannot be read"),
    ({"configuration": NIST, "box": 8.0, "number": 31}, "holds 30 molecules"),
    ({"configuration": NIST, "box": 8.0, "container": "piston"}, "beyond the walls"),
    ({"truncation": "shift"}, "Did you mean: shifted"),
])  # fmt: skip
def test_what_is_refused(choices: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        LennardJones(**choices)


@pytest.mark.parametrize(("text", "words"), [
    ("1 2 3\n1 2 x\n", "not a number"), ("1 2\n3 4\n", "a line x y z"), ("# nothing\n", "a line x y z"),
    ("1 2 3\n1 2 3\n", "same place"),
])  # fmt: skip
def test_files_that_are_refused(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "places.txt").write_text(text, encoding="utf-8")
    with pytest.raises(Refusal, match=words):
        LennardJones(configuration=str(tmp_path / "places.txt"), box=8.0)


def test_live_changes_are_checked() -> None:
    cylinder = LennardJones(number=500, density=0.1, container="piston")
    with pytest.raises(Refusal, match="density"):
        cylinder.change("piston", 0.01 * cylinder.piston)
    with pytest.raises(Refusal, match="Check the units"):
        cylinder.change("wall_temperature", 300.0)
    with pytest.raises(Refusal, match="cannot be changed"):
        cylinder.change("number", 3)
    assert cylinder.target == pytest.approx(cylinder.observe("piston_position"))


def test_an_explosion_stops_the_run() -> None:
    small = liquid()
    small.state.velocity[0, 0] = math.nan
    with pytest.raises(NumericalFailure, match="left the range"):
        small.advance(2)


@pytest.mark.parametrize("number", [2, 3, 7, 100])
def test_few_molecules_will_do(number: int) -> None:
    few = liquid(number=number, density=0.01)
    few.advance(200)
    assert abs(few.observe("total_energy") / number - 1.5 * (number - 1) / number) < 0.2
    assert sorted(few.state.identity) == list(range(number))
