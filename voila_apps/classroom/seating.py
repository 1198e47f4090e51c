"""Who sits where: a seat belongs to the tablet that claimed it first, until the teacher lets it move to another.

A second claim waits for the teacher and is shown to the teacher; it is never refused by itself,
because tablets break in mid-lesson. What is decided is on the disk before it is believed, and is
to be called in the one thread that writes. Listeners hear of it in the event loop.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import insert, select, update

from voila_apps.classroom.lessons import Lesson, Lessons
from voila_apps.schema import claims as table
from voila_apps.store import RecordStore

AFTERGLOW_SECONDS = 2 * 3600.0  # a lesson that ended: its students may still look at what they did


@dataclass(frozen=True)
class Claim:
    """A tablet at a seat; `tablet` is the hash of the browser's random name."""

    lesson: str
    seat: str
    tablet: str
    claimed: float
    id: int = 0


class Seating:
    """The seats of all lessons: who holds them, and who waits for one that is held."""

    def __init__(self, store: RecordStore, lessons: Lessons, soon: Callable[..., Any] | None = None) -> None:
        self.store, self.lessons = store, lessons
        self._soon = soon or (lambda listener, *arguments: listener(*arguments))
        self._listeners: list[Callable[[str], None]] = []
        self._changing = Lock()
        self._waiting: dict[tuple[str, str], Claim] = {}  # by seat and tablet
        self._again: set[str] = set()
        self._refused: dict[tuple[str, str], float] = {}
        living = select(table).where(table.c.released.is_(None)).order_by(table.c.id)
        with store.read() as connection:
            self._held = {row.seat: _claim(row) for row in connection.execute(living)}

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each seat that was taken, asked for, moved or freed."""
        self._listeners.append(listener)

    def holds(self, seat: str, tablet: str) -> bool:
        """Whether this browser sits at this seat."""
        claim = self._held.get(seat)
        return claim is not None and claim.tablet == print_of(tablet) and self._counts(claim)

    def holder(self, seat: str) -> Claim | None:
        """The claim that counts at this seat."""
        claim = self._held.get(seat)
        return claim if claim is not None and self._counts(claim) else None

    def lesson_at(self, seat: str) -> Lesson | None:
        """The lesson that the seat is held for, also when it has just ended."""
        claim = self.holder(seat)
        return self.lessons.get(claim.lesson) if claim else None

    def taken(self, lesson: str) -> list[Claim]:
        """Who sits in a lesson."""
        return [claim for claim in self._held.values() if claim.lesson == lesson]

    def doubles(self, lesson: str) -> list[Claim]:
        """The claims to seats of a lesson that are already held, the oldest first: for the teacher to decide."""
        return sorted((one for one in self._waiting.values() if one.lesson == lesson), key=lambda one: one.claimed)

    def waits(self, seat: str, tablet: str) -> bool:
        """Whether this browser waits for the teacher to give it the seat."""
        return (seat, print_of(tablet)) in self._waiting

    def was_refused(self, seat: str, tablet: str) -> bool:
        """Whether the teacher said no to this browser."""
        return (seat, print_of(tablet)) in self._refused

    def let_again(self, seat: str) -> bool:
        """Allow the seat one more attempt in an exam."""
        if self.lesson_at(seat) is None:
            return False
        self._again.add(seat)
        return True

    def may_again(self, seat: str) -> bool:
        """Whether the teacher allowed this seat one more attempt."""
        return seat in self._again

    def used_again(self, seat: str) -> None:
        """That attempt has begun."""
        self._again.discard(seat)

    def claim(self, lesson: Lesson, seat: str, tablet: str) -> bool:
        """Sit down; True when the seat is this tablet's now, False when the teacher is asked."""
        mark = print_of(tablet)
        with self._changing:
            self._refused.pop((seat, mark), None)
            self._withdraw(mark, but=seat)
            holder = self.holder(seat)
            if holder is not None and holder.tablet != mark and holder.lesson == lesson.uid:
                self._waiting.setdefault((seat, mark), Claim(lesson.uid, seat, mark, time.time()))
            elif holder is None or holder.tablet != mark or holder.lesson != lesson.uid:
                self._seat(Claim(lesson.uid, seat, mark, time.time()))
        self._tell(seat)
        return self.holds(seat, tablet)

    def allow(self, seat: str, tablet: str = "") -> bool:
        """Let a waiting tablet have the seat: the one with this hash, or the one that waits longest."""
        with self._changing:
            waiting = self._first_waiting(seat, tablet)
            if waiting is not None:
                for key in [key for key in self._waiting if key[0] == seat]:
                    del self._waiting[key]
                self._seat(waiting)
        self._tell(seat)
        return waiting is not None

    def refuse(self, seat: str, tablet: str = "") -> bool:
        """Leave the seat where it is."""
        with self._changing:
            waiting = self._first_waiting(seat, tablet)
            if waiting is not None:
                del self._waiting[seat, waiting.tablet]
                self._refused[seat, waiting.tablet] = time.time()
        self._tell(seat)
        return waiting is not None

    def free(self, seat: str) -> None:
        """Nobody sits there any more; whoever waits longest for it, does."""
        with self._changing:
            self._release(seat)
            waiting = self._first_waiting(seat, "")
            if waiting is not None:
                del self._waiting[seat, waiting.tablet]
                self._seat(waiting)
        self._tell(seat)

    def _first_waiting(self, seat: str, tablet: str) -> Claim | None:
        mine = [one for one in self._waiting.values() if one.seat == seat and tablet in ("", one.tablet)]
        return min(mine, key=lambda one: one.claimed, default=None)

    def _withdraw(self, mark: str, but: str) -> None:
        """A tablet sits at one seat and waits for one: what it asked for or held before is free."""
        for key in [key for key in self._waiting if key[1] == mark and key[0] != but]:
            del self._waiting[key]
        for seat in [one.seat for one in self._held.values() if one.tablet == mark and one.seat != but]:
            self._release(seat)

    def _seat(self, claim: Claim) -> None:
        self._withdraw(claim.tablet, but=claim.seat)
        self._release(claim.seat)
        values = {name: getattr(claim, name) for name in ("lesson", "seat", "tablet", "claimed")}
        with self.store.write() as connection:
            key = connection.execute(insert(table).values(**values)).inserted_primary_key
        self._held[claim.seat] = Claim(**values, id=int(key[0]) if key else 0)

    def _release(self, seat: str) -> None:
        claim = self._held.pop(seat, None)
        if claim is not None:
            with self.store.write() as connection:
                connection.execute(update(table).where(table.c.id == claim.id).values(released=time.time()))

    def _counts(self, claim: Claim) -> bool:
        """A claim counts in its lesson and for a while after, unless the class has a new lesson by then."""
        lesson = self.lessons.get(claim.lesson)
        if lesson is None or lesson.ended is None:
            return lesson is not None
        return time.time() - lesson.ended < AFTERGLOW_SECONDS and self.lessons.of_seat(claim.seat) is None

    def _tell(self, seat: str) -> None:
        for listener in self._listeners:
            self._soon(listener, seat)


def print_of(tablet: str) -> str:
    """What the record knows of a browser: a hash of its random name."""
    return hashlib.sha256(tablet.encode()).hexdigest()[:32]


def _claim(row: Any) -> Claim:
    return Claim(row.lesson, row.seat, row.tablet, row.claimed, row.id)
