"""Replay: do everything in a record again, and see whether the instruments show the same.

Within a numeric class every reading must be the same to the last bit. Across classes chaos makes the last bits
grow, so there readings must agree within their stated uncertainties.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.errors import NumericalFailure, Refusal
from labs.bench.documents import Document, essence, ordered, start_of
from labs.bench.lab import Lab
from labs.bench.logbook import MemoryLogbook
from labs.bench.run import Run, check_key
from labs.bench.scenario import Scenario

SIGMAS = 4.0  # how far two readings of one thing may lie apart, in their combined standard uncertainty


@dataclass(frozen=True)
class Difference:
    """Something that came out otherwise: which document, which reading or field, what it was and what it is now."""

    seq: int
    what: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Replay:
    """The outcome. `exact`: compared bit for bit; else within uncertainties."""

    events: int
    readings: int
    answers: int
    exact: bool
    scenario_changed: bool
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        """Whether everything came out the same."""
        return not self.differences


def replay(documents: Iterable[Document], scenario: Scenario | Lab, key: bytes) -> Replay:
    """Repeat a run from its documents and compare."""
    was = ordered(documents)
    start = start_of(was)
    check_key(start, key)
    run = Run(scenario, key, MemoryLogbook(), seat=start["seat"], language=start["language"])
    for document in was[2:]:
        if document["seq"] >= run.record.next_seq:
            _repeat(run, document)
    classes = [start["numeric"], *(one["what"]["numeric"] for one in was
                                   if one["kind"] == "action" and one["do"] == "resume")]
    exact = all(one == run.solver.numeric_class() for one in classes)
    differences = [difference for old, new in zip(was, run.documents, strict=False)
                   for difference in _compare(old, new, exact)]
    if len(run.documents) != len(was):
        differences.append(Difference(len(was), "documents", len(was), len(run.documents)))
    events = [one for one in was if one["kind"] == "event"]
    return Replay(len(events), sum(len(one["readings"]) for one in events), sum(one["kind"] == "answer" for one in was),
                  exact, start["scenario_hash"] != run.scenario.content_hash, tuple(differences))


def _repeat(run: Run, document: Any) -> None:
    """Do what one document says; what follows from it (an event, a verdict) comes by itself."""
    if document["seq"] != run.record.next_seq or document["kind"] in ("event", "start", "descriptor"):
        raise Refusal("Document {seq} of the record follows from nothing before it. The record was cut or edited.",
                      seq=document["seq"])
    if document["step"] < run.step:
        raise Refusal("Document {seq} of the record is dated before the one it follows. The record was edited.",
                      seq=document["seq"])
    run.advance(document["step"] - run.step)
    if document["kind"] == "answer":
        run.act("answer", question=document["question"], value=document["value"])
    elif document["kind"] == "stop":
        _stop(run, document)
    elif document["do"] == "resume":
        run.write("action", do="resume", what=document["what"])
    else:
        run.act(document["do"], **document["what"])


def _stop(run: Run, document: Any) -> None:
    if document["how"] == "finished":
        run.act("finish")
        return
    run.advance(run.scenario.lab.tick)
    if not run.failed:  # another numeric class may survive: its record goes on as if it had not
        told = document["message"]
        run.fail(NumericalFailure(told, quantity=document["quantity"], step=document["step"]))


def _compare(old: Any, new: Any, exact: bool) -> Iterable[Difference]:
    if old["kind"] != new["kind"]:
        yield Difference(old["seq"], "kind", old["kind"], new["kind"])
    elif old["kind"] == "event":
        for name in sorted({*old["readings"], *new["readings"]}):
            was, now = old["readings"].get(name), new["readings"].get(name)
            if not (_same_bits(was, now) if exact else _agree(was, now)):
                yield Difference(old["seq"], name, was, now)
        if (old["row"], old["step"], old["settings"]) != (new["row"], new["step"], new["settings"]):
            yield Difference(old["seq"], "row", old["row"], new["row"])
    elif old["kind"] in ("answer", "stop", "descriptor") and not _same_bits(essence(old), essence(new)):
        yield Difference(old["seq"], old["kind"], essence(old), essence(new))


def _same_bits(was: Any, now: Any) -> bool:
    return json.dumps(was, sort_keys=True) == json.dumps(now, sort_keys=True)  # Python writes floats without loss


def _agree(was: Any, now: Any) -> bool:
    if was is None or now is None or (was["value"] is None) != (now["value"] is None):
        return False
    if was["value"] is None:
        return True
    spread = math.hypot(was["uncertainty"] or 0.0, now["uncertainty"] or 0.0)
    return abs(was["value"] - now["value"]) <= SIGMAS * spread + 1e-12 * abs(was["value"])
