"""Will this tablet do? The page measures line and picture in the browser; the server sends bytes and answers.

What a tablet measured is kept in memory for the teacher's eyes, under its seat, and for nobody else.
"""

import json
import math
import os
import time
from typing import Any

from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from voila_apps.classroom.cookies import address_of, classroom_of, own_origin, seat_of, tablet_of
from voila_apps.classroom.limits import Limit
from voila_apps.classroom.roles import TeacherRequest
from voila_apps.classroom.wording import room_words
from voila_apps.pages import Page

BLOCK = 64 * 1024  # bytes; random, so that nothing on the way can compress them
MOST = 4 * 1024 * 1024
ECHOES = 60  # of one socket
LONGEST_ECHO = 64
KEPT = 400  # results
NUMBERS = {"megabits": 1e5, "delay": 1e5, "frames": 1e3, "texture": 1e6, "webgl": 9.0}
VERDICTS = ("good", "enough", "weak")
measurements = Limit(burst=12, per_minute=20)  # by tablet or address: some megabytes each


class ConnectionPage(Page):
    """The page that measures."""

    def get(self) -> None:
        """For everybody, guests too."""
        inside = classroom_of(self) is not None
        way = "/seat" if inside and seat_of(self) is None else "/"
        self.finish(self.paint("connection.html", room=room_words(), way=way, inside=inside))


class ConnectionBytes(RequestHandler):
    """Bytes to be timed."""

    async def get(self) -> None:
        """So many as were asked for, up to some megabytes."""
        asked = self.get_query_argument("n", "")
        if not asked.isascii() or not asked.isdecimal() or len(asked) > 8 or not 1 <= int(asked) <= MOST:
            raise HTTPError(400)
        wait = measurements.take(tablet_of(self) or address_of(self))
        if wait > 0:
            self.set_header("Retry-After", str(math.ceil(wait)))
            raise HTTPError(429)
        left = int(asked)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Length", str(left))
        block = os.urandom(BLOCK)
        while left > 0:
            self.write(block[:left])
            left -= BLOCK
            await self.flush()

    def write_error(self, status_code: int, **_: Any) -> None:
        """Nobody reads it."""
        self.finish()


class ConnectionSocket(WebSocketHandler):
    """Answers what it hears, so that the way there and back can be timed; shows, too, that sockets get through."""

    echoes = 0

    def on_message(self, message: str | bytes) -> None:
        """The same back, a few dozen times."""
        self.echoes += 1
        if len(message) > LONGEST_ECHO or self.echoes > ECHOES:
            self.close(1008)
        else:
            self.write_message(message, binary=isinstance(message, bytes))


class ConnectionResult(RequestHandler):
    """What a tablet found."""

    def post(self) -> None:
        """Keep it for the teacher, if this tablet sits at a seat."""
        room = classroom_of(self)
        if not own_origin(self):
            raise HTTPError(403)
        found = measured(self.request.body)
        seat = seat_of(self)
        if room is not None and seat is not None:
            room.checks.pop(seat, None)
            room.checks[seat] = {"seat": seat, "when": time.time(), **found}
            for old in list(room.checks)[:-KEPT]:
                del room.checks[old]
        self.set_status(204)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Nobody reads it."""
        self.finish()


class SeenChecks(TeacherRequest):
    """The results of all seats."""

    def get(self) -> None:
        """The newest of each seat."""
        self.finish({"checks": list(self.room.checks.values())})


def measured(body: bytes) -> dict[str, Any]:
    """Numbers within reason, a verdict, the name of the graphics: whatever else was sent is dropped."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPError(400) from None
    if not isinstance(told, dict) or told.get("verdict") not in VERDICTS:
        raise HTTPError(400)
    found: dict[str, Any] = {"verdict": told["verdict"]}
    for name, most in NUMBERS.items():
        value = told.get(name)
        good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
        found[name] = float(value) if good else None  # type: ignore[arg-type]
    text = told.get("renderer")
    found["renderer"] = "".join(one for one in text if one.isprintable())[:80] if isinstance(text, str) else ""
    return found
