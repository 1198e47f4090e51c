"""Run: one experiment. A deterministic function of scenario, draw key and the acts in its documents.

Everything done goes through `act`: it is carried out, becomes a document with the step at which it took effect,
and only then the record knows of it. Time goes on through `advance`, which leaves no document: how the steps were
cut into frames is nobody's business. What is hidden (drawn values, seeds, zero errors) stays in this object.
"""

import inspect
import json
import time
import uuid
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from engine.chance import Chance
from engine.errors import NumericalFailure, Refusal, nearest
from labs.bench.apparatus import Apparatus
from labs.bench.curves import MODELS
from labs.bench.documents import SCHEMA, Document, Start, key_print, ordered, start_of
from labs.bench.history import Place
from labs.bench.judging import judged, standing
from labs.bench.lab import Lab
from labs.bench.logbook import Logbook, MemoryLogbook
from labs.bench.record import Progress, Record
from labs.bench.scenario import Scenario
from labs.bench.words import language
from labs.bench.writing import columns, shown

if TYPE_CHECKING:
    from engine.solver import Solver
    from labs.bench.instrument import Instrument, Reading
    from labs.bench.table import Row, Table

KEPT_EVERY = 30.0  # s of wall time between snapshots that the logbook is given to keep
LONGEST_ACT = 10_000  # characters of what one act says: a record is no place for books
PHYSICAL = ("set", "press", "read", "measure")  # acts that need an apparatus in good order


