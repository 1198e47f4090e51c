"""Lessons: one class, one scenario, one mode, and a code of six digits that lets its students in.

A lesson is open from its start to its end; its runs bear its uid. Reads are from memory; whatever
changes a lesson is on the disk before it is believed, and is to be called in the one thread that
writes (`await page.in_writer(lessons.start, …)`). Listeners hear of it in the event loop.
"""

import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from sqlalchemy import insert, select, update

from engine.errors import Refusal
from voila_apps.classroom.classes import Classes
from voila_apps.schema import lessons as table
from voila_apps.store import RecordStore

MODES = ("guided", "free", "exam")
CODE_DIGITS = 6
RECENT_SECONDS = 12 * 3600.0  # a lesson that ended less long ago is still known by its uid without a look at the disk


@dataclass(frozen=True)
class Lesson:
    """One lesson of one class."""

    uid: str
    class_id: str
    scenario: str
    content_hash: str
    mode: str
    code: str
    started: float
    ended: float | None = None
    paused: bool = False

    @property
    def guided(self) -> bool:
        """Whether the bench leads through the steps; None of the modes but this one insists on it."""
        return self.mode == "guided"

    @property
    def exam(self) -> bool:
        """Whether students are on their own: no hints, no other experiments, no second attempt."""
        return self.mode == "exam"


Listener = Callable[[Lesson], None]


class Lessons:
    """All lessons of this server's record."""

    def __init__(self, store: RecordStore, soon: Callable[..., Any] | None = None) -> None:
        self.store = store
        self.classes = Classes(store)
        self._soon = soon or (lambda listener, *arguments: listener(*arguments))
        self._listeners: list[Listener] = []
        self._changing = Lock()
        since = time.time() - RECENT_SECONDS
        recent = select(table).where(table.c.ended.is_(None) | (table.c.ended > since)).order_by(table.c.started)
        with store.read() as connection:
            self._known = {row.uid: _lesson(row) for row in connection.execute(recent)}

    def on_change(self, listener: Listener) -> None:
        """Call `listener` with each lesson that began, paused, went on or ended."""
        self._listeners.append(listener)

    def start(self, class_id: str, scenario: str, content_hash: str, mode: str) -> Lesson:
        """Begin a lesson; a class has one at a time."""
        if mode not in MODES:
            raise Refusal("A lesson is one of: {modes}.", modes=", ".join(MODES))
        self.classes.get(class_id)
        with self._changing:
            if any(one.class_id == class_id for one in self.open()):
                raise Refusal("Class {name} already has a lesson. End that one first.", name=class_id)
            lesson = Lesson(
                f"lesson-{secrets.token_hex(8)}", class_id, scenario, content_hash, mode, self._new_code(), time.time()
            )
            with self.store.write() as connection:
                connection.execute(insert(table).values(vars(lesson)))
            self._known[lesson.uid] = lesson
        self._tell(lesson)
        return lesson

    def end(self, uid: str) -> Lesson:
        """End a lesson; ending it again changes nothing."""
        return self._change(uid, ended=time.time(), paused=False)

    def pause(self, uid: str, on: bool) -> Lesson:
        """Pause every bench of a lesson, or let all go on."""
        return self._change(uid, paused=on)

    def open(self) -> list[Lesson]:
        """The lessons that are being held, the oldest first."""
        return [lesson for lesson in self._known.values() if lesson.ended is None]

    def get(self, uid: str) -> Lesson | None:
        """The lesson with this uid."""
        if uid in self._known:
            return self._known[uid]
        with self.store.read() as connection:
            row = connection.execute(select(table).where(table.c.uid == uid)).first()
        return None if row is None else _lesson(row)

    def past(self, class_id: str | None = None, limit: int = 50) -> list[Lesson]:
        """Lessons that have ended, the newest first."""
        query = select(table).where(table.c.ended.is_not(None)).order_by(table.c.started.desc()).limit(limit)
        if class_id is not None:
            query = query.where(table.c.class_id == class_id)
        with self.store.read() as connection:
            return [_lesson(row) for row in connection.execute(query)]

    def of_code(self, code: str) -> Lesson | None:
        """The open lesson with this code, however its digits were typed."""
        typed = digits(code)
        return next((lesson for lesson in self.open() if secrets.compare_digest(lesson.code, typed)), None)

    def of_seat(self, seat: str) -> Lesson | None:
        """The open lesson of this seat's class."""
        return next((lesson for lesson in self.open() if seat.startswith(f"{lesson.class_id}/")), None)

    def last_of_seat(self, seat: str) -> Lesson | None:
        """The open lesson of this seat's class, or else the one that ended last."""
        mine = [lesson for lesson in self._known.values() if seat.startswith(f"{lesson.class_id}/")]
        return self.of_seat(seat) or max(mine, key=lambda lesson: lesson.started, default=None)

    def _change(self, uid: str, **values: Any) -> Lesson:
        with self._changing:
            lesson = self.get(uid)
            if lesson is None:
                raise Refusal("There is no lesson {uid!r}.", uid=uid)
            if lesson.ended is not None:
                return lesson
            changed = replace(lesson, **values)
            if changed == lesson:
                return lesson
            with self.store.write() as connection:
                connection.execute(update(table).where(table.c.uid == uid).values(**values))
            self._known[uid] = changed
        self._tell(changed)
        return changed

    def _new_code(self) -> str:
        """A code that no open lesson has, without a leading zero: some people do not type it."""
        taken = {lesson.code for lesson in self.open()}
        while True:
            code = str(10 ** (CODE_DIGITS - 1) + secrets.randbelow(9 * 10 ** (CODE_DIGITS - 1)))
            if code not in taken:
                return code

    def _tell(self, lesson: Lesson) -> None:
        for listener in self._listeners:
            self._soon(listener, lesson)


def digits(typed: str) -> str:
    """The digits of what was typed, full-width ones too: `４８２ 913` is 482913."""
    return "".join(str(unicodedata.digit(one)) for one in typed[:64] if one.isdecimal())


def _lesson(row: Any) -> Lesson:
    return Lesson(**{name: getattr(row, name) for name in Lesson.__dataclass_fields__})
