"""Pages rendered ahead: when a lesson begins, its benches are prepared before the students come.
When it ends, or a seat is freed, benches that nobody needs are given back.

One after the other, and never while somebody waits before a page that is being rendered: whoever
has come goes first. What nobody joined gives way at once when a place is needed.
"""

import asyncio

from tornado.log import app_log

from voila_apps.benches import Bench, Benches
from voila_apps.catalogue import Catalogue, Scenario
from voila_apps.classroom.lessons import Lesson
from voila_apps.classroom.room import Classroom

LOOK_SECONDS = 0.1  # between looks whether somebody still waits
RENDER_SECONDS = 60.0  # a page that takes longer does not hold up the others


class Ahead:
    """Prepares the benches of every lesson that begins, and clears what is left when it ends."""

    def __init__(self, benches: Benches, room: Classroom, catalogue: Catalogue) -> None:
        self.benches, self.room, self.catalogue = benches, room, catalogue
        self._clearing: set[asyncio.Task[None]] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        room.lessons.on_change(self.mind)
        room.seating.on_change(self.mind_seat)

    def take_up(self) -> None:
        """Lessons that were open when the server came back get their benches again."""
        for lesson in self.room.lessons.open():
            self.mind(lesson)

    def mind(self, lesson: Lesson) -> None:
        """A lesson began, or ended."""
        if lesson.ended is not None:
            self._stop(lesson.uid)
            self._tasks[lesson.uid] = asyncio.ensure_future(self._clear(lesson))
        elif lesson.uid not in self._tasks:
            self._tasks[lesson.uid] = asyncio.ensure_future(self._prepare(lesson))

    def mind_seat(self, seat: str) -> None:
        """A seat that was freed gives its bench back; the run stays in the record."""
        if self.room.seating.holder(seat) is None:
            for bench in self.benches.of_seat(seat):
                task = asyncio.ensure_future(self.benches.clear(bench))
                self._clearing.add(task)
                task.add_done_callback(self._clearing.discard)

    def close(self) -> None:
        """Nothing more is prepared."""
        for uid in list(self._tasks):
            self._stop(uid)

    async def _prepare(self, lesson: Lesson) -> None:
        try:
            scenario = (await self.catalogue.scenarios()).get(lesson.scenario)
            if scenario is not None and not scenario.error:
                for seat in self.room.classes.get(lesson.class_id).seats:
                    await self._prepare_one(seat, scenario, lesson)
        except Exception:
            app_log.exception("The benches of %s could not be prepared ahead", lesson.uid)

    async def _prepare_one(self, seat: str, scenario: Scenario, lesson: Lesson) -> None:
        while self.benches.busy():
            await asyncio.sleep(LOOK_SECONDS)
        bench = await self.benches.open_ahead(seat, scenario, lesson.uid)
        if bench is not None:
            await _rendered(bench)

    async def _clear(self, lesson: Lesson) -> None:
        """What nobody joined goes; after an exam everything does, so that nothing more is done."""
        for bench in self.benches.of_lesson(lesson.uid):
            if lesson.exam or not bench.joined:
                await self.benches.clear(bench)

    def _stop(self, uid: str) -> None:
        task = self._tasks.pop(uid, None)
        if task is not None:
            task.cancel()


async def _rendered(bench: Bench) -> None:
    async def all_of_it() -> None:
        async for _ in bench.page():
            pass

    try:
        await asyncio.wait_for(all_of_it(), RENDER_SECONDS)
    except TimeoutError:
        app_log.warning("A page that is prepared ahead takes long")
