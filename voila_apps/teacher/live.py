"""Walls that live: documents come in from the record, changes go out to whoever looks.

Folding is done in a thread of its own, so that neither the event loop nor the record waits for it. What goes out is
what changed, numbered, and the newest of it is kept: a page whose line broke for a moment asks for what it missed.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tornado.log import app_log

from labs.bench.scenario import Scenario, load
from labs.bench.words import both
from voila_apps.teacher.wall import Seat, Tile, alerts, need

BEAT = 0.2  # s between two looks at what has come in
TICK = 1.0  # s between two looks at what only the clock changes
KEPT_EVENTS = 400  # for those who come back
Event = tuple[int, str, dict[str, Any]]
Documents = list[dict[str, Any]]


class Wall:
    """The wall of one lesson."""

    def __init__(self, lesson: Any, scenario: Scenario, seats: list[str]) -> None:
        self.lesson, self.scenario = lesson, scenario
        self.epoch = secrets.token_hex(3)
        self.tiles: dict[str, Tile] = {}
        self.seats = {name: Seat() for name in seats}
        self.shown: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, list[list[Any]]] = {}
        self.events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self.count = 0
        self.inbox: list[tuple[str, str, Documents]] = []
        self.listeners: set[Callable[[], None]] = set()

    # In the folding thread.

    def load(self, runs: list[tuple[str, str]], documents: Callable[[str], Documents]) -> None:
        """Fold what the record holds: (seat, run) in the order of their beginning."""
        newest = dict(runs)
        for seat, run in newest.items():
            self.tiles[seat] = Tile(self.scenario)
            self.tiles[seat].take(documents(run))

    def fold(self, arrived: list[tuple[str, str, Documents]], documents: Callable[[str], Documents]) -> set[str]:
        """Go on with the fold; the seats that have changed. What was missed is read from the record."""
        changed = set()
        for seat, run, fresh in arrived:
            tile = self.tiles.get(seat)
            if tile is None or tile.run != run:
                tile = self.tiles[seat] = Tile(self.scenario)
            if fresh and fresh[0]["seq"] > tile.record.next_seq:
                fresh = documents(run)
            tile.take(one for one in fresh if one["seq"] == tile.record.next_seq)
            changed.add(seat)
        return changed

    def look(self, worked: set[str], now: float) -> dict[str, Any]:
        """What to tell: of those who worked whatever is new, of the others who is there and who needs somebody."""
        told: dict[str, Any] = {}
        for name in {*self.seats, *self.tiles}:
            before = self.shown.get(name, {})
            anew = name in worked or not before.get("run")
            fresh = {**(self._work(name) if anew else before), **self._need(name, now)}
            difference = {key: value for key, value in fresh.items() if key not in before or before[key] != value}
            if name in worked:
                difference |= self._fresh_rows(name)
            self.shown[name] = fresh
            if difference:
                told[name] = difference
        return told

    def _work(self, name: str) -> dict[str, Any]:
        tile, seat = self.tiles.get(name), self.seats.setdefault(name, Seat())
        there = tile is not None and bool(tile.run) and (tile.begun or seat.connected or seat.claimed)
        return tile.public() if tile is not None and there else {"run": ""}

    def _need(self, name: str, now: float) -> dict[str, Any]:
        seat = self.seats.setdefault(name, Seat())
        found = alerts(self.tiles.get(name), seat, now, paused=self.lesson.paused)
        return {"connected": seat.connected, "claimed": seat.claimed, "waiting": seat.waiting, "alerts": found,
                "need": need(found)}

    def _fresh_rows(self, name: str) -> dict[str, Any]:
        """Rows that came since; all rows where one was taken away or changed."""
        tile = self.tiles.get(name)
        rows, before = tile.rows() if tile else [], self.rows.get(name, [])
        self.rows[name] = rows
        if rows == before:
            return {}
        if rows[: len(before)] == before:
            return {"more": rows[len(before):]}
        return {"rows": rows}

    # In the event loop.

    def everything(self) -> dict[str, Any]:
        """The wall as it was last told, for a page that has just come."""
        seats = {name: {**told, "rows": self.rows.get(name, [])} for name, told in dict(self.shown).items()}
        return {"lesson": told_lesson(self.lesson), "seats": seats, "scenario": told_scenario(self.scenario)}

    def tell(self, kind: str, content: dict[str, Any]) -> None:
        """Put an event on the wall."""
        self.count += 1
        self.events.append((self.count, kind, {**content, "now": round(time.time(), 1)}))
        for listener in list(self.listeners):
            listener()

    def since(self, last: str) -> list[Event] | None:
        """What came after the event with this id; None when that is not known any more."""
        epoch, _, number = last.partition("-")
        if epoch != self.epoch or not number.isdecimal() or not self.events:
            return [] if epoch == self.epoch and number == str(self.count) else None
        if int(number) < self.events[0][0] - 1 or int(number) > self.count:
            return None
        return [event for event in self.events if event[0] > int(number)]

    def id(self, number: int) -> str:
        """What an event is called."""
        return f"{self.epoch}-{number}"


class Walls:
    """The walls of all lessons that are held, and of those that somebody looks at afterwards.

    `benches` and `room` are asked who is there; `notebook` tells where a scenario lies.
    """

    def __init__(self, store: Any, benches: Any, room: Any, notebook: Callable[[str], Awaitable[Path]]) -> None:
        self.store, self.benches, self.room, self.notebook = store, benches, room, notebook
        self._walls: dict[str, asyncio.Future[Wall]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="wall")
        self._loop = asyncio.get_running_loop()
        store.on_append(self._heard)
        room.lessons.on_change(self._lesson_changed)

    async def of(self, lesson: Any) -> Wall:
        """The wall of a lesson, folded from the record if need be."""
        if lesson.uid not in self._walls:
            self._walls[lesson.uid] = asyncio.ensure_future(self._build(lesson))
        try:
            return await asyncio.shield(self._walls[lesson.uid])
        except Exception:
            self._walls.pop(lesson.uid, None)
            raise

    async def run_forever(self) -> None:
        """Bring what has come to the walls, until cancelled."""
        for lesson in self.room.lessons.open():
            asyncio.ensure_future(self.of(lesson)).add_done_callback(_note_failure)
        looked = 0.0
        while True:
            await asyncio.sleep(BEAT)
            ticking = time.monotonic() - looked >= TICK
            looked = time.monotonic() if ticking else looked
            for wall in [one.result() for one in self._walls.values() if one.done() and not one.exception()]:
                try:
                    await self._go_on(wall, ticking)
                except Exception:
                    app_log.exception("The wall of %s failed", wall.lesson.uid)

    async def on_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do something that takes computing beside the event loop, one after the other."""
        return await self._loop.run_in_executor(self._thread, work, *arguments)

    async def scenario(self, name: str) -> Scenario:
        """The scenario of this name."""
        found: Scenario = await self.on_thread(load, await self.notebook(name))
        found.id = name
        return found

    async def _build(self, lesson: Any) -> Wall:
        wall = Wall(lesson, await self.scenario(lesson.scenario), self._seats(lesson))
        await self.on_thread(wall.load, await self.on_thread(self._runs, lesson.uid), self.store.documents)
        self._meet(wall)
        await self.on_thread(wall.look, set(wall.tiles), time.time())
        return wall

    def _runs(self, lesson: str) -> list[tuple[str, str]]:
        """The seats and runs of a lesson, the earlier before the later."""
        return [(row.seat, row.uid) for row in reversed(self.store.runs()) if row.lesson == lesson]

    def _seats(self, lesson: Any) -> list[str]:
        found = self.room.classes.find(lesson.class_id)
        return list(found.seats) if found else []

    def _heard(self, run: str, seat: str, lesson: str, documents: Documents) -> None:
        """In the writing thread, after the commit."""
        self._loop.call_soon_threadsafe(self._take, run, seat, lesson, documents)

    def _take(self, run: str, seat: str, lesson: str, documents: Documents) -> None:
        future = self._walls.get(lesson)
        if future is None:
            return
        if future.done():
            future.result().inbox.append((seat, run, documents))
        else:  # it is being folded: what came meanwhile comes after
            future.add_done_callback(lambda _: self._take(run, seat, lesson, documents))

    def _lesson_changed(self, lesson: Any) -> None:
        future = self._walls.get(lesson.uid)
        if future is None:
            asyncio.ensure_future(self.of(lesson)).add_done_callback(_note_failure)
        elif future.done():
            future.result().lesson = lesson
            future.result().tell("lesson", {"lesson": told_lesson(lesson)})
        self._forget_old()

    def _forget_old(self) -> None:
        """Lessons that ended and that nobody looks at."""
        for uid, future in list(self._walls.items()):
            if future.done() and not future.exception():
                wall = future.result()
                if wall.lesson.ended and time.time() - wall.lesson.ended > 60 and not wall.listeners:
                    del self._walls[uid]

    async def _go_on(self, wall: Wall, ticking: bool) -> None:
        if not wall.inbox and not ticking:
            return
        arrived, wall.inbox = wall.inbox, []
        if ticking:
            self._meet(wall)
        worked = await self.on_thread(wall.fold, arrived, self.store.documents) if arrived else set()
        told = await self.on_thread(wall.look, worked, time.time())
        if told:
            wall.tell("change", {"seats": told})

    def _meet(self, wall: Wall) -> None:
        """See who is there."""
        now, present = time.time(), self.benches.present()
        held = {claim.seat for claim in self.room.seating.taken(wall.lesson.uid)}
        doubles = [claim.seat for claim in self.room.seating.doubles(wall.lesson.uid)]
        for name in {*wall.seats, *held, *wall.tiles}:
            seat = wall.seats.setdefault(name, Seat())
            if seat.connected != (name in present):
                seat.connected, seat.since = name in present, now
            seat.claimed, seat.waiting = name in held, doubles.count(name)


