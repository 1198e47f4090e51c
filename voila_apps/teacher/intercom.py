"""The intercom: how the server speaks with running benches without ever passing a student's socket.

Every bench holds one long answer open, with the token of its run. Down it go lines of JSON: pause, a message, a wish to
be shown. A bench that joins late, or again, is first told how things stand: whether its lesson is paused, and what was
said to it while nobody listened. Forty silent lines cost forty sockets and nothing else.
"""

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tornado.iostream import StreamClosedError

from voila_apps.benches import Bench
from voila_apps.record import KernelRequest

KEPT_NOTES = 5  # messages to one seat that wait for a bench to join
AGAIN_SECONDS = 20.0  # a message this young is said again to a bench that joins: the line may have broken under it

Order = dict[str, Any]


@dataclass
class Note:
    """A message to one seat; in memory alone, and gone with the server: it may hold a name."""

    text: str
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    said: float = field(default_factory=time.monotonic)
    arrived: bool = False


class Intercom:
    """All open lines. `paused` tells of a lesson, by its uid, whether it is paused; to be used in the event loop."""

    def __init__(self, paused: Callable[[str], bool] = lambda lesson: False) -> None:
        self._paused = paused
        self._lines: dict[IntercomRequest, Bench] = {}
        self._notes: dict[str, deque[Note]] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def tell(self, to: str, order: Order) -> int:
        """Give an order to every bench of a seat, or of a lesson; how many heard it."""
        return sum(line.send(order) for line in self._of(to))

    def say(self, seat: str, text: str) -> bool:
        """A message to a seat; whether a bench took it at once. One that nobody took waits for the next bench."""
        note = Note(text)
        self._notes.setdefault(seat, deque(maxlen=KEPT_NOTES)).append(note)
        note.arrived = self.tell(seat, _order(note)) > 0
        return note.arrived

    def join(self, line: "IntercomRequest") -> None:
        """A bench listens: first it is told how things stand."""
        self._lines[line] = line.bench
        sitting, now = line.bench.sitting, time.monotonic()
        line.send({"do": "pause", "on": self._paused(sitting.lesson)})
        for note in self._notes.get(sitting.seat, ()):
            if not note.arrived or now - note.said < AGAIN_SECONDS:
                note.arrived = line.send(_order(note)) or note.arrived

    def leave(self, line: "IntercomRequest") -> None:
        """A bench listens no more."""
        self._lines.pop(line, None)

    def forget(self, seats: list[str]) -> None:
        """A lesson is over: what was said in it is not kept."""
        for seat in seats:
            self._notes.pop(seat, None)

    def close(self) -> None:
        """Let every bench go."""
        for line in list(self._lines):
            line.gone.set()

    def _of(self, to: str) -> Iterator["IntercomRequest"]:
        return iter([line for line, bench in self._lines.items() if to in (bench.sitting.seat, bench.sitting.lesson)])


def _order(note: Note) -> Order:
    return {"do": "say", "id": note.id, "text": note.text}


class IntercomRequest(KernelRequest):
    """One bench's line: an answer that goes on for as long as the bench lives."""

    gone: asyncio.Event

    async def get(self) -> None:
        """Hold the line; where there is no classroom nobody would speak on it, and the bench is told not to wait."""
        intercom: Intercom | None = self.settings.get("intercom")
        if intercom is None:
            self.set_status(204)
            return
        self.gone = asyncio.Event()
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Cache-Control", "no-store")
        intercom.join(self)
        try:
            await self.gone.wait()
        finally:
            intercom.leave(self)

    def send(self, order: Order) -> bool:
        """Write one line; whether the bench was there to read it."""
        try:
            self.write(json.dumps(order, ensure_ascii=False) + "\n")
            sent = asyncio.ensure_future(self.flush())
        except (StreamClosedError, RuntimeError):  # it has just gone
            self.gone.set()
            return False
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())
        return True

    def on_connection_close(self) -> None:
        """The bench has gone, or its server connection broke."""
        self.gone.set()
