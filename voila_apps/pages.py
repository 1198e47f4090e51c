"""What a browser sees: the catalogue, a student's bench, and the pages that say why there is none."""

import json
import math
import secrets
from functools import lru_cache
from typing import Any, cast

from jinja2 import Environment
from tornado.log import app_log
from tornado.web import HTTPError, RequestHandler

from voila_apps import showcase
from voila_apps.admission import Taken
from voila_apps.benches import Bench, Benches
from voila_apps.catalogue import Catalogue, Scenario
from voila_apps.classroom.cookies import (
    GUEST,
    SEAT_COOKIE,
    SEAT_DAYS,
    address_of,
    classroom_of,
    is_teacher,
    keep,
    seat_of,
)
from voila_apps.classroom.limits import DoorLimits
from voila_apps.classroom.today import Today, today
from voila_apps.shelves import Shelf
from voila_apps.store import RecordStore
from voila_apps.wording import CATALOGUE_WORDS, NOTICES, in_both

LANGUAGE_COOKIE = "wanxiang_lang"
OWN_FILES = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
# anywidget loads each widget's script from a blob, and three.js compiles some of its own.
BENCH_FILES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline' blob:; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; frame-ancestors 'self'; base-uri 'none'"
)


class Page(RequestHandler):
    """A page of ours, in two languages, loading nothing from elsewhere."""

    policy = OWN_FILES

    def set_default_headers(self) -> None:
        """No page is kept by a browser, framed elsewhere, or allowed to load from another host."""
        for name, value in {
            "Content-Security-Policy": self.policy,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Content-Type": "text/html; charset=utf-8",
            "Server": "Wanxiang",
        }.items():
            self.set_header(name, value)

    @property
    def language(self) -> str:
        """The reader's language: the one chosen before, else the browser's first among ours."""
        chosen = self.get_cookie(LANGUAGE_COOKIE)
        if chosen in ("en", "zh"):
            return chosen
        asked = [part.strip()[:2].lower() for part in self.request.headers.get("Accept-Language", "").split(",")]
        return next((code for code in asked if code in ("en", "zh")), "en")

    def guest(self) -> tuple[str, bool]:
        """The guest's seat of this browser, and whether it has just been made."""
        seat = seat_of(self)
        if seat is not None:
            return seat, False
        seat = f"{GUEST}{secrets.token_hex(6)}"
        keep(self, SEAT_COOKIE, seat, expires_days=SEAT_DAYS)
        return seat, True

    def paint(self, template: str, **content: Any) -> str:
        """A page from a template."""
        environment: Environment = self.settings["templates"]
        content |= {"lang": self.language, "static": self.settings["own_shelf"].url, "words": interface_words()}
        return environment.get_template(template).render(content)

    def notice(self, status: int, name: str, way: str = "", again: int = 0, **fields: Any) -> None:
        """A page that says what is the matter and what to do: a way on, or another look in `again` seconds."""
        self.set_status(status)
        texts = {part: in_both(text, **fields) for part, text in NOTICES[name].items()}
        self.finish(self.paint("notice.html", name=name, texts=texts, way=way, again=again))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Never a traceback: a calm page."""
        self.set_default_headers()
        self.notice(status_code, "unknown" if status_code < 500 else "trouble")


class NotFound(Page):
    """Every address that is none of ours."""

    def prepare(self) -> None:
        """There is nothing here."""
        raise HTTPError(404)


class CataloguePage(Page):
    """All scenarios as cards."""

    async def get(self) -> None:
        """The catalogue, with what this seat has begun."""
        now = today(self)
        if now is None and classroom_of(self) is not None:
            self.redirect("/seat")
            return
        catalogue: Catalogue = self.settings["catalogue"]
        store: RecordStore = self.settings["store"]
        progress = store.progress(now.seat) if now else {}
        cards = [
            showcase.card(scenario, progress.get(scenario.id), self._picture(scenario))
            for scenario in (await catalogue.scenarios()).values()
            if now is None or not now.barred(scenario.id)
        ]
        if classroom_of(self) is None:
            self.guest()
        lesson = now.lesson if now and now.lesson and now.lesson.ended is None else None
        self.finish(
            self.paint(
                "catalogue.html",
                cards=showcase.in_order(cards),
                today=next((one for one in cards if lesson and one["id"] == lesson.scenario), None),
                exam=bool(lesson and lesson.exam),
                seat=now.seat.split("/") if now and classroom_of(self) else None,
                filters=showcase.filters(cards),
                tries=showcase.words_to_try(cards),
                spoken=_in_script(interface_words()),
                folder=str(catalogue.own) if self._at_this_computer() else None,
                a_lab=next((one["lab"] for one in cards if one["lab"]), "pendulum"),
            )
        )

    def _picture(self, scenario: Scenario) -> str | None:
        shelf: Shelf = self.settings["picture_shelf"]
        names = [f"{stem}{suffix}" for stem in (scenario.id, scenario.card.get("lab")) for suffix in (".webp", ".png")]
        return next((shelf.url(name) for name in names if name in shelf.files), None)

    def _at_this_computer(self) -> bool:
        """Whether the reader sits where the server runs and may be told of its folders: in a classroom the teacher."""
        if classroom_of(self) is not None and not is_teacher(self):
            return False
        return self.request.remote_ip in ("127.0.0.1", "::1") and "X-Forwarded-For" not in self.request.headers


class LabPage(Page):
    """A student's bench."""

    policy = BENCH_FILES

    async def get(self, name: str) -> None:
        """The living bench of this seat, or a new one; the page grows while it is prepared."""
        scenario = await self._scenario(name)
        now = self._today()
        if now is None:
            self.redirect("/seat")
            return
        if barred := now.barred(name):
            self.notice(403, barred, way=f"/lab/{now.lesson.scenario}" if now.lesson and barred == "exam" else "")
            return
        if scenario.error:
            self.notice(503, "broken", title=scenario.title, problem=scenario.error)
            return
        bench = await self._bench(now, scenario)
        if bench is None:
            return
        self.write(self.paint("doorstep.html", title=scenario.title))
        await self.flush()
        async for part in bench.page():
            self.write(part)
            await self.flush()

    def _today(self) -> Today | None:
        """Whose page this is; where there are no seats, a new guest's."""
        self._new = False
        if classroom_of(self) is not None:
            return today(self)
        seat, self._new = self.guest()
        return Today(seat)

    async def _bench(self, now: Today, scenario: Scenario) -> Bench | None:
        """The bench; None when this request has been answered in another way."""
        benches, address, lesson = self.settings["benches"], address_of(self), now.lesson_of(scenario.id)
        limits: DoorLimits = self.settings["limits"]
        living = benches.living(now.seat, scenario, lesson) is not None
        if wait := limits.page(now.seat) or (0.0 if living else limits.bench(now.seat, address, self._new)):
            self._hurried(wait)
            return None
        try:
            return cast(Bench, await benches.open(now.seat, scenario, lesson, address))
        except Taken:
            if not self._new:  # who never comes back must not fill the queue; the page joins it
                benches.queue.join(now.seat)
            self._wait_in_queue(now.seat, scenario)
            return None

    def _hurried(self, wait: float) -> None:
        """Too many pages at once: calmly, and this one alone."""
        seconds = max(1, math.ceil(wait))
        self.set_header("Retry-After", str(seconds))
        self.notice(429, "hurried", again=seconds, n=seconds)

    def _wait_in_queue(self, seat: str, scenario: Scenario) -> None:
        self.set_status(503)
        told = queue_state(self.settings["benches"], seat)
        self.set_header("Retry-After", "15")
        self.finish(self.paint("queue.html", title=scenario.title, told=told))

    async def _scenario(self, name: str) -> Scenario:
        catalogue: Catalogue = self.settings["catalogue"]
        scenario = (await catalogue.scenarios()).get(name)
        if scenario is None:
            raise HTTPError(404)
        return scenario

    def log_exception(self, *problem: Any) -> None:
        """A browser that went away while its page was growing is nothing to report."""
        if not self._finished and self._headers_written:
            app_log.info("A page was left before it was complete")
        else:
            super().log_exception(*problem)


