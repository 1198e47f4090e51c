"""What the teacher's pages ask for while they are open: the news of a wall, orders to a class, names, answers."""

import asyncio
import contextlib
import json
import time
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from engine.errors import Refusal
from voila_apps.benches import Benches
from voila_apps.classroom.lessons import Lesson
from voila_apps.classroom.roles import TeacherRequest
from voila_apps.classroom.roster import names_of
from voila_apps.teacher.clerk import Clerk
from voila_apps.teacher.intercom import Intercom
from voila_apps.teacher.live import Event, Wall, Walls
from voila_apps.teacher.shoulder import TEACHERS_SEAT

HEARTBEAT = 2.0  # s between signs of life on a stream of news
LONGEST_MESSAGE = 400  # characters


class LessonRequest(TeacherRequest):
    """A request about one lesson."""

    def lesson(self, uid: str) -> Lesson:
        """The lesson with this uid."""
        found: Lesson | None = self.room.lessons.get(uid)
        if found is None:
            raise HTTPError(404)
        return found

    @property
    def walls(self) -> Walls:
        """All walls."""
        walls: Walls = self.settings["walls"]
        return walls

    def seat(self, lesson: Lesson, name: str) -> str:
        """A seat of this lesson, named in full or by its number."""
        full = name if "/" in name else f"{lesson.class_id}/{name}"
        if not full.startswith(f"{lesson.class_id}/"):
            raise HTTPError(404)
        return full


class News(LessonRequest):
    """Server-sent events: the whole wall once, then what changes. Who comes back after a break gets what was missed."""

    async def get(self, uid: str) -> None:
        """Speak until the page is closed."""
        wall = await self.walls.of(self.lesson(uid))
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("X-Accel-Buffering", "no")
        self.gone, fresh = asyncio.Event(), asyncio.Event()
        sent = self._begin(wall)
        wall.listeners.add(fresh.set)
        try:
            with contextlib.suppress(StreamClosedError):
                await self.flush()
                while not self.gone.is_set():
                    sent = await self._go_on(wall, sent, fresh)
        finally:
            wall.listeners.discard(fresh.set)

    def _begin(self, wall: Wall) -> int:
        """The whole wall, or what somebody missed; the number of the last event told."""
        missed = wall.since(self.request.headers.get("Last-Event-ID", ""))
        self.write("retry: 1000\n\n")
        if missed is None:
            self._tell(wall, (wall.count, "everything", wall.everything()))
        for event in missed or []:
            self._tell(wall, event)
        return wall.count

    async def _go_on(self, wall: Wall, sent: int, fresh: asyncio.Event) -> int:
        fresh.clear()
        news = [event for event in wall.events if event[0] > sent]
        for event in news:
            self._tell(wall, event)
        if not news:
            try:
                await asyncio.wait_for(fresh.wait(), HEARTBEAT)
            except TimeoutError:
                self.write(f"event: beat\ndata: {{\"now\": {time.time():.1f}}}\n\n")
        await self.flush()
        return max(sent, *(event[0] for event in news)) if news else sent

    def _tell(self, wall: Wall, event: Event) -> None:
        number, kind, content = event
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        self.write(f"id: {wall.id(number)}\nevent: {kind}\ndata: {text}\n\n")

    def on_connection_close(self) -> None:
        """The page was closed."""
        if hasattr(self, "gone"):
            self.gone.set()


class Orders(LessonRequest):
    """What the teacher tells a class or a seat to do."""

    async def post(self, uid: str) -> None:
        """Obey one order: pause, say, end."""
        lesson, asked = self.lesson(uid), self.asked()
        obey = getattr(self, f"_do_{asked.get('do')}", None)
        if obey is None:
            raise HTTPError(400)
        self.finish(await obey(lesson, asked) or {})

    @property
    def intercom(self) -> Intercom:
        """The line to the benches."""
        intercom: Intercom = self.settings["intercom"]
        return intercom

    async def _do_pause(self, lesson: Lesson, asked: dict[str, Any]) -> dict[str, Any]:
        on = asked.get("on") is True
        await self.in_writer(self.room.lessons.pause, lesson.uid, on)
        return {"heard": self.intercom.tell(lesson.uid, {"do": "pause", "on": on})}

    async def _do_say(self, lesson: Lesson, asked: dict[str, Any]) -> dict[str, Any]:
        text = str(asked.get("text", "")).strip()
        if not text:
            raise Refusal("There is nothing to say yet. Write a message.")
        if len(text) > LONGEST_MESSAGE:
            raise Refusal("This message is too long: {length} characters of at most {most}.", length=len(text),
                          most=LONGEST_MESSAGE)
        wall = await self.walls.of(lesson)
        seats = [self.seat(lesson, str(asked["seat"]))] if asked.get("seat") else \
            [name for name, seat in wall.seats.items() if seat.connected or seat.claimed]
        return {"heard": sum(self.intercom.say(seat, text) for seat in seats), "of": len(seats)}

    async def _do_end(self, lesson: Lesson, asked: dict[str, Any]) -> None:
        await self.in_writer(self.room.lessons.end, lesson.uid)
        self.intercom.tell(lesson.uid, {"do": "pause", "on": False})


class Look(LessonRequest):
    """A watching page wants to see how things stand: the bench is asked over the intercom, never over a socket."""

    async def post(self, uid: str, seat: str) -> None:
        """Ask the seat's bench to show itself."""
        lesson = self.lesson(uid)
        intercom: Intercom = self.settings["intercom"]
        self.finish({"heard": intercom.tell(self.seat(lesson, seat), {"do": "show", "to": "teacher"})})


class TrialAnswers(TeacherRequest):
    """What is hidden in the teacher's own trial run: computed when asked, in this answer alone."""

    async def get(self, name: str) -> None:
        """The accepted values of the trial run of this scenario."""
        benches: Benches = self.settings["benches"]
        walls: Walls = self.settings["walls"]
        bench = next((one for one in benches.of_seat(TEACHERS_SEAT) if one.scenario.id == name), None)
        if bench is None:
            raise HTTPError(404)
        clerk: Clerk = self.settings["clerk"]
        told = await clerk.accepted(await walls.notebook(name), bench.sitting.draw_key.hex(), bench.sitting.draw_key)
        self.finish({part: told[part] for part in ("hidden", "answers")})


class Names(TeacherRequest):
    """The names of a class, from the school's own file, for a page that asks; they are not kept anywhere."""

    def get(self, class_id: str) -> None:
        """Seat number and name."""
        if self.room.classes.find(class_id) is None:
            raise HTTPError(404)
        self.finish({"names": names_of(self.room.folder.classes, class_id)})
