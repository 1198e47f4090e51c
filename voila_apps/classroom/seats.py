"""Where students sit down: the class's code, the number of the seat, nothing else about anybody."""

import math
from typing import Any

from voila_apps.classroom.classes import seat_name
from voila_apps.classroom.cookies import (
    SEAT_COOKIE,
    SEAT_DAYS,
    TABLET_COOKIE,
    address_of,
    keep,
    new_tablet,
    seat_of,
    tablet_of,
)
from voila_apps.classroom.lessons import Lesson, digits
from voila_apps.classroom.roles import Request, RoomPage, TeacherRequest
from voila_apps.classroom.wording import ROOM_WORDS
from voila_apps.wording import in_both


class SeatPage(RoomPage):
    """The form, and what comes of it."""

    def get(self) -> None:
        """The form; or the seat that this tablet has, asks for, or has lost."""
        self._show(standing(self))

    async def post(self) -> None:
        """Sit down, or say what is wrong with the code or the number."""
        tablet, address, room = self._tablet(), address_of(self), self.room
        wait = max(room.codes.wait(tablet), room.codes_by_address.wait(address))
        if wait > 0:
            self.set_header("Retry-After", str(math.ceil(wait)))
            self._form(429, "code_wait", n=math.ceil(wait))
            return
        lesson = room.lessons.of_code(self.get_body_argument("code", ""))
        if lesson is None:
            room.codes.take(tablet)
            room.codes_by_address.take(address)
            self._form(403, "code_wrong")
            return
        await self._sit_down(lesson, tablet)

    async def _sit_down(self, lesson: Lesson, tablet: str) -> None:
        number, size = digits(self.get_body_argument("number", "")), self.room.classes.get(lesson.class_id).size
        if not number or len(number) > 4 or not 1 <= int(number) <= size:
            self._form(403, "number_wrong", name=lesson.class_id, n=size)
            return
        seat = seat_name(lesson.class_id, int(number))
        keep(self, SEAT_COOKIE, seat, expires_days=SEAT_DAYS)  # counts from when the tablet holds the seat
        held = await self.in_writer(self.room.seating.claim, lesson, seat, tablet)
        self.redirect(f"/lab/{lesson.scenario}" if held else "/seat", status=303)

    def _tablet(self) -> str:
        tablet = tablet_of(self)
        if tablet is None:
            tablet = new_tablet()
            keep(self, TABLET_COOKIE, tablet, expires_days=SEAT_DAYS)
        return tablet

    def _form(self, status: int, problem: str, **fields: Any) -> None:
        self.set_status(status)
        self._show({"state": "none"}, problem, **fields)

    def _show(self, standing: dict[str, str], problem: str = "", **fields: Any) -> None:
        typed = {name: self.get_body_argument(name, "")[:12] for name in ("code", "number")}
        told = in_both(ROOM_WORDS[problem], **fields) if problem else None
        seat, state = standing.get("seat", ""), standing["state"]
        note = in_both(ROOM_WORDS[state], seat=" / ".join(seat.split("/"))) if state in ("moved", "refused") else None
        self.finish(self.paint("seat.html", standing=standing, seat=seat.split("/"), note=note, problem=told,
                               typed=typed, about=problem.partition("_")[0]))  # fmt: skip


class SeatState(Request):
    """What a page asks while it waits for the teacher, or when its bench has gone."""

    def get(self) -> None:
        """How this tablet stands to its seat."""
        self.finish(standing(self))


class LeaveSeat(RoomPage):
    """Get up: the next one at this tablet finds the form, the next one at this seat finds it free."""

    async def post(self) -> None:
        """The seat is free; the run stays in the record."""
        seat = seat_of(self)
        if seat is not None and seat == self.kept_seat():
            await self.in_writer(self.room.seating.free, seat)
        self.clear_cookie(SEAT_COOKIE, path="/")
        self.redirect("/seat", status=303)

    def kept_seat(self) -> str | None:
        """The seat of the cookie."""
        value = self.get_signed_cookie(SEAT_COOKIE, max_age_days=SEAT_DAYS)
        return value.decode(errors="replace") if value else None


class SeatDecision(TeacherRequest):
    """What the teacher decides about a seat: `{"seat": "3-2/17"}`, and `tablet` where several ask for it."""

    async def post(self, what: str) -> None:
        """Let the waiting tablet have it, leave it where it is, free it, or allow another attempt in an exam."""
        asked, seating = self.asked(), self.room.seating
        seat, tablet = str(asked.get("seat", "")), str(asked.get("tablet", ""))
        deeds = {"allow": seating.allow, "refuse": seating.refuse}
        if what in deeds:
            done = await self.in_writer(deeds[what], seat, tablet)
        elif what == "free":
            done = seating.holder(seat) is not None
            await self.in_writer(seating.free, seat)
        else:
            done = seating.let_again(seat)
        self.set_status(200 if done else 404)
        self.finish({"done": done})


def standing(handler: RoomPage | Request) -> dict[str, str]:
    """How a tablet stands to the seat of its cookie: `none`, `seated`, `waiting`, `refused` or `moved`."""
    value, tablet = handler.get_signed_cookie(SEAT_COOKIE, max_age_days=SEAT_DAYS), tablet_of(handler)
    seating = handler.room.seating
    if not value or tablet is None:
        return {"state": "none"}
    seat = value.decode(errors="replace")
    if seating.holds(seat, tablet):
        lesson = seating.lesson_at(seat)
        return {"state": "seated", "seat": seat, "go": f"/lab/{lesson.scenario}" if lesson else "/"}
    for state, holds in (("waiting", seating.waits), ("refused", seating.was_refused)):
        if holds(seat, tablet):
            return {"state": state, "seat": seat}
    return {"state": "moved", "seat": seat} if seating.holder(seat) else {"state": "none"}
