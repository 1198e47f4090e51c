"""Fits beside closed forms, York's line, and many simulated experiments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from labs.bench.curves import MODELS, fit

PEARSON_X = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
PEARSON_Y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
YORK_WX = [1e3, 1e3, 5e2, 8e2, 2e2, 8e1, 6e1, 2e1, 1.8, 1.0]
YORK_WY = [1.0, 1.8, 4.0, 8.0, 20.0, 20.0, 70.0, 70.0, 1e2, 5e2]
TRUE = {"linear": (2.0, -3.0), "proportional": (0.7,), "power": (1.5, -1.3), "inverse": (4.0,)}


def test_yorks_line_through_pearsons_points() -> None:
    """York 1966, and with these uncertainties York et al., Am. J. Phys. 72, 367 (2004): χ²/8 = 1.4833."""
    line = fit("linear", PEARSON_X, PEARSON_Y, ux=1 / np.sqrt(YORK_WX), uy=1 / np.sqrt(YORK_WY))
    assert line.values == pytest.approx([-0.480533, 5.479911], abs=2e-6)
    assert line.reduced_chi2 == pytest.approx(1.48329, abs=1e-5)
    assert line.uncertainties == pytest.approx([0.0580, 0.2950], rel=0.03)
    assert line.dof == 8


def test_weighted_line_in_closed_form() -> None:
    x, y, uy = np.array([1.0, 2.0, 4.0, 7.0]), np.array([2.1, 3.9, 8.3, 13.7]), np.array([0.1, 0.2, 0.1, 0.4])
    weight = uy**-2
    s, sx, sy, sxx, sxy = (float(weight @ part) for part in (x * 0 + 1, x, y, x * x, x * y))
    determinant = s * sxx - sx**2
    line = fit("linear", x, y, uy=uy)
    closed = [(s * sxy - sx * sy) / determinant, (sxx * sy - sx * sxy) / determinant]
    assert line.values == pytest.approx(closed, rel=1e-8)
    assert line.uncertainties == pytest.approx([np.sqrt(s / determinant), np.sqrt(sxx / determinant)], rel=1e-5)
    assert line.covariance[0, 1] == pytest.approx(-sx / determinant, rel=1e-5)
    assert line.weighted and not line.scaled
    assert line.reduced_chi2 == pytest.approx(float(weight @ (y - line.curve(x)) ** 2) / 2)


def test_uncertainties_follow_the_points_and_not_the_scatter() -> None:
    """Points three times as uncertain give parameters three times as uncertain, and a ninth of χ²."""
    x, y = [1.0, 2.0, 3.0, 4.0], [1.1, 1.9, 3.2, 3.9]
    once, thrice = fit("linear", x, y, uy=[0.1] * 4), fit("linear", x, y, uy=[0.3] * 4)
    assert thrice.uncertainties == pytest.approx(3 * once.uncertainties, rel=1e-5)
    assert thrice.chi2 == pytest.approx(once.chi2 / 9)


def test_without_uncertainties_the_scatter_sets_them() -> None:
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.1, 3.9, 6.2, 7.8])
    line = fit("proportional", x, y)
    slope = x @ y / (x @ x)
    scatter = np.sqrt(((y - slope * x) ** 2).sum() / 3)
    assert line.values == pytest.approx([slope])
    assert line.uncertainties == pytest.approx([scatter / np.sqrt(x @ x)], rel=1e-5)
    assert line.reduced_chi2 is None and line.scaled and not line.weighted


def test_one_point_without_uncertainty_makes_all_weigh_the_same() -> None:
    x, y = [1.0, 2.0, 3.0, 4.0], [2.1, 3.9, 6.2, 7.8]
    assert fit("linear", x, y, uy=[0.1, 0.0, 0.1, 0.1]).values == pytest.approx(fit("linear", x, y).values)


@pytest.mark.parametrize("model", MODELS)
def test_exact_points_give_exact_parameters_on_any_scale(model: str) -> None:
    x = np.array([0.5, 1.0, 2.0, 3.0, 5.0])
    y = MODELS[model].curve(x, *TRUE[model])
    assert fit(model, x, y).values == pytest.approx(TRUE[model], rel=1e-7)
    small = fit(model, x * 1e-9, MODELS[model].curve(x * 1e-9, *TRUE[model]), uy=np.abs(y) * 1e-20 + 1e-22)
    assert small.values == pytest.approx(TRUE[model], rel=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_pulls_of_many_experiments(model: str) -> None:
    """The stated uncertainty is the one that repeated experiments show: RMS of the pulls is 1 (±0.035 by chance)."""
    chance = np.random.default_rng(20261124)
    truth = np.linspace(1.0, 6.0, 8)
    ideal = MODELS[model].curve(truth, *TRUE[model])
    uy, ux = 0.02 * np.abs(ideal).mean() * np.linspace(0.5, 1.5, 8), 0.015 * np.ones(8)
    pulls, chi2 = [], []
    for _ in range(400):
        found = fit(model, truth + ux * chance.normal(size=8), ideal + uy * chance.normal(size=8), ux, uy)
        pulls.append((found.values - TRUE[model]) / found.uncertainties)
        chi2.append(found.chi2 / found.dof)
    assert np.sqrt(np.mean(np.square(pulls), axis=0)) == pytest.approx(1.0, abs=0.12)
    assert np.abs(np.mean(pulls, axis=0)).max() < 0.2
    assert np.mean(chi2) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("model", "need"), [("linear", 3), ("proportional", 2), ("power", 3), ("inverse", 2)])
def test_too_few_points_say_how_many_are_needed(model: str, need: int) -> None:
    points = [1.0, 2.0, 3.0][: need - 1]
    with pytest.raises(Refusal, match=f"at least {need} points; there are {need - 1}. Take 1 more"):
        fit(model, points, points)
    assert fit(model, [*points, 4.0], [*points, 4.1]).dof == 1


@pytest.mark.parametrize(("model", "x"), [("power", [-1.0, 1.0, 2.0]), ("inverse", [0.0, 1.0, 2.0]),
                                          ("linear", [2.0, 2.0, 2.0]), ("proportional", [0.0, 0.0, 0.0]),
                                          ("liner", [1.0, 2.0, 3.0])])
def test_points_that_do_not_suit_the_curve_are_refused(model: str, x: list[float]) -> None:
    with pytest.raises(Refusal):
        fit(model, x, [1.0, 2.0, 3.0])


def test_the_band_is_narrowest_in_the_middle_and_matches_the_closed_form() -> None:
    x, uy = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0.1 * np.ones(5)
    line = fit("linear", x, 2 * x + 1, uy=uy)
    at = np.array([3.0, 5.0])
    assert line.band(at) == pytest.approx(0.1 * np.sqrt(1 / 5 + (at - 3) ** 2 / 10), rel=1e-4)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 10)), max_size=12),
       st.sampled_from(sorted(MODELS)))
def test_any_points_give_finite_parameters_or_a_refusal(points: list[tuple[float, float, float]], model: str) -> None:
    try:
        found = fit(model, [one[0] for one in points], [one[1] for one in points], uy=[one[2] for one in points])
    except Refusal:
        return
    assert np.all(np.isfinite(found.values)) and np.all(np.isfinite(found.uncertainties))
