"""How readings, columns and verdicts are put into words and numbers for the documents."""

import math
from typing import TYPE_CHECKING, Any

from labs.bench.documents import Column, Shown
from labs.bench.scenario import Scenario, label
from labs.bench.words import _, both, both_say

if TYPE_CHECKING:
    from labs.bench.instrument import Reading

# What solvers call the parts of their state, as a student reads it when one leaves its range.
STATE = {"place": _("a position"), "velocity": _("a velocity"), "force": _("a force"), "motion": _("the motion")}


def quantity_text(name: str) -> dict[str, str]:
    """A part of a solver's state in words; one that has none keeps its name."""
    return both_say(STATE.get(name, name))


def shown(reading: "Reading") -> Shown:
    """A reading as it stands in a document; what is no number is written as none."""
    def number(value: float | None) -> float | None:
        return float(value) if value is not None and math.isfinite(value) else None
    return {"value": number(reading.value), "text": reading.text, "uncertainty": number(reading.uncertainty),
            "unit": reading.unit, "ok": reading.ok, "note": reading.note, "step": reading.step,
            "time": float(reading.time)}


def columns(scenario: Scenario) -> list[Column]:
    """The columns of the table, for the descriptor."""
    quantities, units = scenario.lab.solver.quantities(), scenario.units()
    found = []
    for name in scenario.columns():
        instrument = scenario.shelf.get(name)
        known: dict[str, Any] = {} if instrument is None else instrument.descriptor()
        found.append(Column(
            name=name, source="control" if instrument is None else "instrument",
            label=label(quantities[name]) if instrument is None else both(instrument.label),
            unit=units[name],
            manual=instrument is not None and instrument.manual,
            resolution=known.get("resolution"), noise=known.get("noise")))
    return found


def verdict_text(verdict: str, left: int | None) -> dict[str, str]:
    """What the student is told."""
    if verdict == "right":
        return both_say("Right.")
    if verdict == "recorded":
        return both_say("Your answer is recorded.")
    if left:
        return both_say("Not yet. Attempts left: {left}.", left=left)
    return both_say("No. There are no attempts left.")
