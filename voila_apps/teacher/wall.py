"""The wall of a lesson: a pure fold of the documents of its runs into tiles, alerts and the class's readings.

Nothing here knows a clock, a socket or a name: times are those that the documents tell, `now` is given. What a tile
says is what a teacher who walks past would see: how far, doing what, since when, right or wrong, in need of what.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Refusal
from labs.bench.curves import MODELS
from labs.bench.record import Record
from labs.bench.scenario import Scenario
from labs.bench.words import _, both, both_say

READINGS = 100  # rows of one seat that take part in the class's readings: the newest
FIGURES = 6  # significant digits of a reading on its way to the wall
QUIET_ACTS = ("resume", "language", "guide")  # not the work of a student

Text = dict[str, str]

LAST = {
    "undo": _("took a change back"),
    "redo": _("brought a change back"),
    "reset": _("started the run again"),
    "back": _("went back after the bench had stopped"),
    "formula": _("computed a column"),
    "row": _("tidied the table"),
    "note": _("wrote a note"),
    "read": _("is reading"),
}


@dataclass(frozen=True)
class Limits:
    """When a teacher should look: minutes and counts, in one place."""

    idle: float = 240.0  # s without an act
    stuck: float = 420.0  # s on one step…
    stuck_acts: int = 15  # …with so many acts on it
    stuck_wrong: int = 2  # wrong answers to one question
    one_setting: int = 6  # rows that all belong to one setting
    left: float = 15.0  # s without a page


USUAL = Limits()


@dataclass
class Seat:
    """What is known of one seat from outside its documents."""

    connected: bool = False
    since: float = 0.0  # when its page came or went
    claimed: bool = False
    waiting: int = 0  # further tablets that ask for it


@dataclass
class Tile:
    """One seat's run, folded; `take` goes on with the fold."""

    scenario: Scenario
    run: str = ""
    record: Record = field(init=False)
    last: Text = field(default_factory=dict)
    at: float = 0.0
    step: int = 0
    since: float = 0.0
    acts: int = 0  # on the present step
    begun: bool = False  # whether anything was done; a bench opened ahead of its student waits untouched
    times: dict[int, float] = field(default_factory=dict)  # s spent until each step was done, since the one before
    flaw: str = ""

    def __post_init__(self) -> None:
        self.record = Record(self.scenario)

    def take(self, documents: Iterable[Any]) -> None:
        """Take more documents of the run in; one that cannot be understood ends the fold, and is said."""
        for document in documents:
            if self.flaw:
                return
            try:
                self.record.take(document)
            except (Refusal, LookupError, TypeError, ValueError) as problem:
                self.flaw = str(problem)
                return
            self._follow(document)

    def _follow(self, document: Any) -> None:
        self.run = document["run"]
        if document["kind"] != "descriptor" and document.get("do") not in QUIET_ACTS:
            self.at, self.last = document["wall"], said(document, self.record)
            self.acts += document["kind"] in ("action", "answer")
            self.begun |= document["kind"] != "start"
        now = next((number for number, done in enumerate(self.record.steps_done) if not done),
                   len(self.record.steps_done))
        if now != self.step or not self.since:
            if self.since:
                self.times[self.step] = max(0.0, document["wall"] - self.since)
            self.step, self.since, self.acts = now, document["wall"], 0

    @property
    def finished(self) -> bool:
        """Whether the student closed the experiment, or every step is done."""
        stop = self.record.stopped
        return bool(stop and stop["how"] == "finished") or 0 < len(self.record.steps_done) == self.step

    @property
    def failed(self) -> bool:
        """Whether the numbers left their range, and the bench stands."""
        return bool(self.record.stopped and self.record.stopped["how"] == "failed")

    def answers(self) -> dict[str, dict[str, Any]]:
        """The last answer to each question, how many were given, and the verdict."""
        return {name: {"value": given[-1]["value"], "unit": given[-1]["unit"], "verdict": given[-1]["verdict"],
                       "left": given[-1]["left"], "times": len(given)}
                for name, given in self.record.answers.items() if given}

    def rows(self) -> list[list[Any]]:
        """The newest rows that the student keeps: number, then value and uncertainty of each column."""
        columns = self.scenario.columns()
        return [[row.id, *(_cell(row, name) for name in columns)] for row in self.record.kept_rows()[-READINGS:]]

    def public(self) -> dict[str, Any]:
        """The tile as the teacher's page shows it; alerts come apart, for they change with the clock."""
        answers = self.answers()
        return {
            "run": self.run, "step": self.step, "steps": len(self.record.steps_done),
            "done": "".join("1" if done else "0" for done in self.record.steps_done), "since": round(self.since, 1),
            "last": self.last, "at": round(self.at, 1), "readings": len(self.record.kept_rows()),
            "right": sum(one["verdict"] == "right" for one in answers.values()),
            "wrong": sum(one["verdict"] == "wrong" for one in answers.values()),
            "answers": answers, "finished": self.finished, "settings": dict(self.record.settings),
        }


