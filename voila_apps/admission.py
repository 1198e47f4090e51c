"""Admission: how many benches the box can hold, and the queue of those who wait for one.

First come, first served. A tablet that sleeps keeps its place for some minutes; meanwhile those
behind it may go first. Whoever comes new stands behind all who wait.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

BENCHES_PER_CORE = 20  # two cores held forty benches that stream ten frames a second
FORKED_BYTES = 60e6  # of memory that a bench has for itself when its kernel comes from the nursery
LAUNCHED_BYTES = 300e6  # and when it is a process from scratch
RESERVED_BYTES = 1e9  # for the server, the nursery and the rest of the machine
FEWEST, MOST = 2, 400
MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")

AWAKE_SECONDS = 30.0  # since the waiting page was last heard of
KEPT_SECONDS = 5 * 60.0  # for which a sleeping tablet keeps its place
PACE_SECONDS = 90.0  # between two benches that come free, until there is experience
EXPERIENCE = 0.3  # weight of the newest interval


class Taken(Exception):
    """Every bench is in use."""


@dataclass
class Waiting:
    """Somebody in the queue."""

    seat: str
    since: float
    seen: float


@dataclass
class Queue:
    """Those who wait for a bench, in the order in which they came."""

    pace: float = PACE_SECONDS
    _waiting: dict[str, Waiting] = field(default_factory=dict)
    _freed: float | None = None  # when a bench last came free while somebody waited

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, seat: str) -> bool:
        return seat in self._waiting

    def join(self, seat: str, now: float | None = None) -> None:
        """Stand in the queue, or say that one is still there."""
        now = time.monotonic() if now is None else now
        self._waiting.setdefault(seat, Waiting(seat, now, now)).seen = now

    def leave(self, seat: str) -> None:
        """Out of the queue."""
        self._waiting.pop(seat, None)
        if not self._waiting:
            self._freed = None

    def place(self, seat: str, now: float | None = None) -> int:
        """How manieth one is among those who are awake, counted from 1; for a stranger, the place behind all."""
        return 1 + sum(1 for _ in self._before(seat, time.monotonic() if now is None else now))

    def may_enter(self, seat: str, places: int, now: float | None = None) -> bool:
        """Whether so many free benches are enough for this one's turn."""
        return self.place(seat, now) <= places

    def tidy(self, now: float | None = None) -> None:
        """Forget those who have not been heard of for long."""
        now = time.monotonic() if now is None else now
        for one in [one for one in self._waiting.values() if now - one.seen > KEPT_SECONDS]:
            self.leave(one.seat)

    def note_freed(self, now: float | None = None) -> None:
        """A bench came free: how often that happens tells how long others will wait."""
        now = time.monotonic() if now is None else now
        if self._waiting and self._freed is not None:
            self.pace += EXPERIENCE * (now - self._freed - self.pace)
        self._freed = now if self._waiting else None

    def wait(self, seat: str, known: list[float]) -> float:
        """Seconds until one's turn: `known` tells in how many seconds benches that were left come free, in order."""
        place = self.place(seat)
        if place <= len(known):
            return known[place - 1]
        return (known[-1] if known else 0.0) + (place - len(known)) * self.pace

    def _before(self, seat: str, now: float) -> Iterable[Waiting]:
        for one in self._waiting.values():
            if one.seat == seat:
                return
            if now - one.seen <= AWAKE_SECONDS:
                yield one


def usual_limit(per_bench: float = LAUNCHED_BYTES, cores: int | None = None, memory: float | None = None) -> int:
    """How many benches this machine can hold, by its processors and by its memory."""
    cores = usable_cores() if cores is None else cores
    memory = usable_memory() if memory is None else memory
    by_memory = int((memory - RESERVED_BYTES) / per_bench)
    return max(FEWEST, min(MOST, cores * BENCHES_PER_CORE, by_memory))


def usable_cores() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def usable_memory() -> float:
    """The memory that this process may use, bytes."""
    try:
        memory = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        memory = 8 * 2.0**30
    try:
        allowed = MEMORY_LIMIT.read_text().strip()
        return memory if allowed == "max" else min(memory, float(allowed))
    except (OSError, ValueError):
        return memory
