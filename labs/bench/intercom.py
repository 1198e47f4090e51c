"""The intercom: what the server says to a running bench, along a line that no browser ever touches.

The bench holds one long answer open, `GET /api/intercom` with its run's token, and reads a line of JSON whenever the
teacher has something to say: pause, a message, show yourself. Orders of a page travel another way, so a student cannot
imitate the teacher. A line that breaks is joined again, each time after a longer wait; an idle one costs nothing.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from engine.errors import Refusal

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # s before joining again
LONGEST_LINE = 65536  # bytes
AT_REST = ("hello", "lang", "guide", "csv", "report", "dismiss")  # what a page may ask for while the lesson is paused
NOTES = 5  # messages of the teacher that a page holds
LONGEST_NOTE = 1000  # characters
TURNED_AWAY = (204, 401, 404)  # nobody speaks here; this run has ended

Order = dict[str, Any]
log = logging.getLogger("wanxiang")


class Intercom:
    """The bench's end of the line. `hear` is called with each order, in the event loop."""

    def __init__(self, url: str, token: str, hear: Callable[[Order], None], *, first_wait: float = FIRST_WAIT) -> None:
        self.url, self.hear = url.rstrip("/") + "/api/intercom", hear
        self.joined = False
        self._headers = {"Authorization": "Bearer " + token}
        self._first_wait = first_wait
        self._half = b""
        self._listening: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Join the line, once; needs a running event loop."""
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        wait = self._first_wait
        while await self._join():
            wait = self._first_wait if self.joined else min(2 * wait, LONGEST_WAIT)
            self.joined = False
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # forty benches do not come back in one moment

    async def _join(self) -> bool:
        """Hold the line until it breaks; whether to join it again."""
        self._half = b""
        # It has no end: both ends are on one machine, and see each other go.
        request = HTTPRequest(self.url, headers=self._headers, request_timeout=0, connect_timeout=10.0,
                              streaming_callback=self._take)
        try:
            answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        except (HTTPClientError, OSError):
            return True
        return answer.code not in TURNED_AWAY

    def _take(self, block: bytes) -> None:
        self.joined = True
        *lines, self._half = (self._half + block).split(b"\n")
        if len(self._half) > LONGEST_LINE:
            self._half = b""
        for line in lines:
            order = None
            with suppress(ValueError):
                order = json.loads(line)
            if isinstance(order, dict) and order.get("do") != "ping":
                self._obey(order)

    def _obey(self, order: Order) -> None:
        try:
            self.hear(order)
        except Exception:
            log.exception("the teacher's order %r could not be obeyed", order.get("do"))


class TeacherSaid:
    """What the teacher has said and still holds: whether the lesson is paused, messages not yet dismissed."""

    def __init__(self) -> None:
        self.paused = False
        self.notes: list[dict[str, str]] = []

    def heed(self, order: Order) -> None:
        """Take an order; one that is not known is no order."""
        if order.get("do") == "pause":
            self.paused = bool(order["on"])
        elif order.get("do") == "say" and str(order["id"]) not in [one["id"] for one in self.notes]:
            note = {"id": str(order["id"]), "text": str(order["text"])[:LONGEST_NOTE]}
            self.notes = [*self.notes, note][-NOTES:]

    def dismiss(self, note: str) -> None:
        """The student has read a message."""
        self.notes = [one for one in self.notes if one["id"] != note]

    def stops(self, do: str) -> bool:
        """Whether an order of the page has to wait."""
        return self.paused and do not in AT_REST

    def refuse(self, order: Order) -> None:
        """What has to wait is told so."""
        raise Refusal("Your teacher has paused the lesson. Go on in a moment.")

    def public(self) -> dict[str, Any]:
        """What the page shows of it."""
        return {"paused": self.paused, "notes": list(self.notes)}
