"""The documents of a run, after Bluesky's event-model: plain dicts that point to their start.

**start** opens a run, **descriptor** names its columns, **action** is something that was done,
**event** is what instruments then showed, **answer** is a question judged, **stop** says how it ended.
Their order is `seq`; the wall clock is only told. The draw key stands in none of them.
"""

import hashlib
import math
from collections.abc import Iterable
from types import UnionType
from typing import Any, Literal, NotRequired, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

from engine.errors import Refusal, nearest

SCHEMA = 1


class Start(TypedDict):
    """What a run is a function of, its draw key apart: of that, only a print that others cannot invert."""

    kind: Literal["start"]
    uid: str
    run: str
    seq: int
    wall: float
    schema: int
    scenario: str
    scenario_hash: str
    lab: str
    engine: str
    numeric: dict[str, str]
    backend: str
    language: str
    seat: str
    key_print: str


class Column(TypedDict):
    """One column of the table: a setting, or what an instrument shows."""

    name: str
    source: Literal["control", "instrument"]
    label: dict[str, str]
    unit: str
    manual: bool
    resolution: float | None
    noise: float | None


class Descriptor(TypedDict):
    """The columns of a run and its settings at the start."""

    kind: Literal["descriptor"]
    uid: str
    run: str
    seq: int
    wall: float
    columns: list[Column]
    settings: dict[str, Any]


class Action(TypedDict):
    """Something that was done, and the step of the solver at which it took effect."""

    kind: Literal["action"]
    uid: str
    run: str
    seq: int
    wall: float
    step: int
    time: float
    do: str
    what: dict[str, Any]


class Shown(TypedDict):
    """A reading: the number as shown, its standard uncertainty and unit; `carried` when taken for an earlier row."""

    value: float | None
    text: str
    uncertainty: float | None
    unit: str
    ok: bool
    note: str
    step: int
    time: float
    carried: NotRequired[bool]


class Event(TypedDict):
    """What instruments showed at a step, and the row of the table that it went into."""

    kind: Literal["event"]
    uid: str
    run: str
    seq: int
    wall: float
    step: int
    time: float
    descriptor: str
    row: int
    settings: dict[str, Any]
    readings: dict[str, Shown]


class Answer(TypedDict):
    """An answer as given, the verdict on it, and the attempts that are left (none counted: null)."""

    kind: Literal["answer"]
    uid: str
    run: str
    seq: int
    wall: float
    step: int
    question: str
    value: float | str
    unit: str
    verdict: Literal["right", "wrong", "recorded"]
    left: int | None


class Stop(TypedDict):
    """How a run ended: finished by its student, or failed, with the quantity that left its range."""

    kind: Literal["stop"]
    uid: str
    run: str
    seq: int
    wall: float
    step: int
    how: Literal["finished", "failed"]
    quantity: str
    message: str


Document = Start | Descriptor | Action | Event | Answer | Stop
KINDS: dict[str, type] = {"start": Start, "descriptor": Descriptor, "action": Action, "event": Event, "answer": Answer,
                          "stop": Stop}
HINTS = {kind: get_type_hints(KINDS[kind]) for kind in KINDS}
_OF_THE_PAPER = ("uid", "run", "wall", "descriptor")  # differ between two equal runs


def check(document: Any) -> Any:
    """The document itself; a Refusal that names the first field that is missing, unknown or of the wrong kind."""
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refusal("A document of kind {kind!r} is not known. Did you mean: {nearest}?", kind=kind,
                      nearest=nearest(str(kind), KINDS))
    if kind == "start" and isinstance(document.get("schema"), int) and document["schema"] > SCHEMA:
        raise Refusal("This record was written by a newer version (format {found}, this one reads up to {known}). "
                      "Update Wanxiang to open it.", found=document["schema"], known=SCHEMA)
    _check_fields(kind, KINDS[kind], document)
    return document


def _check_fields(where: str, declared: type, found: dict[str, Any]) -> None:
    hints = HINTS.get(where) or get_type_hints(declared)
    for name in found:
        if name not in hints:
            raise Refusal("The {where} document has an unknown field {name!r}. Did you mean: {nearest}?", where=where,
                          name=name, nearest=nearest(name, hints))
    for name in declared.__required_keys__:  # type: ignore[attr-defined]
        if name not in found:
            raise Refusal("The {where} document lacks the field {name!r}. Write it anew from the run.", where=where,
                          name=name)
    for name, value in found.items():
        if not _fits(value, hints[name], f"{where}.{name}"):
            raise Refusal("The field {name!r} of the {where} document cannot be {value}. Write it anew from the run.",
                          where=where, name=name, value=repr(value)[:60])


def _fits(value: Any, hint: Any, where: str) -> bool:
    if is_typeddict(hint):
        if isinstance(value, dict):
            _check_fields(where, hint, value)
        return isinstance(value, dict)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _fits(value, inside[0], where)
    if origin is Literal:
        return value in inside
    if origin in (Union, UnionType):
        return any(_fits(value, option, where) for option in inside)
    if origin is dict:
        return isinstance(value, dict) and all(isinstance(key, str) and _fits(item, inside[1], where)
                                               for key, item in value.items())
    if origin is list:
        return isinstance(value, list) and all(_fits(item, inside[0], where) for item in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return hint is Any or (isinstance(value, hint) and not (hint is int and isinstance(value, bool)))


def ordered(documents: Iterable[Document]) -> list[Document]:
    """One run's documents by sequence number, each once, all checked, none missing."""
    by_seq: dict[int, Document] = {}
    for document in documents:
        known = by_seq.setdefault(check(document)["seq"], document)
        if known["uid"] != document["uid"]:
            raise Refusal("Two documents carry the number {seq}: the record mixes two runs, or was edited. "
                          "Keep the documents of one run.", seq=document["seq"])
    found = [by_seq[seq] for seq in sorted(by_seq)]
    if not found or found[0]["kind"] != "start":
        raise Refusal("The record has no start document. Save the whole run again.")
    for place, document in enumerate(found):
        if document["seq"] != place or document["run"] != found[0]["uid"]:
            raise Refusal("Document {place} of the record is missing or belongs to another run. "
                          "Save the whole run again.", place=place)
    return found


def start_of(documents: list[Document]) -> Start:
    """The start document of an ordered run."""
    first = documents[0]
    if first["kind"] != "start":
        raise Refusal("The record has no start document. Save the whole run again.")
    return first


def essence(document: Document) -> dict[str, Any]:
    """The document without what differs between two equal runs: names of papers and times of clocks."""
    return {name: value for name, value in document.items() if name not in _OF_THE_PAPER}


def key_print(key: bytes) -> str:
    """A print of a draw key: proves later which key was used, and tells nothing about it now."""
    return hashlib.sha256(b"wanxiang draw key\0" + key).hexdigest()[:32]
