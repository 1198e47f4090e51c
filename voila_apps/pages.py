"""What a browser sees: the catalogue, a student's bench, and the pages that say why there is none."""

import json
import secrets
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from tornado.log import app_log
from tornado.web import HTTPError, RequestHandler

from voila_apps import showcase
from voila_apps.benches import Benches, Taken
from voila_apps.catalogue import Catalogue, Scenario
from voila_apps.classroom.cookies import GUEST, SEAT_COOKIE, SEAT_DAYS, keep, seat_of
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

    def seat(self) -> str:
        """The seat of this browser; a new guest's when it has none."""
        seat = seat_of(self)
        if seat is None:
            seat = f"{GUEST}{secrets.token_hex(6)}"
            keep(self, SEAT_COOKIE, seat, expires_days=SEAT_DAYS)
        return seat

    def paint(self, template: str, **content: Any) -> str:
        """A page from a template."""
        environment: Environment = self.settings["templates"]
        content |= {"lang": self.language, "static": self.settings["own_shelf"].url, "words": interface_words()}
        return environment.get_template(template).render(content)

    def notice(self, status: int, name: str, **fields: Any) -> None:
        """A page that says what is the matter and what to do."""
        self.set_status(status)
        texts = {part: in_both(text, **fields) for part, text in NOTICES[name].items()}
        self.finish(self.paint("notice.html", name=name, texts=texts))

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
        seat = seat_of(self)
        catalogue: Catalogue = self.settings["catalogue"]
        store: RecordStore = self.settings["store"]
        progress = store.progress(seat) if seat else {}
        cards = [
            showcase.card(scenario, progress.get(scenario.id), self._picture(scenario))
            for scenario in (await catalogue.scenarios()).values()
        ]
        self.seat()
        self.finish(
            self.paint(
                "catalogue.html",
                cards=showcase.in_order(cards),
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
        """Whether the reader sits where the server runs, and may be told of its folders."""
        return self.request.remote_ip in ("127.0.0.1", "::1") and "X-Forwarded-For" not in self.request.headers


class LabPage(Page):
    """A student's bench."""

    policy = BENCH_FILES

    async def get(self, name: str) -> None:
        """The living bench of this seat, or a new one; the page grows while it is prepared."""
        scenario = await self._scenario(name)
        if scenario.error:
            self.notice(503, "broken", title=scenario.title, problem=scenario.error)
            return
        benches: Benches = self.settings["benches"]
        try:
            bench = await benches.open(self.seat(), scenario)
        except Taken:
            self.set_header("Retry-After", "15")
            self.notice(503, "taken")
            return
        self.write(self.paint("doorstep.html", title=scenario.title))
        await self.flush()
        async for part in bench.page():
            self.write(part)
            await self.flush()

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
        seat = seat_of(self)
        if seat is not None:
            await self.settings["benches"].start_again(seat, scenario)
        self.redirect(f"/lab/{name}")

    async def get(self, name: str) -> None:
        """Looking at this address changes nothing."""
        self.redirect(f"/lab/{name}")


@lru_cache
def interface_words() -> dict[str, dict[str, str]]:
    """Every word of the catalogue in both languages."""
    return {name: in_both(text) for name, text in CATALOGUE_WORDS.items()}


def _in_script(data: Any) -> str:
    """JSON that can stand inside a script element."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
