"""Conditions on the record of a run: when is a step of the guide done?

Each looks at what the student did and read, never at the solver. They combine with `&` and `|`, tell how far
they are, and can say so in both languages.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Literal, ParamSpec

from labs.bench.record import Record, Row, Value
from labs.bench.words import both_say

Kind = Literal["column", "instrument", "control", "press", "question", "formula", "new formula"]
Name = tuple[Kind, str]
Given = ParamSpec("Given")
SIGMAS = 2.0  # two readings differ when they are this many standard uncertainties apart


class Condition(ABC):
    """Something that a run meets or does not meet yet."""

    @abstractmethod
    def progress(self, record: Record) -> tuple[float, float]:
        """How much there is, and how much is needed."""

    @abstractmethod
    def describe(self, record: Record) -> dict[str, str]:
        """What is wanted and how far it is, in both languages."""

    @property
    def timely(self) -> bool:
        """Whether it can come true by time alone, without an act."""
        return False

    def met(self, record: Record) -> bool:
        """Whether it is done."""
        have, need = self.progress(record)
        return have >= need

    def names(self) -> Iterable[Name]:
        """The names it relies on, for the check of a scenario's spelling."""
        return ()

    @property
    @abstractmethod
    def source(self) -> str:
        """As it was written in the declaration."""

    def __and__(self, other: "Condition") -> "Condition":
        return Every((self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return Either((self, other))


@dataclass(frozen=True)
class Every(Condition):
    """All of several conditions."""

    parts: tuple[Condition, ...]

    def progress(self, record: Record) -> tuple[float, float]:
        """The parts that are met, each with its fraction."""
        return sum(_fraction(part, record) for part in self.parts), float(len(self.parts))

    def met(self, record: Record) -> bool:
        """Whether each is met: fractions may not add up in floating point."""
        return all(part.met(record) for part in self.parts)

    def describe(self, record: Record) -> dict[str, str]:
        """One after the other."""
        return _joined([part.describe(record) for part in self.parts], {"en": "; ", "zh": "；"})

    def names(self) -> Iterable[Name]:
        """Of all parts."""
        return [name for part in self.parts for name in part.names()]

    @property
    def source(self) -> str:
        """The parts, joined."""
        return "(" + " & ".join(part.source for part in self.parts) + ")"

    @property
    def timely(self) -> bool:
        """Whether a part can."""
        return any(part.timely for part in self.parts)


@dataclass(frozen=True)
class Either(Condition):
    """At least one of several conditions."""

    parts: tuple[Condition, ...]

    def progress(self, record: Record) -> tuple[float, float]:
        """Of the part that is furthest."""
        return max((part.progress(record) for part in self.parts), key=lambda pair: min(1.0, pair[0] / pair[1]))

    def met(self, record: Record) -> bool:
        """Whether one is met."""
        return any(part.met(record) for part in self.parts)

    def describe(self, record: Record) -> dict[str, str]:
        """One or the other."""
        return _joined([part.describe(record) for part in self.parts], {"en": ", or ", "zh": "；或者"})

    def names(self) -> Iterable[Name]:
        """Of all parts."""
        return [name for part in self.parts for name in part.names()]

    @property
    def source(self) -> str:
        """The parts, joined."""
        return "(" + " | ".join(part.source for part in self.parts) + ")"

    @property
    def timely(self) -> bool:
        """Whether a part can."""
        return any(part.timely for part in self.parts)


def _fraction(part: Condition, record: Record) -> float:
    have, need = part.progress(record)
    return 1.0 if part.met(record) else min(have / need, 1.0)


def _joined(texts: list[dict[str, str]], between: dict[str, str]) -> dict[str, str]:
    return {lang: mark.join(dict.fromkeys(text[lang] for text in texts)) for lang, mark in between.items()}


@dataclass(frozen=True)
class Count(Condition):
    """So many of something: what nearly all conditions are."""

    count: Callable[[Record], float]
    need: float
    say: Callable[[Record, float], dict[str, str]]
    relies: tuple[Name, ...] = ()
    source: str = ""
    timely: bool = False

    def progress(self, record: Record) -> tuple[float, float]:
        """The count, and what is needed."""
        return self.count(record), float(self.need)

    def describe(self, record: Record) -> dict[str, str]:
        """With the count so far."""
        return self.say(record, min(self.count(record), self.need))

    def names(self) -> Iterable[Name]:
        """As declared."""
        return self.relies


def declared(condition: Callable[Given, Count]) -> Callable[Given, Condition]:
    """A word for declarations: what it makes remembers how it was written."""
    @wraps(condition)
    def write(*given: Given.args, **named: Given.kwargs) -> Condition:
        words = [repr(value) for value in given] + [f"{name}={value!r}" for name, value in sorted(named.items())]
        return replace(condition(*given, **named), source=f"{condition.__name__}({', '.join(words)})")
    return write


@declared
def distinct(name: str, at_least: int, *, apart: float | None = None, with_: str | None = None) -> Count:
    """Rows at so many different values of a control or of a measured column.

    Settings differ when their numbers do, readings when they are two standard uncertainties apart; `apart`
    asks for a distance instead. `with_` counts only rows in which that instrument was read too.
    """
    def count(record: Record) -> float:
        found = [value for value in record.values(name) if with_ is None or _has(value.row, with_)]
        return len(_different(found, apart))
    return Count(count, at_least, lambda record, have: both_say(
        "different values of {name}: {have} of {need}", need=at_least, have=int(have), name=record.label(name)),
        _relies(name, with_))


@declared
def spans(name: str, width: float) -> Count:
    """Rows whose values of a control or of a measured column lie at least `width` apart, in the column's unit."""
    def count(record: Record) -> float:
        found = [value.value for value in record.values(name) if not isinstance(value.value, str)]
        # A slider stops on decimal fractions: 1.2 − 0.2 must be as wide as 1.0.
        return round(max(found) - min(found), 12) if found else 0.0
    return Count(count, width, lambda record, have: both_say(
        "spread of {name}: {have} of {need} {unit}", need=f"{width:g}", have=f"{have:.3g}",
        unit=record.units.get(name, ""), name=record.label(name)), (("column", name),))


@declared
def reads(name: str, times: int = 1) -> Count:
    """An instrument was read so many times, in rows that were not deleted."""
    def count(record: Record) -> float:
        return sum(_has(row, name) for row in record.kept_rows())
    return Count(count, times, lambda record, have: both_say(
        "readings of {name}: {have} of {need}", need=times, have=int(have), name=record.label(name)),
        (("instrument", name),))


@declared
def repeated(name: str, times: int, *, with_: str | None = None) -> Count:
    """So many rows at one and the same value of a control or of a measured column."""
    def count(record: Record) -> float:
        found = [value for value in record.values(name) if with_ is None or _has(value.row, with_)]
        return max((sum(_same(one, other) for other in found) for one in found), default=0)
    return Count(count, times, lambda record, have: both_say(
        "readings at one value of {name}: {have} of {need}", need=times, have=int(have), name=record.label(name)),
        _relies(name, with_))


@declared
def precise(name: str, to: float, times: int = 1) -> Count:
    """So many readings of an instrument whose relative standard uncertainty is at most `to`."""
    def count(record: Record) -> float:
        return sum(_has(row, name) and _relative(row, name) <= to for row in record.kept_rows())
    return Count(count, times, lambda record, have: both_say(
        "readings of {name} known to {percent} %: {have} of {need}", need=times, have=int(have),
        percent=f"{100 * to:g}", name=record.label(name)), (("instrument", name),))


@declared
def at(name: str, low: float = -math.inf, high: float = math.inf, *, times: int = 1) -> Count:
    """So many rows in which a control or a measured column lies between two values."""
    def count(record: Record) -> float:
        return sum(not isinstance(value.value, str) and low <= value.value <= high for value in record.values(name))
    where = _range(low, high)
    return Count(count, times, lambda record, have: both_say(
        "readings with {name} {where}: {have} of {need}", need=times, have=int(have), where=where,
        name=record.label(name)), (("column", name),))


@declared
def ran(time: float) -> Count:
    """The bench ran for so long without a break, in the solver's unit of time."""
    return Count(lambda record: record.furthest, time, lambda record, have: both_say(
        "let it run: {percent} % so far", percent=int(100 * min(1.0, have / time))), timely=True)


@declared
def fitted(model: str | None = None, x: str | None = None, y: str | None = None, *, points: int = 3) -> Count:
    """A curve was fitted (linear, proportional, power, inverse) to so many points of these columns; None is any."""
    def count(record: Record) -> float:
        wanted = {"model": model, "x": x, "y": y}
        fits = [fit for fit in record.fits if all(want is None or fit.get(key) == want for key, want in wanted.items())]
        return max((_points(record, fit) for fit in fits), default=0)
    return Count(count, points, lambda record, have: both_say(
        "points in the fit: {have} of {need}", need=points, have=int(have)), _axes(x, y))


@declared
def charted(x: str | None = None, y: str | None = None) -> Count:
    """A chart was drawn with these columns as its axes; None is any."""
    def count(record: Record) -> float:
        axes = [(chart.get("x"), chart.get("y")) for chart in record.charts]
        return float(any(x in (None, across) and y in (None, up) for across, up in axes))
    return Count(count, 1, lambda record, have: both_say("choose the axes of the chart"), _axes(x, y))


@declared
def made(formula: str) -> Count:
    """A column computed from others was added under this name."""
    return Count(lambda record: float(formula in record.formulas), 1, lambda record, have: both_say(
        "a computed column named {name}", name=formula), (("new formula", formula),))


@declared
def computed(at_least: int = 1) -> Count:
    """So many columns computed from others, whatever their names."""
    return Count(lambda record: len(record.formulas), at_least, lambda record, have: both_say(
        "{need} computed columns: {have} so far", need=at_least, have=int(have)))


@declared
def answered(question: str, *, right: bool = False) -> Count:
    """A question was answered; with `right`, rightly."""
    def count(record: Record) -> float:
        return float(any(answer["verdict"] == "right" or not right for answer in record.answers.get(question, [])))
    return Count(count, 1, lambda record, have: both_say("answer the question"), (("question", question),))


@declared
def predicted(question: str) -> Count:
    """A guess was written down, right or wrong; only that it was made counts."""
    return Count(lambda record: float(bool(record.answers.get(question))), 1,
                 lambda record, have: both_say("write down what you expect"), (("question", question),))


@declared
def pressed(name: str, times: int = 1) -> Count:
    """A button of the apparatus was pressed so many times."""
    return Count(lambda record: record.presses[name], times, lambda record, have: both_say(
        "press {name}: {have} of {need}", need=times, have=int(have), name=record.label(name)), (("press", name),))


@declared
def changed(name: str, times: int = 1) -> Count:
    """A control was moved so many times."""
    return Count(lambda record: record.changes[name], times, lambda record, have: both_say(
        "change {name}: {have} of {need}", need=times, have=int(have), name=record.label(name)), (("control", name),))


@declared
def noted(times: int = 1) -> Count:
    """So many rows of the table carry a note."""
    return Count(lambda record: sum(bool(row.note) for row in record.rows.values()), times,
                 lambda record, have: both_say("notes in the table: {have} of {need}", need=times, have=int(have)))


def _relies(name: str, with_: str | None) -> tuple[Name, ...]:
    return (("column", name),) if with_ is None else (("column", name), ("instrument", with_))


def _axes(x: str | None, y: str | None) -> tuple[Name, ...]:
    return tuple(("formula", name) for name in (x, y) if name)


def _range(low: float, high: float) -> dict[str, str]:
    if high == math.inf:
        return both_say("at least {low}", low=f"{low:g}")
    if low == -math.inf:
        return both_say("at most {high}", high=f"{high:g}")
    return both_say("between {low} and {high}", low=f"{low:g}", high=f"{high:g}")


def _has(row: Row, name: str) -> bool:
    """Whether this row holds a good reading of its own; one carried over from another row is no new reading."""
    cell = row.cells.get(name)
    return cell is not None and cell["ok"] and cell["value"] is not None and not cell.get("carried", False)


def _relative(row: Row, name: str) -> float:
    cell = row.cells[name]
    value, uncertainty = cell["value"], cell["uncertainty"]
    return abs(uncertainty / value) if value and uncertainty is not None else math.inf


def _same(one: Value, other: Value, apart: float | None = None) -> bool:
    if isinstance(one.value, str) or isinstance(other.value, str):
        return bool(one.value == other.value)
    distance = abs(one.value - other.value)
    if apart is not None:
        return distance < apart * (1 - 1e-9)
    return distance <= SIGMAS * math.hypot(one.uncertainty, other.uncertainty)


def _different(values: list[Value], apart: float | None) -> list[Value]:
    """As many values as can be picked from the sorted ones so that neighbours differ."""
    picked: list[Value] = []
    for value in sorted(values, key=lambda one: (isinstance(one.value, str), one.value)):
        if not picked or not _same(picked[-1], value, apart):
            picked.append(value)
    return picked


def _points(record: Record, fit: dict[str, object]) -> int:
    """The rows that a fit can use; what a computed column holds is the table's business, so it counts as there."""
    known = [axis for axis in (fit.get("x"), fit.get("y")) if isinstance(axis, str) and axis in record.labels]
    return sum(all(axis in row.cells or axis in row.settings for axis in known) for row in record.kept_rows())