def told_lesson(lesson: Any) -> dict[str, Any]:
    """What the wall says of its lesson."""
    return {name: getattr(lesson, name) for name in
            ("uid", "class_id", "scenario", "mode", "code", "started", "ended", "paused")}


def told_scenario(scenario: Scenario) -> dict[str, Any]:
    """What the wall says of the experiment: its steps, its columns and its questions, without any answer."""
    public = scenario.public()
    controls = {one["name"]: one for one in public["controls"]}
    instruments = {one["name"]: one for one in public["instruments"]}
    columns = [{"name": name, "label": scenario.labels()[name], "unit": scenario.units().get(name, ""),
                "symbol": (instruments.get(name) or controls.get(name) or {}).get("symbol", "")}
               for name in scenario.columns()]
    questions = [{"id": one["id"], "text": one["text"], "unit": one["unit"], "open": one["open"],
                  "choices": {choice["key"]: choice["text"] for choice in one["choices"] or []}}
                 for one in public["questions"]]
    chart = list(scenario.chart or [one["name"] for one in columns[-2:]])
    return {"title": both(scenario.title), "steps": [one["text"] for one in public["steps"]], "columns": columns,
            "questions": questions, "chart": chart}


def _note_failure(done: "asyncio.Future[Any]") -> None:
    if not done.cancelled() and done.exception():
        app_log.error("A wall could not be built: %s", done.exception())
