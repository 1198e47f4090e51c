"""The chart of a table: which rows become points, what is said about the curve."""

import json

import numpy as np
import pytest

from engine.errors import Refusal
from labs.bench.chart import chart
from labs.bench.documents import Column, Shown
from labs.bench.table import Table


def shown(value: float, uncertainty: float, ok: bool = True) -> Shown:
    return Shown(value=value, text=f"{value:.2f}", uncertainty=uncertainty, unit="", ok=ok, note="", step=0, time=0.0)


def pendulum(spread: float = 0.0, stated: float = 0.002, rows: int = 8) -> Table:
    """Length in m and period in s of a pendulum where g = 9.8 m/s²."""
    columns = [("length", {"en": "Length", "zh": "摆长"}, "m"), ("period", {"en": "Period", "zh": "周期"}, "s")]
    table = Table([Column(name=name, source="instrument", label=label, unit=unit, manual=True, resolution=None,
                          noise=None) for name, label, unit in columns])
    chance = np.random.default_rng(5)
    for row in range(rows):
        length = 0.2 + 0.15 * row
        period = 2 * np.pi * np.sqrt(length / 9.8) + spread * chance.normal()
        table.add(row, {}, {"length": shown(length, 0.0005), "period": shown(float(period), stated)})
    table.formula("T2", "period**2")
    return table


def test_gravity_from_the_slope_with_its_unit() -> None:
    drawn = chart(pendulum(spread=0.002), "length", "T2", "linear")
    slope, intercept = drawn.parameters()
    assert slope["unit"] == "s²/m" and intercept["unit"] == "s²"
    assert abs(slope["value"] - 4 * np.pi**2 / 9.8) < 3 * slope["uncertainty"]
    assert slope["uncertainty"] / slope["value"] < 0.01
    assert slope["pair"].count("±") == 1


def test_power_law_shows_the_square_root() -> None:
    factor, exponent = chart(pendulum(spread=0.002), "length", "period", "power").parameters()
    assert abs(exponent["value"] - 0.5) < 3 * exponent["uncertainty"]
    assert (factor["unit"], exponent["unit"]) == ("s", "")


@pytest.mark.parametrize(("spread", "stated", "words"), [
    (0.002, 0.002, "as their uncertainties say"), (0.02, 0.002, "further from the curve"), (0.0, 0.02, "closer to"),
    (0.002, 0.0, "all weigh the same")])
def test_the_verdict_compares_scatter_and_stated_uncertainty(spread: float, stated: float, words: str) -> None:
    table = pendulum(spread, stated, rows=12)
    if not stated:
        for row in table.rows:
            table.add(row.id, {}, {"length": shown(row.cells["length"].value or 0.0, 0.0)})
    drawn = chart(table, "length", "T2", "proportional")
    verdict = drawn.verdict()
    assert verdict is not None and words in verdict["en"] and verdict["zh"] != verdict["en"]
    assert (drawn.public()["reduced_chi2"] is None) == (stated == 0.0)


def test_excluded_points_are_shown_and_not_fitted_and_deleted_ones_are_gone() -> None:
    table = pendulum()
    table.add(8, {}, {"length": shown(1.4, 0.0005), "period": shown(9.0, 0.002)})
    spoiled = chart(table, "length", "T2", "linear").parameters()[0]["value"]
    table.change(8, "exclude")
    drawn = chart(table, "length", "T2", "linear")
    assert [(point.row, point.residual is None) for point in drawn.points if point.excluded] == [(8, True)]
    assert drawn.parameters()[0]["value"] == pytest.approx(4 * np.pi**2 / 9.8, rel=1e-6)
    assert spoiled > 2 * drawn.parameters()[0]["value"]
    table.change(8, "delete")
    assert len(chart(table, "length", "T2").points) == 8


def test_a_reading_out_of_range_is_no_point() -> None:
    table = pendulum()
    table.add(9, {}, {"length": shown(2.0, 0.0005), "period": shown(9.0, 0.002, ok=False)})
    assert len(chart(table, "length", "period").points) == 8


def test_too_few_points_are_drawn_and_the_chart_says_how_many_are_needed() -> None:
    drawn = chart(pendulum(rows=2), "length", "T2", "linear").public()
    assert len(drawn["points"]) == 2 and drawn["curve"] == [] and drawn["parameters"] == []
    assert "at least 3 points; there are 2" in drawn["problem"]["en"] and "至少" in drawn["problem"]["zh"]


def test_an_axis_that_is_no_column_is_refused() -> None:
    with pytest.raises(Refusal, match="period"):
        chart(pendulum(), "length", "perioud")


def test_residuals_belong_to_their_points() -> None:
    drawn = chart(pendulum(spread=0.01), "length", "T2", "linear")
    slope, intercept = (one["value"] for one in drawn.parameters())
    for point in drawn.points:
        assert point.residual == pytest.approx(point.y - slope * point.x - intercept, abs=1e-9)
        assert point.normalised == pytest.approx((point.residual or 0.0) / np.hypot(point.uy, slope * point.ux))


@pytest.mark.parametrize("model", ["linear", "proportional", "power", "inverse"])
def test_what_the_page_gets_is_plain_data_inside_the_range_of_the_points(model: str) -> None:
    drawn = json.loads(json.dumps(chart(pendulum(spread=0.002), "length", "T2", model).public(), allow_nan=False))
    assert drawn["labels"]["x"] == {"en": "Length (m)", "zh": "摆长 (m)"}
    assert 0.1 <= drawn["curve"][0][0] <= 0.2 and 1.25 <= drawn["curve"][-1][0] <= 1.31
    assert all(low <= at[1] <= high for at, (_, low, high) in zip(drawn["curve"], drawn["band"], strict=True))
