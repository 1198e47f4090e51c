"""The second virial coefficient by quadrature, beside published numbers; the fit that a scripted student makes."""

import math

import numpy as np
import pytest
from scipy.constants import Boltzmann
from scipy.stats import maxwell

from labs.gas_piston import truths, virial

BOYLE = 3.4179  # kT/ε at which B vanishes (Nicolas et al., Mol. Phys. 37, 1429, 1979)


@pytest.mark.parametrize(("temperature", "published"), [(1.0, -5.3157), (2.0, -1.3145), (BOYLE, 0.0)])
def test_the_whole_potential_has_the_published_coefficient(temperature: float, published: float) -> None:
    assert virial.second_virial(temperature) == pytest.approx(published, abs=1e-4)


def test_a_cutoff_counts_less_the_further_out_it_is() -> None:
    missing = [virial.second_virial(2.0, cutoff) - virial.second_virial(2.0) for cutoff in (5.0, 10.0)]
    assert missing[0] == pytest.approx(8 * missing[1], rel=0.02)  # half by the shift, half by the tail: both as r_c⁻³
    assert missing[0] == pytest.approx(2 * 8 * math.pi / 3 / 2.0 / 5.0**3, rel=0.02)


def test_molecules_that_find_each_other_warm_up() -> None:
    """−T² dB/dT is the energy per molecule and density: ∫ u exp(−u/kT) 2πr² dr, here by a plain sum."""
    distance = np.linspace(0.7, virial.CUTOFF, 200_001)
    energy = virial.pair_energy(distance) - virial.pair_energy(virial.CUTOFF)  # type: ignore[arg-type]
    total = 2 * math.pi * np.trapezoid(energy * np.exp(-energy) * distance**2, distance)
    assert virial.warming(1.0, 0.01) == pytest.approx(-2 / 3 * 0.01 * total, rel=1e-3)


def test_the_shape_of_a_histogram_tells_the_most_probable_speed() -> None:
    scale = math.sqrt(Boltzmann * 300.0 / truths.NITROGEN)
    edges = np.linspace(0.0, 2000.0, 26)
    drawn = maxwell.rvs(scale=scale, size=200_000, random_state=7)
    face = {"edges": edges.tolist(), "counts": np.histogram(drawn, edges)[0].tolist()}
    assert truths.peak(face) == pytest.approx(422.0, abs=1.0)  # its standard error is 0.4 m/s


def test_corners_are_what_the_count_of_pairs_in_a_cube_says() -> None:
    """The exact integral over a cube: Q₂ = ∫ f Π (L − |x|), by random directions, differentiated with respect to V."""
    temperature, edge = 2.0, 20.0
    directions = np.abs(np.random.default_rng(2).normal(size=(20_000, 3)))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    distance = np.linspace(1e-3, virial.CUTOFF, 4001)
    f = np.array([-1.0 if r < virial.CORE else virial.mayer(r, temperature) for r in distance])

    def pairs(length: float) -> float:
        free = np.array([np.prod(length - r * directions, axis=1).mean() for r in distance])
        return float(np.trapezoid(4 * math.pi * distance**2 * f * free, distance)) / length**6

    step = 1e-3
    slope = (pairs(edge + step) - pairs(edge - step)) / (2 * step) / (3 * edge**2)
    b = float(np.trapezoid(4 * math.pi * distance**2 * f * 1.5 * distance, distance))
    plain = virial.second_virial(temperature, virial.CUTOFF) + 2 / 3 * b / edge
    assert virial.corners(temperature, edge) == pytest.approx(edge**6 / 2 * slope - plain, abs=2e-3)
    assert abs(virial.corners(temperature, edge)) > 0.01