class StartAgain(LabPage):
    """Put the run aside and begin the next attempt, with new hidden values."""

    async def post(self, name: str) -> None:
        """End this seat's run of the scenario; it stays in the record."""
        scenario = await self._scenario(name)
        now = today(self)
        if now is not None and not now.may_begin_again(name):
            self.notice(403, "once", way=f"/lab/{name}" if not now.barred(name) else "")
            return
        if now is not None:
            await self.settings["benches"].start_again(now.seat, scenario, now.lesson_of(name))
            if now.second_try:
                self.settings["classroom"].seating.used_again(now.seat)
        self.redirect(f"/lab/{name}")

    async def get(self, name: str) -> None:
        """Looking at this address changes nothing."""
        self.redirect(f"/lab/{name}")


class QueueState(RequestHandler):
    """What a page in the queue asks: where it stands, how long it may take, whether it may come in."""

    async def get(self) -> None:
        """Asking keeps the place."""
        benches: Benches = self.settings["benches"]
        seat = seat_of(self)
        self.set_header("Cache-Control", "no-store")
        if seat is None:
            self.finish({"go": True})  # the page itself tells what is the matter
            return
        benches.queue.join(seat)
        self.finish(queue_state(benches, seat))


def queue_state(benches: Benches, seat: str) -> dict[str, Any]:
    """Place and wait of one in the queue, and when to ask again: often near the front, seldom far behind."""
    place = benches.queue.place(seat)
    wait = benches.wait(seat)
    return {
        "go": benches.queue.may_enter(seat, benches.places()),
        "place": place,
        "waiting": len(benches.queue),
        "minutes": math.ceil(wait / 60),
        "ask": 2.0 if place <= 3 else 5.0,
    }


@lru_cache
def interface_words() -> dict[str, dict[str, str]]:
    """Every word of the catalogue in both languages."""
    return {name: in_both(text) for name, text in CATALOGUE_WORDS.items()}


def _in_script(data: Any) -> str:
    """JSON that can stand inside a script element."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