def said(document: Any, record: Record) -> Text:
    """What somebody did last, in words."""
    kind = document["kind"]
    if kind == "start":
        return both_say(_("opened the bench"))
    if kind == "event":
        return both_say(_("took reading {number}"), number=document["row"])
    if kind == "answer":
        return both_say({"right": _("answered right"), "wrong": _("answered wrong")}.get(
            document["verdict"], _("wrote an answer")))
    if kind == "stop":
        return both_say(_("finished") if document["how"] == "finished" else _("made the bench stop"))
    return _did(document["do"], document["what"], record)


def _did(do: str, what: dict[str, Any], record: Record) -> Text:
    if do == "set":
        value = f"{what['value']:g}" if isinstance(what["value"], int | float) else str(what["value"])
        return both_say(_("set {label} to {value}"), label=record.label(what["name"]),
                        value=f"{value} {record.units.get(what['name'], '')}".strip())
    if do == "press":
        return both_say(_("pressed “{label}”"), label=record.label(what["name"]))
    if do == "measure":
        return both_say(_("used the {label}"), label=record.label(what["instrument"]))
    if do == "confirm":
        return both_say(_("ticked off step {number}"), number=what["step"] + 1)
    if do in ("chart", "fit"):
        model = what.get("fit") or what.get("model")
        known = both(MODELS[model].label) if model in MODELS else None
        return both_say(_("fitted: {model}"), model=known) if known else both_say(_("drew a chart"))
    return both_say(LAST.get(do, _("is at work")))


def alerts(tile: Tile | None, seat: Seat, now: float, *, paused: bool = False,
           limits: Limits = USUAL) -> list[dict[str, Any]]:
    """What a teacher should know about a seat: kind, urgency (3 now, 2 soon, 1 when there is time), words."""
    found = []

    def alert(kind: str, level: int, text: str, **fields: Any) -> None:
        found.append({"kind": kind, "level": level, "text": both_say(text, **fields)})

    if seat.waiting:
        alert("consent", 3, _("Two tablets"))
    if tile is None or not tile.run:
        return found
    if tile.failed:
        alert("failed", 3, _("Bench stopped"))
    if tile.flaw:
        alert("flaw", 2, _("Record unreadable"))
    if tile.finished:
        return found
    if not seat.connected:
        if seat.since and now - seat.since > limits.left:
            alert("left", 1, _("Has left"))
        return found
    _slow(tile, now, limits, paused, alert)
    return found


def _slow(tile: Tile, now: float, limits: Limits, paused: bool, alert: Any) -> None:
    """Those who work, and get nowhere."""
    wrong = [name for name, one in tile.answers().items() if one["verdict"] == "wrong"
             and (one["times"] >= limits.stuck_wrong or one["left"] == 0)]
    if wrong:
        alert("wrong", 2, _("Wrong again and again"))
    if paused:
        return
    if now - tile.since > limits.stuck and tile.acts >= limits.stuck_acts:
        alert("stuck", 2, _("Stuck at step {step}"), step=tile.step + 1)
    if one_setting(tile, limits):
        alert("setting", 2, _("Only one setting"))
    if now - tile.at > limits.idle:
        alert("idle", 1, _("Idle"))


def one_setting(tile: Tile, limits: Limits) -> bool:
    """Whether many readings belong to a single setting of the apparatus, although there is something to change."""
    rows = tile.record.kept_rows()
    if len(rows) < limits.one_setting or not tile.scenario.controls:
        return False
    return len({tuple(sorted((name, str(value)) for name, value in row.settings.items())) for row in rows}) == 1


def need(found: list[dict[str, Any]]) -> int:
    """How urgent all of it together is: 0 for nobody to worry about."""
    return max((one["level"] for one in found), default=0)


def _cell(row: Any, name: str) -> list[float] | None:
    shown = row.cells.get(name)
    if shown is not None:
        if not shown["ok"] or shown["value"] is None:
            return None
        return [_brief(shown["value"]), _brief(shown["uncertainty"] or 0.0)]
    value = row.settings.get(name)
    return [_brief(value), 0.0] if isinstance(value, int | float) and not isinstance(value, bool) else None


def _brief(value: float) -> float:
    return float(f"{value:.{FIGURES}g}")
