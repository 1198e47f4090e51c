"""The record of a run: what its documents say, folded into rows, settings, answers and steps done.

It is a pure function of the documents, taken in order: it neither sees the solver nor knows the draw key.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from labs.bench import table
from labs.bench.documents import Action, Answer, Descriptor, Document, Event, Shown, Stop, check
from labs.bench.history import History, Place

if TYPE_CHECKING:
    from labs.bench.scenario import Scenario


@dataclass
class Row:
    """One row of the table: the settings and the readings that belong together."""

    entry: table.Row
    settings: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, Shown] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """Its number in the table."""
        return self.entry.id

    @property
    def note(self) -> str:
        """What the student wrote beside it."""
        return self.entry.note

    @property
    def kept(self) -> bool:
        """Whether the student counts this row."""
        return not (self.entry.deleted or self.entry.excluded)


class Value(NamedTuple):
    """A setting (uncertainty 0) or a reading, and the row that it stands in."""

    value: Any
    uncertainty: float
    row: Row


@dataclass(frozen=True)
class Progress:
    """How far a step of the scenario is, also in words (empty where the student confirms it)."""

    done: bool
    have: float
    need: float
    told: dict[str, str]


class Record:
    """What a run knows about itself."""

    def __init__(self, scenario: "Scenario") -> None:
        self.scenario = scenario
        self.documents: list[Document] = []
        self.history = History()
        self.settings: dict[str, Any] = {}
        self.labels, self.units = scenario.labels(), scenario.units()
        self.table = table.Table(())
        self.rows: dict[int, Row] = {}
        self.open_row: Row | None = None
        self.readings: Counter[str] = Counter()
        self.presses: Counter[str] = Counter()
        self.changes: Counter[str] = Counter()
        self.fits: list[dict[str, Any]] = []
        self.charts: list[dict[str, Any]] = []
        self.answers: dict[str, list[Answer]] = {}
        self.confirmed: set[int] = set()
        self.stopped: Stop | None = None
        self.language, self.guide = "en", scenario.guide
        self.furthest = 0.0
        self.since = 0  # the step at the last document: what follows cannot be dated before it
        self.steps_done = [False] * len(scenario.steps)
        self._initial: dict[str, Any] = {}
        self._still: dict[str, Shown] = {}  # readings of settings: good until that setting changes
        self._closing = False
        self._timely = [number for number, step in enumerate(scenario.steps) if step.done and step.done.timely]
        self._progress: tuple[tuple[int, float], list[Progress]] = (-1, 0.0), []

    @property
    def here(self) -> Place:
        """The place in the history where the apparatus stands."""
        return self.history.here

    @property
    def next_seq(self) -> int:
        """The number of the document to come."""
        return len(self.documents)

    def take(self, document: Document) -> None:
        """Take the next document in."""
        take = {"start": self._take_start, "descriptor": self._take_descriptor, "action": self._take_action,
                "event": self._take_event, "answer": self._take_answer, "stop": self._take_stop}
        take[check(document)["kind"]](document)
        self.documents.append(document)
        self.since = self.here.step
        self._look(range(len(self.scenario.steps)))

    def reach(self, step: int, time: float) -> None:
        """Time went on."""
        self.history.reach(step)
        self.furthest = max(self.furthest, time)
        self._look(self._timely)

    def _look(self, numbers: Iterable[int]) -> None:
        """See which of these steps of the scenario are done by now. A step once done stays done."""
        for number in numbers:
            condition = self.scenario.steps[number].done
            if not self.steps_done[number]:
                self.steps_done[number] = number in self.confirmed if condition is None else condition.met(self)

    def progress(self) -> list[Progress]:
        """How far each step is; asked with every frame, computed when something has changed."""
        now, (known, found) = (self.next_seq, self.furthest if self._timely else 0.0), self._progress
        if known != now:
            stale = self._timely if found and known[0] == now[0] else range(len(self.scenario.steps))
            found = list(found) or [Progress(False, 0.0, 1.0, {})] * len(self.scenario.steps)
            for number in stale:
                found[number] = self._progress_of(number)
            self._progress = now, found
        return found

    def _progress_of(self, number: int) -> Progress:
        done, condition = self.steps_done[number], self.scenario.steps[number].done
        if condition is None:
            return Progress(done, float(done), 1.0, {"en": "", "zh": ""})
        have, need = condition.progress(self)
        return Progress(done, need if done else have, need, condition.describe(self))

    def label(self, name: str) -> dict[str, str]:
        """What a person calls a control, an instrument or a column."""
        return self.labels.get(name) or {"en": name, "zh": name}

    @property
    def formulas(self) -> dict[str, str]:
        """The computed columns: name and formula."""
        return {column.name: column.formula for column in self.table.columns if column.source == "formula"}

    def kept_rows(self) -> list[Row]:
        """The rows with readings that the student counts."""
        return [row for row in self.rows.values() if row.kept and row.cells]

    def values(self, name: str) -> list[Value]:
        """A column: what an instrument of that name showed, how a control of that name stood, or what was computed."""
        found = []
        for row in self.kept_rows():
            shown, computed = row.cells.get(name), row.entry.cells.get(name)
            if shown is not None:
                if shown["ok"] and shown["value"] is not None:
                    found.append(Value(shown["value"], shown["uncertainty"] or 0.0, row))
            elif name in row.settings:
                found.append(Value(row.settings[name], 0.0, row))
            elif computed is not None and computed.ok and computed.value is not None:
                found.append(Value(computed.value, computed.uncertainty or 0.0, row))
        return found

    def row_for(self, instruments: list[str]) -> tuple[int, dict[str, Shown]]:
        """The row that readings of these instruments go into, and the earlier readings that stay good in it.

        Readings fill the row in progress; an instrument read a second time begins the next row. A reading of
        a *setting* (a ruler on a string) is carried into new rows until that setting changes, so that ten
        swings timed three times make three rows with the same length.
        """
        row = self.open_row
        if row is not None and all(row.cells.get(name, {"carried": True}).get("carried") for name in instruments):
            return row.id, {}
        carried = {name: {**shown, "carried": True} for name, shown in self._still.items() if name not in instruments}
        return len(self.rows) + 1, carried  # type: ignore[return-value]

    def _take_start(self, document: Any) -> None:
        self.language = document["language"]

    def _take_descriptor(self, document: Descriptor) -> None:
        self._initial, self.settings = dict(document["settings"]), dict(document["settings"])
        self.table = table.Table(document["columns"], self.scenario.symbols())

    def _take_action(self, document: Action) -> None:
        self.reach(document["step"], document["time"])
        self._closing = False
        getattr(self, "_did_" + document["do"], self._did_nothing_else)(document["seq"], document["what"])

    def _did_nothing_else(self, seq: int, what: dict[str, Any]) -> None:
        """Acts that only stand in the record."""

    def _did_set(self, seq: int, what: dict[str, Any]) -> None:
        name = what["name"]
        if self.settings[name] == what["value"]:
            return
        if not (what.get("drag") and self.dragging(name)):
            self.history.mark()
        self.history.do(seq, "set", what)
        self.settings[name] = what["value"]
        self.changes[name] += 1
        self._unsettle([instrument for instrument, setting in self.scenario.stills().items() if setting == name])

    def dragging(self, name: str) -> bool:
        """Whether the document just before is a change of the same control."""
        last = self.documents[-1]
        return last["kind"] == "action" and last["do"] == "set" and last["what"]["name"] == name

    def _did_press(self, seq: int, what: dict[str, Any]) -> None:
        self.history.mark()
        self.history.do(seq, "press", what)
        self.presses[what["name"]] += 1

    def _did_measure(self, seq: int, what: dict[str, Any]) -> None:
        self.history.do(seq, "measure", what)

    def _did_read(self, seq: int, what: dict[str, Any]) -> None:
        self._closing = True
        if not self.scenario.digital():  # no event follows: the row in progress is complete as it is
            self.open_row, self._closing = None, False

    def _did_undo(self, seq: int, what: dict[str, Any]) -> None:
        self.history.undo()
        self._moved()

    def _did_redo(self, seq: int, what: dict[str, Any]) -> None:
        self.history.redo()
        self._moved()

    def _did_reset(self, seq: int, what: dict[str, Any]) -> None:
        self.history.reset()
        self._moved()

    def _did_back(self, seq: int, what: dict[str, Any]) -> None:
        self.history.back(Place(what["after"], what["step"]))
        self._moved()

    def _moved(self) -> None:
        self.settings = self.history.settings(self._initial)
        self.stopped = None
        self.open_row = None
        self._still.clear()

    def _unsettle(self, instruments: list[str]) -> None:
        """A setting changed: readings of it no longer hold, and a row that holds anything else is complete."""
        for name in instruments:
            self._still.pop(name, None)
        if self.open_row is not None and not set(self.open_row.cells) <= set(self._still):
            self.open_row = None

    def _did_row(self, seq: int, what: dict[str, Any]) -> None:
        self.table.change(what["id"], what["what"], what["text"])

    def _did_formula(self, seq: int, what: dict[str, Any]) -> None:
        self.table.formula(what["name"], what["text"])

    def _did_fit(self, seq: int, what: dict[str, Any]) -> None:
        self.fits.append(what)

    def _did_chart(self, seq: int, what: dict[str, Any]) -> None:
        self.charts.append(what)
        if what.get("fit"):
            self.fits.append({"model": what["fit"], "x": what["x"], "y": what["y"]})

    def _did_confirm(self, seq: int, what: dict[str, Any]) -> None:
        self.confirmed.add(what["step"])

    def _did_language(self, seq: int, what: dict[str, Any]) -> None:
        self.language = what["value"]

    def _did_guide(self, seq: int, what: dict[str, Any]) -> None:
        self.guide = what["on"]

    def _take_event(self, document: Event) -> None:
        self.reach(document["step"], document["time"])
        entry = self.table.add(document["row"], document["settings"], document["readings"], step=document["step"],
                               time=document["time"])
        row = self.rows.setdefault(document["row"], Row(entry))
        row.settings = dict(document["settings"])
        row.cells.update(document["readings"])
        for name, shown in document["readings"].items():
            self.readings[name] += not shown.get("carried", False)
            if name in self.scenario.stills() and shown["ok"] and not shown.get("carried"):
                self._still[name] = shown
        self.open_row, self._closing = (None if self._closing else row), False

    def _take_answer(self, document: Answer) -> None:
        self.answers.setdefault(document["question"], []).append(document)

    def _take_stop(self, document: Stop) -> None:
        self.history.reach(document["step"])
        self.stopped = document
