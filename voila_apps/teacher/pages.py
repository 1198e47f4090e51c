"""The teacher's pages: home, the wall of a lesson and its end, the projector, a look over a shoulder, a trial run."""

import asyncio
import io
import json
import shutil
import time
from pathlib import Path
from typing import Any

import segno
from tornado.web import HTTPError

from engine.errors import Refusal
from labs.bench.words import both_say
from voila_apps import showcase
from voila_apps.admission import Taken
from voila_apps.benches import Bench, Benches
from voila_apps.catalogue import Catalogue, Scenario
from voila_apps.classroom.cookies import over_tls
from voila_apps.classroom.lessons import MODES, Lesson
from voila_apps.classroom.roles import TeacherPage
from voila_apps.listening import shown
from voila_apps.pages import BENCH_FILES
from voila_apps.shelves import Shelf
from voila_apps.teacher import summary
from voila_apps.teacher.clerk import Clerk
from voila_apps.teacher.live import Wall, Walls, told_lesson, told_scenario
from voila_apps.teacher.shoulder import TEACHERS_SEAT
from voila_apps.teacher.wall import Tile
from voila_apps.teacher.wording import MODE_WORDS, TEACHER_NOTICES, teacher_words
from voila_apps.wording import in_both

PAST_LESSONS = 12
TRUTHS_WAIT = 4.0  # s that a summary waits for accepted values; those that come later are in the next look
BASE = '"baseUrl": "/"'  # where a page's script looks for its kernel


class DeskPage(TeacherPage):
    """A page of the teacher's, with the words of all of them."""

    def paint(self, template: str, **content: Any) -> str:
        """A page from a template, its words and data beside it for the scripts."""
        return super().paint(template, tw=teacher_words(), data=_in_script(content.pop("data", {})),
                             spoken=_in_script(teacher_words()), **content)

    @property
    def walls(self) -> Walls:
        """All walls."""
        walls: Walls = self.settings["walls"]
        return walls

    @property
    def benches(self) -> Benches:
        """All benches."""
        benches: Benches = self.settings["benches"]
        return benches

    def lesson(self, uid: str) -> Lesson:
        """The lesson with this uid."""
        found: Lesson | None = self.room.lessons.get(uid)
        if found is None:
            raise HTTPError(404)
        return found

    async def scenarios(self) -> dict[str, Scenario]:
        """All scenarios by id."""
        catalogue: Catalogue = self.settings["catalogue"]
        return await catalogue.scenarios()

    def picture(self, scenario: Scenario) -> str | None:
        """The address of a scenario's picture."""
        shelf: Shelf = self.settings["picture_shelf"]
        names = [f"{stem}{suffix}" for stem in (scenario.id, scenario.card.get("lab")) for suffix in (".webp", ".png")]
        return next((shelf.url(name) for name in names if name in shelf.files), None)

    def address(self) -> str:
        """The address that students open: the one this page was opened at, unless that leads to this computer only."""
        host = self.request.host
        if host.rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]"):
            listening = self.settings.get("host", "127.0.0.1")
            host = f"{shown(listening)}:{host.rpartition(':')[2]}"
        return f"{'https' if over_tls(self) else 'http'}://{host}/"

    def notice_of(self, status: int, name: str, **fields: Any) -> None:
        """A page that says what is the matter and what to do."""
        self.set_status(status)
        texts = {part: in_both(text, **fields) for part, text in TEACHER_NOTICES[name].items()}
        self.finish(self.paint("notice.html", name=name, texts=texts))


class Home(DeskPage):
    """Where a teacher begins: lessons that are held, a lesson to start, classes, and how the box is."""

    async def get(self) -> None:
        """The page."""
        await self.show()

    async def show(self, problem: Refusal | None = None, good: dict[str, str] | None = None) -> None:
        """The page, with what went wrong or well on top."""
        known = await self.scenarios()
        cards = [showcase.card(one, None, self.picture(one)) for one in known.values() if not one.error]
        lessons = [self._lesson_card(lesson, known) for lesson in self.room.lessons.open()]
        past = [self._lesson_card(lesson, known) for lesson in self.room.lessons.past(limit=PAST_LESSONS)]
        busy = {lesson["class_id"] for lesson in lessons}
        box = await asyncio.to_thread(box_state, self.settings)
        self.finish(self.paint(
            "teacher/home.html", lessons=lessons, past=past, cards=showcase.in_order(cards),
            classes=self.room.classes.all(), busy=busy, box=box,
            modes=[(mode, *(in_both(text) for text in MODE_WORDS[mode])) for mode in MODES],
            problem=both_say(problem) if problem else None, good=good, address=self.address()))

    def _lesson_card(self, lesson: Lesson, known: dict[str, Scenario]) -> dict[str, Any]:
        scenario = known.get(lesson.scenario)
        plain = {"en": lesson.scenario, "zh": lesson.scenario}
        return told_lesson(lesson) | {
            "title": scenario.title if scenario else plain, "picture": self.picture(scenario) if scenario else None,
            "mode_text": in_both(MODE_WORDS[lesson.mode][0]), "seats": len(self.room.seating.taken(lesson.uid)),
            "day": time.strftime("%Y-%m-%d", time.localtime(lesson.started)),
            "clock": time.strftime("%H:%M", time.localtime(lesson.started)), "qr": qr(self.address() + "seat"),
        }


