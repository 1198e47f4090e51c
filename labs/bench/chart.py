"""The chart of a table: two of its columns against each other, error bars, a fitted curve and what it leaves over."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincc

from engine.errors import Refusal
from labs.bench.curves import MODELS, Fit, fit
from labs.bench.digits import digits, pair
from labs.bench.table import EMPTY, Row, Table, TableColumn
from labs.bench.units import combined
from labs.bench.words import LANGUAGES, _, both_say

__all__ = ["MODELS", "Chart", "Fit", "Point", "chart", "fit"]

SAMPLES = 121  # points of a curve as it is drawn
BEYOND = 0.04  # the curve is drawn beyond the outermost points by this part of their distance
UNLIKELY = 0.005  # a χ² less probable than this, at either end, is spoken of
TOO_FAR = _("The points lie further from the curve than their uncertainties allow. "
            "Perhaps another curve fits better, or a reading went wrong.")
TOO_CLOSE = _("The points lie closer to the curve than their uncertainties suggest.")
AS_STATED = _("The points scatter about the curve as their uncertainties say.")
UNSTATED = _("Not every point carries an uncertainty, so all weigh the same, and their scatter about the curve sets "
             "the uncertainty of the result.")


@dataclass(frozen=True)
class Point:
    """A row as a point of the chart; an excluded one is shown and not fitted."""

    row: int
    x: float
    y: float
    ux: float
    uy: float
    excluded: bool
    residual: float | None = None
    normalised: float | None = None


@dataclass(frozen=True)
class Chart:
    """Points, and the curve through them if one was asked for and could be found; else `problem` says why not."""

    x: TableColumn
    y: TableColumn
    model: str
    points: tuple[Point, ...]
    found: Fit | None = None
    problem: Refusal | None = None

    def parameters(self) -> list[dict[str, Any]]:
        """The fitted parameters with standard uncertainty and unit, as numbers and as they are shown."""
        if self.found is None:
            return []
        rows = []
        for one, value, spread in zip(MODELS[self.model].parameters, self.found.values, self.found.uncertainties,
                                      strict=True):
            unit = combined(self.y.unit if one.along_y else "", self.x.unit if one.along_x else "", one.along_x)
            text, spread_text = digits(float(value), float(spread))
            rows.append({"name": one.name, "label": one.label, "value": float(value), "uncertainty": float(spread),
                         "text": text, "uncertainty_text": spread_text, "pair": pair(float(value), float(spread)),
                         "unit": unit})
        return rows

    def verdict(self) -> dict[str, str] | None:
        """In words: do the points scatter about the curve as their uncertainties say?"""
        if self.found is None:
            return None
        if not self.found.weighted:
            return both_say(UNSTATED)
        beyond = float(gammaincc(self.found.dof / 2, self.found.chi2 / 2))
        return both_say(TOO_FAR if beyond < UNLIKELY else TOO_CLOSE if beyond > 1 - UNLIKELY else AS_STATED)

    def curve(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x, y and standard uncertainty of y along the fitted curve; empty when there is none."""
        if self.found is None:
            return np.empty(0), np.empty(0), np.empty(0)
        used = np.array([point.x for point in self.points if not point.excluded])
        margin = BEYOND * (np.ptp(used) or abs(used[0]))
        low, high = used.min() - margin, used.max() + margin
        if self.model in ("power", "inverse"):  # their curves leave the page at x = 0
            low = max(low, used.min() / 2) if used.min() > 0 else low
            high = min(high, used.max() / 2) if used.max() < 0 else high
        x = np.linspace(low, high, SAMPLES)
        x = x[MODELS[self.model].domain(x)]
        return x, self.found.curve(x), self.found.band(x)

    def public(self) -> dict[str, Any]:
        """As the page draws it."""
        x, y, spread = (part.tolist() for part in self.curve())
        found = self.found
        return {
            "x": self.x.name, "y": self.y.name, "fit": self.model,
            "labels": {"x": headings(self.x), "y": headings(self.y)},
            "points": [vars(point) for point in self.points],
            "curve": [[one, at] for one, at in zip(x, y, strict=True)],
            "band": [[one, at - by, at + by] for one, at, by in zip(x, y, spread, strict=True)],
            "formula": MODELS[self.model].formula if self.model in MODELS else "",
            "parameters": self.parameters(), "reduced_chi2": found and found.reduced_chi2, "dof": found and found.dof,
            "weighted": bool(found and found.weighted), "scaled": bool(found and found.scaled),
            "verdict": self.verdict(), "problem": self.problem and both_say(self.problem),
        }


def chart(table: Table, x: str, y: str, model: str = "") -> Chart:
    """One column against another. Rows that lack either, or whose reading is not to be trusted, are left out."""
    across, up = table.column(x), table.column(y)
    points = [point for row in table.rows if not row.deleted and (point := _point(row, x, y)) is not None]
    if not model:
        return Chart(across, up, "", tuple(points))
    used = [point for point in points if not point.excluded]
    try:
        found = fit(model, *(np.array([getattr(point, name) for point in used]) for name in ("x", "y", "ux", "uy")))
    except Refusal as problem:
        return Chart(across, up, model, tuple(points), problem=problem)
    left = iter(zip(found.residuals.tolist(), found.normalised.tolist(), strict=True))
    return Chart(across, up, model, tuple(one if one.excluded else _with_residual(one, *next(left)) for one in points),
                 found)


def headings(column: TableColumn) -> dict[str, str]:
    """What stands at an axis, in both languages."""
    return {lang: column.heading(lang) for lang in LANGUAGES}


def _point(row: Row, x: str, y: str) -> Point | None:
    across, up = row.cells.get(x, EMPTY), row.cells.get(y, EMPTY)
    if across.value is None or up.value is None or not across.ok or not up.ok:
        return None
    return Point(row.id, across.value, up.value, across.uncertainty or 0.0, up.uncertainty or 0.0, row.excluded)


def _with_residual(point: Point, residual: float, normalised: float) -> Point:
    return Point(point.row, point.x, point.y, point.ux, point.uy, False, residual, normalised)
