"""The teacher's door: one password for the box, a few guesses a minute, a session that ends by itself."""

import asyncio
import math

from voila_apps.classroom.cookies import TEACHER_COOKIE, TEACHER_HOURS, address_of, is_teacher, keep
from voila_apps.classroom.roles import RoomPage
from voila_apps.classroom.wording import ROOM_WORDS
from voila_apps.wording import in_both


class LoginPage(RoomPage):
    """Where the teacher's password is asked for."""

    def get(self) -> None:
        """The form, unless it is not needed."""
        if is_teacher(self):
            self.redirect("/teacher")
        else:
            self._show()

    async def post(self) -> None:
        """Let the teacher in, or say why not."""
        who, room = address_of(self), self.room
        wait = max(room.logins.wait(who), room.all_logins.wait("all"))
        if wait > 0:
            self._refuse_for_now(wait)
            return
        room.logins.take(who)
        room.all_logins.take("all")
        if not await asyncio.to_thread(room.password.fits, self.get_body_argument("password", "")):
            self.set_status(403)
            self._show("login_wrong")
            return
        room.logins.give_back(who)
        keep(self, TEACHER_COOKIE, room.sessions.begin(), expires_days=TEACHER_HOURS / 24, samesite="Strict")
        self.redirect("/teacher", status=303)

    def _refuse_for_now(self, wait: float) -> None:
        seconds = math.ceil(wait)
        self.set_status(429)
        self.set_header("Retry-After", str(seconds))
        self._show("login_wait", n=seconds)

    def _show(self, problem: str = "", **fields: int) -> None:
        told = in_both(ROOM_WORDS[problem], **fields) if problem else None
        self.finish(self.paint("login.html", problem=told))


class Logout(RoomPage):
    """Ends the teacher's session."""

    def post(self) -> None:
        """The cookie goes, and would not count any more if somebody had kept it."""
        value = self.get_signed_cookie(TEACHER_COOKIE, max_age_days=TEACHER_HOURS / 24)
        if value:
            self.room.sessions.end(value.decode(errors="replace"))
        self.clear_cookie(TEACHER_COOKIE, path="/")
        self.redirect("/teacher/login", status=303)