class StartLesson(Home):
    """Begins a lesson."""

    async def get(self) -> None:
        """Looking at this address changes nothing."""
        self.redirect("/teacher")

    async def post(self) -> None:
        """Start it and go to its wall; or say why not."""
        asked = {name: self.get_body_argument(name, "") for name in ("class", "scenario", "mode")}
        scenario = (await self.scenarios()).get(asked["scenario"])
        try:
            if scenario is None or scenario.error:
                raise Refusal("Choose an experiment for the lesson.")
            lesson = await self.in_writer(self.room.lessons.start, asked["class"], scenario.id, scenario.content_hash,
                                          asked["mode"])
        except Refusal as refusal:
            self.set_status(409)
            await self.show(refusal)
            return
        self.redirect(f"/teacher/lesson/{lesson.uid}", status=303)


class LessonPage(DeskPage):
    """The wall while a lesson is held; the lesson in one page when it is over."""

    async def get(self, uid: str) -> None:
        """The one or the other."""
        lesson = self.lesson(uid)
        if lesson.ended is not None:
            self.redirect(f"/teacher/summary/{uid}")
            return
        await self.show(lesson, "teacher/wall.html")

    async def show(self, lesson: Lesson, template: str) -> None:
        """The page, with its wall as it stands."""
        wall = await self.walls.of(lesson)
        at = self.address() + "seat"
        data = {"uid": lesson.uid, "class": lesson.class_id, **wall.everything(), "now": time.time()}
        self.finish(self.paint(template, lesson=told_lesson(lesson), title=told_scenario(wall.scenario)["title"],
                               data=data, address=at, qr=qr(at)))


class Projector(LessonPage):
    """What the whole class may see: the code, the way in, everybody's readings and nobody's name or seat."""

    async def get(self, uid: str) -> None:
        """The page."""
        await self.show(self.lesson(uid), "teacher/projector.html")


class SummaryPage(DeskPage):
    """A lesson in one page."""

    async def get(self, uid: str) -> None:
        """Questions, steps, readings, and a report for each student."""
        lesson = self.lesson(uid)
        wall = await self.walls.of(lesson)
        keys = {tile.run: self._key(tile.run) for tile in wall.tiles.values() if tile.run and _slipped(tile)}
        known = await self.clerk.truths(await self.walls.notebook(lesson.scenario), keys, TRUTHS_WAIT)
        found = await self.walls.on_thread(self._fold, wall, known)
        title = told_scenario(wall.scenario)["title"]
        self.finish(self.paint(
            "teacher/summary.html", lesson=told_lesson(lesson), title=title, **found,
            data={"uid": uid, "class": lesson.class_id, **wall.everything(), "now": time.time()},
            day=time.strftime("%Y-%m-%d", time.localtime(lesson.started)),
            clock=[time.strftime("%H:%M", time.localtime(at)) for at in (lesson.started, lesson.ended or time.time())]))

    def _fold(self, wall: Wall, known: dict[str, Any]) -> dict[str, Any]:
        tiles = {seat: tile for seat, tile in wall.tiles.items() if tile.begun}
        truths = {seat: known.get(tile.run, {}) for seat, tile in tiles.items()}
        students = [{"seat": seat, "number": seat.partition("/")[2] or seat, **tile.public()}
                    for seat, tile in sorted(tiles.items(), key=lambda one: _place(one[0]))]
        return {"questions": summary.questions(wall.scenario, tiles, truths),
                "steps": summary.steps(wall.scenario, tiles), "students": students}

    @property
    def clerk(self) -> Clerk:
        """Who knows what is accepted."""
        clerk: Clerk = self.settings["clerk"]
        return clerk

    def _key(self, run: str) -> bytes:
        return bytes.fromhex(self.settings["store"].find(run).draw_key)