class Run:
    """One student's experiment at one bench."""

    _known: Any  # an action that is in the logbook already, about to be done again

    def __init__(self, scenario: Scenario | Lab, key: bytes, logbook: Logbook | None = None, *, seat: str = "",
                 language: str = "en", clock: Callable[[], float] = time.time) -> None:
        self._open(scenario, key, logbook, clock)
        self._begin(seat, language)

    @classmethod
    def resume(cls, scenario: Scenario | Lab, key: bytes, documents: Iterable[Document],
               logbook: Logbook | None = None, *, snapshot: bytes | None = None,
               clock: Callable[[], float] = time.time) -> "Run":
        """Go on with a run in another process, where its documents (or a later snapshot of it) left it."""
        found = ordered(documents)
        check_key(start_of(found), key)
        run = cls.__new__(cls)
        run._open(scenario, key, logbook, clock)
        place = run.apparatus.take(snapshot, found[0]["uid"], key) if snapshot else None
        if len(found) == 1:  # the columns were not saved yet
            run.record.take(found[0])
            run._describe()
            return run
        last: Any = found.pop()
        for document in found:
            run.record.take(document)
        run._go_on(last, place)
        if not run.finished:
            run.write("action", do="resume", what={
                "engine": engine_version(), "numeric": run.solver.numeric_class(),
                "scenario_hash": run.scenario.content_hash})
        return run

    def _go_on(self, last: Any, snapshot: Place | None) -> None:
        """Take the last document in and go where the run was, or where a later snapshot of it is.

        When the last one is the action of a reading, what was shown may not have been saved: read again. A snapshot
        from after it tells that nothing was lost, for snapshots are kept after the documents before them.
        """
        here = self.record.here
        reading = last["kind"] == "action" and last["do"] in ("read", "measure")
        if reading and not (snapshot and snapshot.head in (here.head, last["seq"]) and snapshot.step > last["step"]):
            self._go(here)
            self.advance(last["step"] - self.step)
            self._known = last
            self.act(last["do"], **last["what"])
            return
        self.record.take(last)
        here = self.record.here
        self._go(snapshot if snapshot and snapshot.head == here.head and snapshot > here else here)

    def _open(self, scenario: Scenario | Lab, key: bytes, logbook: Logbook | None, clock: Callable[[], float]) -> None:
        self.scenario = Scenario.plain(scenario) if isinstance(scenario, Lab) else scenario
        self._key, self._clock = key, clock
        self.logbook: Logbook = MemoryLogbook() if logbook is None else logbook
        self.apparatus = Apparatus(self.lab, Chance(key), list(self.scenario.shelf), list(self.scenario.controls))
        self.record = Record(self.scenario)
        self._known, self._kept_at = None, time.monotonic()

    # What a run shows

    @property
    def uid(self) -> str:
        """The name of this run: the uid of its start document."""
        return self.record.documents[0]["uid"]

    @property
    def solver(self) -> "Solver":
        """For the scene and the instruments; whoever shows a student a number asks an instrument."""
        return self.apparatus.solver

    @property
    def instruments(self) -> "dict[str, Instrument]":
        """The instruments of this run by name."""
        return self.apparatus.instruments

    @property
    def lab(self) -> Lab:
        """The lab on whose bench this is."""
        return self.scenario.lab

    @property
    def documents(self) -> list[Document]:
        """Everything written so far."""
        return self.record.documents

    @property
    def table(self) -> "Table":
        """The student's table."""
        return self.record.table

    @property
    def rows(self) -> "list[Row]":
        """The rows of the table, deleted ones too."""
        return self.table.rows

    @property
    def step(self) -> int:
        """Steps of the solver, back to smaller ones after an undo."""
        return self.record.here.step

    @property
    def time(self) -> float:
        """Time of the solver, in its unit."""
        return self.step * self.solver.dt

    @property
    def settings(self) -> dict[str, Any]:
        """The controls as they stand."""
        return self.record.settings

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self.record.history.undo_places)

    @property
    def can_redo(self) -> bool:
        """Whether an undo can be taken back."""
        return bool(self.record.history.redo_places)

    @property
    def failed(self) -> bool:
        """Whether the numbers left their range: then `act("back")` or `act("undo")` goes on."""
        return self.record.stopped is not None and self.record.stopped["how"] == "failed"

    @property
    def finished(self) -> bool:
        """Whether the student closed the experiment."""
        return self.record.stopped is not None and not self.failed

    @property
    def stopped(self) -> dict[str, Any] | None:
        """Why the bench stands still: how, which quantity, at which step; None while it is in order."""
        stop = self.record.stopped
        return None if stop is None else {"how": stop["how"], "quantity": stop["quantity"], "step": stop["step"]}

    def progress(self) -> list[Progress]:
        """How far each step of the guide is."""
        return self.record.progress()

    def told(self) -> list[dict[str, str]]:
        """What each step still asks for, in words; empty where the student confirms."""
        return [one.told for one in self.record.progress()]

    def questions(self) -> dict[str, dict[str, Any]]:
        """Each question as the page shows it: attempts left, the last answer, the verdict and its words."""
        return {name: standing(self.record, name) for name in self.scenario.asked}

    # Time

    def advance(self, steps: int) -> int:
        """Let so many steps pass; the steps that did. A failure of numbers stops the run and is told in `stopped`."""
        if self.record.stopped is not None or steps <= 0:
            return 0
        before = self.step
        try:
            self.apparatus.advance(steps, self.record.here.head)
        except NumericalFailure as failure:
            self.fail(failure)
            return self.step - before
        self.record.reach(self.apparatus.step, self.time_at(self.apparatus.step))
        if time.monotonic() - self._kept_at > KEPT_EVERY:
            self._kept_at = time.monotonic()
            self.logbook.keep(self.record.next_seq, self.snapshot())
        return steps

    def time_at(self, step: int) -> float:
        """Time of the solver at a step."""
        return step * self.solver.dt

    def fail(self, failure: NumericalFailure) -> Document:
        """Stop where the instruments last saw good numbers: nothing is lost, and one can go back."""
        step = max(failure.step, self.record.since)
        self.record.reach(step, self.time_at(step))
        return self.write("stop", step=step, how="failed", quantity=failure.quantity, message=str(failure))

    def go_back(self) -> Document:
        """After a failure: to the newest snapshot that is good."""
        return self.act("back")

    # Acts

    def act(self, do: str, **what: Any) -> Document:
        """Do one thing and write it down. Returns the last document that came of it: a reading, a verdict, the act."""
        if do not in ACTS:
            raise Refusal("There is no act {do!r}. Did you mean: {nearest}?", do=do, nearest=nearest(str(do), ACTS))
        if self.finished:
            raise Refusal("This experiment is finished. Start a new one to go on.")
        if self.failed and do in PHYSICAL:
            raise Refusal("The bench has stopped. Go back first.")
        try:
            inspect.signature(ACTS[do]).bind(self, **what)
            length = len(json.dumps(what, allow_nan=False, ensure_ascii=False))
        except ValueError:
            raise Refusal("Numbers must be finite. Write one that is.") from None
        except TypeError as problem:
            raise Refusal("{do} cannot be done like that: {problem}.", do=do, problem=problem) from None
        if length > LONGEST_ACT:
            raise Refusal("This is too long to be kept. Write at most {most} characters.", most=LONGEST_ACT)
        document: Document = ACTS[do](self, **what)
        return document

    def _do_set(self, name: str, value: Any, drag: bool = False) -> Document:
        value = self.scenario.control(name).check(value, self.solver.quantities()[name])
        if value != self.settings[name]:
            if not (drag and self.record.dragging(name)):
                self.apparatus.keep(self.record.here)
            self.apparatus.set(name, value)
        return self.write("action", do="set", what={"name": name, "value": value, **({"drag": True} if drag else {})})

    def _do_press(self, name: str) -> Document:
        presses = self.scenario.lab.presses
        if name not in presses:
            raise Refusal("There is no button {name!r} here. Did you mean: {nearest}?", name=name,
                          nearest=nearest(name, presses))
        self.apparatus.keep(self.record.here)
        self.solver.act(name)
        return self.write("action", do="press", what={"name": name})

    def _do_read(self) -> Document:
        names = self.scenario.digital()
        if not names and self.record.open_row is None:
            raise Refusal("There is nothing to enter yet. Measure something first.")
        looks = {name: self._look(name) for name in names}
        readings = {name: reading for name, reading in looks.items() if reading is not None}
        action = self.write("action", do="read", what={})
        return self._write_event(readings) if readings else action

    def _look(self, name: str) -> "Reading | None":
        return self.instruments[name].read(self.solver, self.step, self.record.readings[name])

    def _do_measure(self, instrument: str, ordinal: int | None = None, **how: Any) -> Document:
        if instrument not in self.instruments:
            raise Refusal("There is no instrument {name!r} here. Did you mean: {nearest}?", name=instrument,
                          nearest=nearest(instrument, self.instruments))
        what = {**how, "instrument": instrument, "ordinal": self.record.readings[instrument]}
        reading = self.apparatus.measure(what)
        action = self.write("action", do="measure", what=what)
        return action if reading is None else self._write_event({instrument: reading})

    def _do_undo(self) -> Document:
        return self._moved("undo", {})

    def _do_redo(self) -> Document:
        return self._moved("redo", {})

    def _do_reset(self) -> Document:
        return self._moved("reset", {})

    def _do_back(self, after: int | None = None, step: int | None = None) -> Document:
        """To the newest snapshot, or (when a record is replayed) to where the record went."""
        if not self.failed:
            raise Refusal("The bench is in order: there is nothing to go back from. Use undo.")
        if after is None or step is None:
            place, _ = self.apparatus.ring.nearest(self.record.history, self.record.here)
            after, step = place.head, place.step
        return self._moved("back", {"after": after, "step": step})

    def _moved(self, do: str, what: dict[str, Any]) -> Document:
        if not self.failed and do in ("undo", "reset"):
            self.apparatus.keep(self.record.here)  # redo, or undo of the reset, comes back here
        document = self.write("action", do=do, what=what)
        self._go(self.record.here)
        return document

    def _go(self, place: Place) -> None:
        self.apparatus.go(self.record.history, place)
        self.record.reach(place.step, self.time_at(place.step))

    def _do_row(self, id: int, what: str, text: str = "") -> Document:  # noqa: A002 (the page's word)
        return self.write("action", do="row", what={"id": id, "what": what, "text": text})

    def _do_formula(self, name: str, text: str) -> Document:
        return self.write("action", do="formula", what={"name": name, "text": text})

    def _do_chart(self, x: str, y: str, fit: str | None = None, **more: Any) -> Document:
        self._check_chart(x, y, fit or "")
        return self.write("action", do="chart", what={**more, "x": x, "y": y, "fit": fit or ""})

    def _do_fit(self, model: str, x: str, y: str, **more: Any) -> Document:
        self._check_chart(x, y, model)
        return self.write("action", do="fit", what={**more, "model": model, "x": x, "y": y})

    def _check_chart(self, x: str, y: str, model: str) -> None:
        for name in (x, y):
            self.table.column(name)
        if model and model not in MODELS:
            raise Refusal("There is no fit called {model!r}. Did you mean: {nearest}?", model=model,
                          nearest=nearest(model, MODELS))

    def _do_note(self, text: str) -> Document:
        return self.write("action", do="note", what={"text": text})

    def _do_confirm(self, step: int) -> Document:
        if not isinstance(step, int) or not 0 <= step < len(self.scenario.steps):
            raise Refusal("There is no step {step}. Confirm one of the {count}.", step=step,
                          count=len(self.scenario.steps))
        return self.write("action", do="confirm", what={"step": step})

    def _do_language(self, value: str) -> Document:
        return self.write("action", do="language", what={"value": language(value)})

    def _do_guide(self, on: bool) -> Document:
        return self.write("action", do="guide", what={"on": bool(on)})

    def _do_answer(self, question: str, value: Any) -> Document:
        asked = self.scenario.asked
        if question not in asked:
            raise Refusal("There is no question {name!r}. Did you mean: {nearest}?", name=question,
                          nearest=nearest(question, asked))
        return self.write("answer", question=question, **judged(self.record, question, value, self.apparatus.hidden))

    def _do_finish(self) -> Document:
        return self.write("stop", how="finished", quantity="", message="")

    # Snapshots

    def snapshot(self) -> bytes:
        """Now, for a store: spares `resume` the computing, and knows of time that passed since the last act."""
        return self.apparatus.export(self.record.history, self.failed, self.uid, self._key)

    # Documents

    def _begin(self, seat: str, lang: str) -> None:
        scenario, numeric = self.scenario, self.solver.numeric_class()
        self.write("start", schema=SCHEMA, scenario=scenario.id, scenario_hash=scenario.content_hash,
                    lab=scenario.lab.name(), engine=engine_version(), numeric=numeric,
                    backend=numeric.get("backend", ""), language=language(lang), seat=seat,
                    key_print=key_print(self._key))
        self._describe()

    def _describe(self) -> None:
        quantities, now = self.solver.quantities(), self.solver.parameters
        settings = {one.name: one.shown(now[one.name], quantities[one.name]) for one in self.scenario.controls}
        self.write("descriptor", columns=columns(self.scenario), settings=settings)

    def _write_event(self, readings: "dict[str, Reading]") -> Document:
        row, carried = self.record.row_for(list(readings))
        cells = {**carried, **{name: shown(reading) for name, reading in readings.items()}}
        return self.write("event", time=self.time, descriptor=self.documents[1]["uid"], row=row,
                           settings=dict(self.settings), readings=cells)

    def write(self, kind: str, **fields: Any) -> Document:
        """Take a document in, then send it off: what the record refuses is never written."""
        if self._known is not None:
            known, self._known = self._known, None
            self.record.take(known)
            return known
        uid = uuid.uuid4().hex
        if kind not in ("start", "descriptor"):
            fields.setdefault("step", self.step)
        if kind == "action":
            fields.setdefault("time", self.time)
        run = uid if kind == "start" else self.uid
        written: Any = {"kind": kind, "uid": uid, "run": run, "seq": self.record.next_seq, "wall": self._clock(),
                        **fields}
        self.record.take(written)
        self.logbook.append(written)
        return written


ACTS = {name.removeprefix("_do_"): method for name, method in vars(Run).items() if name.startswith("_do_")}


def engine_version() -> str:
    """The version of this distribution, or 0 where it runs without being installed."""
    try:
        return version("wanxiang")
    except PackageNotFoundError:
        return "0"


def check_key(start: Start, key: bytes) -> None:
    """Refuse a key that a run was not drawn with."""
    if start["key_print"] != key_print(key):
        raise Refusal("This draw key is not the one of the run. Use the key of the same lesson, seat and attempt.")
