"""A student's lesson, in a real browser on a real server: every scenario from the catalogue to the report."""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.line import Line
from tests.voila_apps.conftest import House, start

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("server")]
PATIENCE = 90_000  # ms, for a machine that compiles kernels for the first time
CLOCK = "document.querySelector('.transport [role=timer] .digits').textContent"
SCENARIOS = ("gas_isotherm", "dense_gas", "pendulum_gravity")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server with the shipped scenarios."""
    opened = start(tmp_path_factory.mktemp("lesson"))
    yield opened
    opened.close()


@pytest.fixture
def line(served: House) -> Iterator[Line]:
    """The network between them."""
    opened = Line(served.port)
    yield opened
    opened.close()


class Lesson:
    """One student's tab, with everything it asked for and complained of."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def open(self, scenario: str) -> None:
        self.page.goto(f"{self.address}/lab/{scenario}")
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector(".scene canvas")
        self.page.wait_for_selector("[aria-busy=false]", state="attached")
        self.page.wait_for_selector("button.read:not([disabled])")

    def key(self, key: str) -> None:
        self.page.keyboard.press(key)

    def picture(self) -> bytes:
        return bytes(self.page.locator(".scene canvas").screenshot())

    def time(self) -> float:
        return float(re.sub(r"[^\d.]", "", self.page.locator(".transport [role=timer] .digits").inner_text()))

    def goes_on(self) -> None:
        """Wait until time passes on the bench."""
        self.page.wait_for_function(f"before => {CLOCK} !== before", arg=self.page.evaluate(CLOCK))

    def rows(self) -> int:
        return int(self.page.locator("table[aria-label] tbody tr[data-row]").count())

    def read(self) -> None:
        before = self.rows()
        self.page.locator("button.read").click()
        self.page.wait_for_function("n => document.querySelectorAll('tbody tr[data-row]').length > n", arg=before)

    def ahead(self, time: str) -> None:
        """Run ahead and wait until that much time has passed; a short run shows its progress for a moment only."""
        there = self.time() + float(time)
        self.page.locator(".transport .ahead input").fill(time)
        self.page.locator(".transport .ahead button").click()
        self.page.wait_for_function(f"there => parseFloat({CLOCK}.replace(/[^\\d.]/g, '')) >= there", arg=there - 0.5)
        self.page.wait_for_selector(".transport .ahead progress", state="hidden")

    def control(self, name: str, value: str) -> None:
        box = self.page.locator(f"[data-control={name}] input[type=number]")
        box.fill(value)
        box.press("Enter")

    def download(self, label: str) -> bytes:
        with self.page.expect_download() as found:
            self.page.get_by_role("button", name=label, exact=True).click()
        return Path(found.value.path()).read_bytes()


@pytest.fixture
def lesson(chromium: Any, line: Line) -> Iterator[Callable[[], Lesson]]:
    """Opens tabs of one student; at the end nothing came from elsewhere and nothing was complained of."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US", accept_downloads=True)
    opened: list[Lesson] = []

    def sit_down() -> Lesson:
        opened.append(Lesson(context.new_page(), f"http://127.0.0.1:{line.port}"))
        return opened[-1]

    yield sit_down
    context.close()
    for one in opened:
        assert one.hosts <= {f"127.0.0.1:{line.port}", ""}, one.hosts
        lost = ("net::ERR_", "WebSocket") if line.was_cut else ()
        assert not [said for said in one.complaints if not any(word in said for word in lost)], one.complaints


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_opens_from_the_catalogue_and_moves(lesson: Callable[[], Lesson], scenario: str) -> None:
    tab = lesson()
    tab.page.goto(tab.address)
    tab.page.locator(f"a[href='/lab/{scenario}']").first.click()
    tab.ready()
    still = tab.picture()
    if scenario == "pendulum_gravity":
        tab.page.get_by_role("button", name="Release", exact=True).click()
    tab.key(" ")
    tab.page.wait_for_timeout(1500)
    moved = tab.picture()
    tab.page.wait_for_timeout(700)
    assert still != moved != tab.picture()
    assert tab.time() > 0


def test_the_isotherm_from_first_reading_to_report(lesson: Callable[[], Lesson]) -> None:
    tab = lesson()
    tab.open("gas_isotherm")
    tab.page.get_by_label("twice").check()
    tab.page.get_by_role("button", name="Answer", exact=True).click()
    for place in ("30", "24", "19", "15"):
        tab.control("piston", place)
        tab.ahead("120")
        tab.read()
    assert tab.rows() == 4
    tab.page.get_by_label("Curve").select_option("inverse")
    result = tab.page.locator(".results")
    result.get_by_text(re.compile("±")).first.wait_for()
    table = list(csv.reader(io.StringIO(tab.download("CSV").decode("utf-8-sig"))))
    assert len(table) == 5 and any("MPa" in head for head in table[0])
    pressure, volume = table[0].index("pressure (MPa)"), table[0].index("volume (nm³)")
    products = [float(row[pressure]) * float(row[volume]) for row in table[1:]]
    assert max(products) / min(products) < 1.15
    report = tab.download("Report").decode()
    assert "Squeezing a gas" in report and "src=\"http" not in report


def test_undo_language_a_lost_line_and_a_reload_lose_nothing(lesson: Callable[[], Lesson], line: Line) -> None:
    tab = lesson()
    tab.open("gas_isotherm")
    tab.control("piston", "20")
    undo = tab.page.locator("[data-key=undo]")
    tab.page.wait_for_function("!document.querySelector('[data-key=undo]').disabled")
    undo.click()
    tab.page.wait_for_function("document.querySelector('[data-control=piston] input[type=number]').value == '30.0'")
    tab.ahead("40")
    tab.read()
    tab.page.get_by_role("button", name=re.compile("切换到中文|switch to English|中.EN")).click()
    tab.page.get_by_text("压缩气体").first.wait_for()
    assert tab.rows() == 1
    tab.key(" ")
    tab.goes_on()
    line.cut()
    tab.page.get_by_text("连接已断开").first.wait_for(timeout=6000)
    time.sleep(1.0)
    line.mend()
    tab.page.get_by_text("连接已断开").first.wait_for(state="hidden")
    tab.goes_on()
    tab.key(" ")
    tab.page.wait_for_timeout(800)
    stopped = tab.time()
    tab.page.reload()
    tab.ready()
    assert tab.rows() == 1 and tab.time() == stopped
    tab.page.get_by_text("压缩气体").first.wait_for()


def test_a_second_tab_asks_before_it_takes_the_bench(lesson: Callable[[], Lesson]) -> None:
    first, second = lesson(), lesson()
    first.open("pendulum_gravity")
    second.page.goto(f"{second.address}/lab/pendulum_gravity")
    take = second.page.get_by_role("button", name="Continue here")
    take.click()
    second.ready()
    first.page.get_by_role("button", name="Continue here").wait_for()