class ReportPage(SummaryPage):
    """One student's report, with the accepted values."""

    async def get(self, uid: str, seat: str) -> None:  # type: ignore[override]
        """The report of the seat's newest run in this lesson."""
        lesson = self.lesson(uid)
        wall = await self.walls.of(lesson)
        tile = wall.tiles.get(seat) or wall.tiles.get(f"{lesson.class_id}/{seat}")
        if tile is None or not tile.run:
            self.notice_of(404, "no_run")
            return
        path, documents = await self.walls.notebook(lesson.scenario), list(tile.record.documents)
        try:
            self.finish(await self.clerk.report(path, documents, self._key(tile.run), lesson.scenario))
        except Refusal:
            self.notice_of(503, "no_report")


class BenchPage(DeskPage):
    """Pages that show a bench: Voilà's page of a kernel, reached through one of the teacher's own doors."""

    policy = BENCH_FILES

    async def pass_on(self, bench: Bench, door: str, **doorstep: Any) -> None:
        """The bench's page as it grows, its script sent to the teacher's door."""
        self.write(self.paint("doorstep.html", title=bench.scenario.title, door=door, **doorstep))
        await self.flush()
        async for part in bench.page():
            self.write(part.replace(BASE, f'"baseUrl": "{door}/"'))
            await self.flush()


class WatchPage(BenchPage):
    """A student's bench, to look at."""

    async def get(self, uid: str, seat: str) -> None:
        """The living bench of this seat in this lesson."""
        lesson = self.lesson(uid)
        full = seat if "/" in seat else f"{lesson.class_id}/{seat}"
        bench = next((one for one in self.benches.of_lesson(uid) if one.sitting.seat == full), None)
        if bench is None or not self.benches.alive(bench):
            self.notice_of(404, "no_bench", seat=full[:40])
            return
        watching = {"seat": full, "back": f"/teacher/lesson/{uid}", "ask": f"/teacher/look/{uid}/{full}"}
        await self.pass_on(bench, "/teacher/watch", watching=_in_script(watching))


class TrialPage(BenchPage):
    """The teacher does the experiment as a student does, with the accepted values at hand."""

    async def get(self, name: str) -> None:
        """The teacher's own bench; its run bears the seat "teacher"."""
        scenario = (await self.scenarios()).get(name)
        if scenario is None:
            raise HTTPError(404)
        if scenario.error:
            self.notice(503, "broken", title=scenario.title, problem=scenario.error)
            return
        try:
            bench = await self.benches.open(TEACHERS_SEAT, scenario)
        except Taken:
            self.set_header("Retry-After", "15")
            self.notice(503, "taken")
            return
        await self.pass_on(bench, "/teacher/own", trial=_in_script({"answers": f"/teacher/answers/{name}",
                                                                   "words": _trial_words()}))


def box_state(settings: dict[str, Any]) -> dict[str, Any]:
    """How the box is: benches, memory, disk, the newest backup."""
    benches, root = settings["benches"], settings["store"].path.parent
    memory = _memory()
    disk = shutil.disk_usage(root)
    backups = sorted((path.stat().st_mtime for path in (root / "backups").glob("*") if path.is_file()), reverse=True)
    return {
        "benches": len(benches), "limit": benches.limit, "memory": memory,
        "disk": {"free": disk.free / 1e9, "used": 1 - disk.free / disk.total},
        "backup": round((time.time() - backups[0]) / 60) if backups else None,
    }


def _memory() -> dict[str, float] | None:
    """Memory in use, where the system tells."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        total, free = (1024 * int(lines[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError):
        return None
    return {"free": free / 1e9, "total": total / 1e9, "used": 1 - free / total}


def qr(address: str) -> str:
    """An address as a drawing that a tablet's camera reads: dark on light, whatever the page around it is."""
    drawing = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawing, kind="svg", xmldecl=False, svgns=True, border=2, dark="#0b1622", light="#ffffff", omitsize=True,
        nl=False, svgclass="qr", lineclass=None)
    return drawing.getvalue().decode()


def _slipped(tile: Tile) -> bool:
    """Whether a number was answered wrong: only then the accepted value tells what went wrong."""
    return any(one["verdict"] == "wrong" and isinstance(one["value"], int | float)
               for given in tile.record.answers.values() for one in given)


def _place(seat: str) -> tuple[str, int]:
    head, _, number = seat.partition("/")
    return head, int(number) if number.isdecimal() else 0


def _trial_words() -> dict[str, dict[str, str]]:
    words = teacher_words()
    named = ("trial", "trial_text", "hidden", "accepted", "within", "nothing_hidden", "close", "back")
    return {name: words[name] for name in named}


def _in_script(data: Any) -> str:
    """JSON that can stand inside a script element."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
