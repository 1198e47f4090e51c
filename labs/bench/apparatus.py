"""The apparatus of a run: a solver and the instruments that look at it on a fixed grid of steps.

Where it stands is determined by the line of acts and the step alone, so any place can be reached again from the
nearest snapshot: restore it, repeat the acts that follow, advance.
"""

import hashlib
import hmac
import inspect
import io
import json
import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.chance import Chance
from engine.errors import NumericalFailure, Refusal
from engine.solver import Snapshot
from labs.bench.control import Control
from labs.bench.history import START, Act, History, Place
from labs.bench.lab import Lab

if TYPE_CHECKING:
    from labs.bench.instrument import Reading

RING_BYTES = 16 << 20  # memory for snapshots, the one of the beginning apart
SNAPSHOT_EVERY = 3.0  # s of wall time between snapshots while advancing: what going back may have to compute again
OVERHEAD = 2048  # bytes that a snapshot takes beside its arrays
MAGIC = b"wanxiang snapshot 1\n"
SEAL = 32  # bytes of the seal


@dataclass(frozen=True)
class Saved:
    """The state of solver and instruments."""

    solver: Snapshot
    instruments: bytes

    @property
    def nbytes(self) -> int:
        """Memory taken [bytes]."""
        return self.solver.nbytes + len(self.instruments) + OVERHEAD


class Ring:
    """Snapshots by place, the oldest given up when there is no room; the beginning is always kept."""

    def __init__(self, limit: int = RING_BYTES) -> None:
        self.limit, self.nbytes = limit, 0
        self._beginning: Saved | None = None
        self._saved: dict[Place, Saved] = {}

    def keep(self, place: Place, saved: Saved) -> None:
        """Keep one more."""
        if place == Place(START, 0):
            self._beginning = saved
            return
        if place in self._saved:
            return
        self._saved[place] = saved
        self.nbytes += saved.nbytes
        while self.nbytes > self.limit:
            self.nbytes -= self._saved.pop(next(iter(self._saved))).nbytes

    def nearest(self, history: History, place: Place) -> tuple[Place, Saved]:
        """The last snapshot on the line that leads to `place`."""
        head, last = place.head, place.step
        while True:
            steps = [one.step for one in self._saved if one.head == head and one.step <= last]
            if steps:
                found = Place(head, max(steps))
                return found, self._saved[found]
            if head == START:
                assert self._beginning is not None, "a run keeps its beginning before anything else"
                return Place(START, 0), self._beginning
            head, last = history.acts[head].parent, history.acts[head].step


class Apparatus:
    """A solver with its instruments, moved step by step, act by act."""

    def __init__(self, lab: Lab, chance: Chance, instruments: Sequence[str], controls: Sequence[Control]) -> None:
        self.solver = lab.open(chance)
        self.controls = {control.name: control for control in controls}
        self.hidden = dict(self.solver.parameters)  # drawn values among them: for judging answers, never for showing
        self.tick = lab.tick
        self.instruments = {one.name: one for one in lab.instruments() if one.name in instruments}
        for name, instrument in self.instruments.items():
            instrument.begin(chance.child("instrument " + name), self.solver.dt)
        self.ring = Ring()
        self._sample()
        self.keep(Place(START, 0))

    @property
    def step(self) -> int:
        """Steps since the beginning."""
        return self.solver.steps

    def advance(self, steps: int, head: int) -> None:
        """Whole steps; the instruments look whenever the grid is met, so frames and pauses change nothing.

        A NumericalFailure carries the last step at which the instruments looked at good numbers.
        """
        end = self.step + steps
        while self.step < end:
            good = self.step - self.step % self.tick
            try:
                self.solver.advance(min(end, good + self.tick) - self.step)
            except NumericalFailure as failure:
                raise NumericalFailure(failure.template, **{**failure.fields, "step": good}) from failure
            if self.step % self.tick == 0:
                self._sample()
            if time.perf_counter() - self._kept_at > SNAPSHOT_EVERY:
                self.keep(Place(head, self.step))

    def do(self, act: Act) -> None:
        """Repeat an act of the record; what it measures is thrown away."""
        if act.do == "set":
            self.set(act.what["name"], act.what["value"])
        elif act.do == "press":
            self.solver.act(act.what["name"])
        elif act.do == "measure":
            self.measure(act.what)

    def set(self, name: str, value: Any) -> None:
        """Move a control; the value is in the control's unit."""
        self.solver.change(name, self.controls[name].inside(value, self.solver.quantities()[name]))

    def measure(self, what: dict[str, Any]) -> "Reading | None":
        """Read one instrument by hand. `what` names it, the ordinal of the reading, and how it was handled."""
        how = {name: value for name, value in what.items() if name not in ("instrument", "ordinal")}
        read = self.instruments[what["instrument"]].read
        try:
            inspect.signature(read).bind(self.solver, self.step, what["ordinal"], **how)
        except TypeError as problem:
            raise Refusal("{instrument} cannot be read like that: {problem}.", instrument=what["instrument"],
                          problem=problem) from None
        return read(self.solver, self.step, what["ordinal"], **how)

    def go(self, history: History, place: Place) -> None:
        """Bring the apparatus to a place of the history."""
        found, saved = self.ring.nearest(history, place)
        self._load(saved)
        line = history.line(place.head)
        after = [act.seq for act in line].index(found.head) + 1 if found.head != START else 0
        for act in line[after:]:
            self.advance(act.step - self.step, act.parent)
            self.do(act)
        self.advance(place.step - self.step, place.head)

    def keep(self, place: Place) -> None:
        """Put a snapshot of now into the ring."""
        self.ring.keep(place, self._save())
        self._kept_at = time.perf_counter()

    def export(self, history: History, failed: bool, run: str, key: bytes) -> bytes:
        """Now (or, after a failure, the last good snapshot) as bytes for a store.

        Sealed with the draw key, so that nothing else will ever be read back.
        """
        place, saved = self.ring.nearest(history, history.here) if failed else (history.here, self._save())
        block = io.BytesIO()
        head = {"run": run, "head": place.head, "step": place.step}
        pickle.dump((json.dumps(head), saved.solver.to_bytes(), saved.instruments), block)
        return MAGIC + _seal(key, block.getvalue()) + block.getvalue()

    def take(self, block: bytes, run: str, key: bytes) -> Place | None:
        """Put an exported snapshot into the ring; None when it is not one of this run."""
        seal, content = block[len(MAGIC):len(MAGIC) + SEAL], block[len(MAGIC) + SEAL:]
        if not block.startswith(MAGIC) or not hmac.compare_digest(seal, _seal(key, content)):
            return None
        head, solver, instruments = pickle.loads(content)  # the seal says that this run wrote it
        where = json.loads(head)
        if where["run"] != run:
            return None
        place = Place(where["head"], where["step"])
        self.ring.keep(place, Saved(Snapshot.from_bytes(solver), instruments))
        return place

    def _save(self) -> Saved:
        states = {name: instrument.snapshot() for name, instrument in self.instruments.items()}
        return Saved(self.solver.snapshot(), pickle.dumps(states))

    def _load(self, saved: Saved) -> None:
        self.solver.restore(saved.solver)
        for name, state in pickle.loads(saved.instruments).items():
            if name in self.instruments:
                self.instruments[name].restore(state)

    def _sample(self) -> None:
        for instrument in self.instruments.values():
            instrument.sample(self.solver, self.step)


def _seal(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, b"snapshot" + content, hashlib.sha256).digest()
