"""Who may: pages and requests for the teacher alone.

A teacher's page sends everybody else to the login; a teacher's request answers everybody else
with 403. Whatever changes something (POST, PUT, PATCH, DELETE) must besides come from a page of
ours: the session's cookie is SameSite=Strict, and the request must name our own origin
(`Origin`, or `Sec-Fetch-Site: same-origin` where a browser leaves it out). A form token would
prove the same once more, and would have to be in every page.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tornado.web import HTTPError, RequestHandler

from engine.errors import Refusal
from labs.bench.words import both_say
from voila_apps.classroom.cookies import classroom_of, is_teacher, own_origin, seat_of, tablet_of
from voila_apps.classroom.room import Classroom
from voila_apps.classroom.wording import room_words
from voila_apps.pages import Page

__all__ = ["Request", "RoomPage", "TeacherPage", "TeacherRequest", "is_teacher", "seat_of", "tablet_of"]

READING = ("GET", "HEAD", "OPTIONS")


class InRoom(RequestHandler):
    """Something that exists in a classroom alone, and changes nothing for a page of somebody else's."""

    def prepare(self) -> Any:
        """Not there for guests; not for forged requests."""
        if classroom_of(self) is None:
            raise HTTPError(404)
        if self.request.method not in READING and not own_origin(self):
            raise HTTPError(403)

    @property
    def room(self) -> Classroom:
        """The classroom."""
        room = classroom_of(self)
        assert room is not None
        return room

    async def in_writer(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do something in the one thread that writes to the record."""
        return await asyncio.get_running_loop().run_in_executor(self.settings["writer"], work, *arguments)


class RoomPage(InRoom, Page):
    """A page of the classroom, for anybody."""

    def paint(self, template: str, **content: Any) -> str:
        """A page from a template, with the classroom's words."""
        return super().paint(template, room=room_words(), **content)


class TeacherPage(RoomPage):
    """A page for the teacher; everybody else is sent to the login."""

    def prepare(self) -> None:
        """Only the teacher comes in."""
        super().prepare()
        if not is_teacher(self):
            if self.request.method not in READING:
                raise HTTPError(403)
            self.redirect("/teacher/login")


class Request(InRoom):
    """A question of a page's script, answered in JSON."""

    def set_default_headers(self) -> None:
        """Never kept."""
        for name, value in {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Type": "application/json; charset=utf-8",
            "Server": "Wanxiang",
        }.items():
            self.set_header(name, value)

    def asked(self) -> dict[str, Any]:
        """The JSON object that was sent."""
        try:
            body = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError):
            raise HTTPError(400) from None
        if not isinstance(body, dict):
            raise HTTPError(400)
        return body

    def write_error(self, status_code: int, **how: Any) -> None:
        """A refusal in both languages, anything else as its status."""
        problem = how.get("exc_info", (None, None))[1]
        if isinstance(problem, Refusal):
            self.set_status(409)
            self.finish({"error": both_say(problem)})
        else:
            self.finish({"error": {"en": self._reason, "zh": self._reason}})

    def log_exception(self, kind: Any, problem: Any, trace: Any) -> None:
        """A refusal is an answer, not a fault."""
        if not isinstance(problem, Refusal):
            super().log_exception(kind, problem, trace)


class TeacherRequest(Request):
    """A request that only the teacher may make."""

    def prepare(self) -> None:
        """403 for everybody else."""
        super().prepare()
        if not is_teacher(self):
            raise HTTPError(403)
