"""A lesson as the teacher sees it, in a real browser: ten students work, the wall follows, a bench is watched."""

import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.voila_apps.classroom.conftest import Room, open_room
from tests.voila_apps.teacher.conftest import hear_until
from tests.voila_apps.wire import Pupil

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("school")]
PATIENCE = 90_000  # ms
STUDENTS = 10
SHOTS = os.environ.get("WANXIANG_SHOTS", "")  # a folder, for whoever wants to look


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A classroom without a lesson yet."""
    opened = open_room(tmp_path_factory.mktemp("wall"), "--benches", str(STUDENTS + 2))
    yield opened
    assert opened.house.close() == 0


class Desk:
    """The teacher's browser; complaints of its console fail the test."""

    def __init__(self, context: Any, school: Room, shots: Path) -> None:
        self.context, self.school, self.shots = context, school, Path(SHOTS) if SHOTS else shots
        self.complaints: list[str] = []
        self.page = self.tab()

    def tab(self) -> Any:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        return page

    def open(self, path: str) -> None:
        self.page.goto(f"{self.school.origin}{path}")

    def shoot(self, name: str) -> None:
        self.page.screenshot(path=str(self.shots / f"{name}.png"))

    def log_in(self) -> None:
        self.open("/teacher/login")
        self.page.fill("#password", self.school.password)
        self.page.click("button.primary")
        self.page.wait_for_url("**/teacher")


@pytest.fixture
def desk(chromium: Any, school: Room, tmp_path: Path) -> Iterator[Desk]:
    """The teacher at a laptop."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    opened = Desk(context, school, tmp_path)
    opened.log_in()
    yield opened
    context.close()
    assert not opened.complaints, opened.complaints


def start_lesson(desk: Desk) -> tuple[str, str]:
    """A class and a lesson, made on the home page; the lesson's uid and code."""
    page = desk.page
    page.fill("input[name=name]", "3-2")
    page.fill("input[name=size]", "40")
    page.get_by_role("button", name="Save the class").click()
    page.get_by_text("Class 3-2 is saved").wait_for()
    page.locator("label.pill", has_text="3-2").click()
    page.locator(".experiment label", has_text="How strong is gravity here?").click()
    page.locator("label.mode", has_text="Guided").click()
    page.get_by_role("button", name="Start the lesson").click()
    page.wait_for_url("**/teacher/lesson/*")
    return page.url.rpartition("/")[2], re.sub(r"\D", "", page.locator(".code-chip b").inner_text())


def seat_of(number: int) -> str:
    return f'.tile[data-seat="3-2/{number}"]'


def until(page: Any, expression: str) -> None:
    """Wait for something on a page that lets nobody evaluate texts, Playwright's own polling included."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def within(page: Any, seconds: float, expression: str, deed: Callable[[], Any]) -> float:
    """How long after the deed the page shows what was expected."""
    page.evaluate("void (globalThis.seen = new Promise((done) => { const look = () => "
                  f"({expression}) ? done(Date.now()) : setTimeout(look, 20); look(); }}))")
    began = time.time()
    deed()
    took = float(page.evaluate("globalThis.seen")) / 1000 - began
    assert took < seconds, f"{expression} after {took:.2f} s"
    return took


def test_ten_students_on_the_wall_and_one_of_them_watched(desk: Desk, school: Room) -> None:
    uid, code = start_lesson(desk)
    page, pupils = desk.page, list[Pupil]()
    try:
        for number in range(1, STUDENTS + 1):
            student = school.sit("3-2", number, code=code)
            pupils.append(Pupil(school.port, student.cookie_header, "pendulum_gravity", f"window.{number}").sit_down())
        until(page, f"document.querySelector('.counts').textContent.includes('{STUDENTS} of 40')")
        assert page.locator(".tile").count() == 40
        follow(page, pupils)
        desk.shoot("wall")
        speak(page, pupils)
        watch(desk, uid, pupils[2])
    finally:
        for pupil in pupils:
            pupil.leave()
    finish(desk, uid)


def ahead_is_done(pupil: Pupil) -> bool:
    return pupil.state["ahead"] is None and bool(pupil.state["time"] >= 5.9)


def follow(page: Any, pupils: list[Pupil]) -> None:
    """Everything that is done is on the screen within a second; a hand on a tile finds its readings in the chart."""
    text = "document.querySelector('{} .text').textContent.includes('{}')"
    for number, pupil in enumerate(pupils, 1):
        pupil.order("set", name="length", value=0.3 + 0.1 * number)
        pupil.order("press", name="release")
        pupil.order("ahead", seconds=6)
        hear_until(pupil, partial(ahead_is_done, pupil), PATIENCE / 1000)
        pupil.order("measure", instrument="ruler")
        within(page, 1.0, text.format(seat_of(number), "took reading"), partial(pupil.order, "read"))
    until(page, "document.querySelector('[data-chart=scatter] .dots')")
    within(page, 1.0, text.format(seat_of(1), "set length to 1.3 m"),
           partial(pupils[0].order, "set", name="length", value=1.3))
    page.hover(f"{seat_of(4)} .bench")
    page.wait_for_selector("[data-chart=scatter] .dots.own", state="attached")
    page.mouse.move(5, 5)
    page.wait_for_selector("[data-chart=scatter] .dots.own", state="detached")


def speak(page: Any, pupils: list[Pupil]) -> None:
    """Pause all, say something to one, go on."""
    page.click("[data-do=pause]")
    page.wait_for_selector(".paused-strip:not([hidden])")
    for pupil in pupils:
        pupil.listen_for(0.1)
        assert pupil.state["paused"]
    page.click("[data-do=pause]")
    page.wait_for_selector(".paused-strip", state="hidden")
    page.click(f"{seat_of(3)} .more")
    page.locator("#seat-card").get_by_role("button", name="Message").click()
    page.fill("#message-card textarea", "Well measured!")
    page.locator("#message-card").get_by_role("button", name="Send").click()
    page.get_by_text("Sent: 1 of 1").wait_for()
    for pupil in pupils[2:4]:
        pupil.listen_for(0.3)
    assert [one["text"] for one in pupils[2].state["notes"]] == ["Well measured!"]
    assert not pupils[3].state["paused"] and pupils[3].state["notes"] == []


def watch(desk: Desk, uid: str, pupil: Pupil) -> None:
    """One click opens the bench; it moves as the student's does, and nothing on it can be changed."""
    page = desk.page
    page.click(f"{seat_of(3)} .bench")
    page.wait_for_url(f"**/teacher/bench/{uid}/3-2/3")
    end = time.monotonic() + PATIENCE / 1000
    while not page.locator(".lab[aria-busy=false]").count() or not page.evaluate("globalThis.wanxiangBench?.draws > 0"):
        assert time.monotonic() < end, "the bench did not open"
        pupil.listen_for(0.3)
    page.get_by_text("You are watching seat 3-2/3.").wait_for()
    until(page, "document.querySelector('tbody tr[data-row]')")
    assert page.locator("button.read, .transport button, .controls input").evaluate_all(
        "all => all.length > 5 && all.every((one) => one.disabled)")
    clock = "document.querySelector('.transport [role=timer] .digits').textContent"
    before = page.evaluate(clock)
    pupil.order("play", on=True)
    pupil.listen_for(2.0)
    desk.shoot("bench")
    assert page.evaluate(clock) != before
    page.keyboard.press(" ")
    page.keyboard.press("Enter")
    pupil.listen_for(0.5)
    assert pupil.state["running"] and len(pupil.state["rows"]) == 1
    pupil.order("play", on=False)
    within(page, 1.0, "document.querySelector('[data-control=length] input[type=number]').value == '0.45'",
           lambda: pupil.order("set", name="length", value=0.45))
    page.get_by_role("link", name="Back to the class").click()
    page.wait_for_selector(".tile")


def finish(desk: Desk, uid: str) -> None:
    """The projector shows no seat; the end leads to the summary, and from there to a report."""
    desk.open(f"/teacher/projector/{uid}")
    desk.page.wait_for_selector("[data-chart=scatter] .dots", state="attached")
    assert "3-2/" not in desk.page.locator("body main").inner_text()
    desk.shoot("projector")
    desk.open(f"/teacher/lesson/{uid}")
    desk.page.click("[data-do=end]")
    desk.page.locator("#end-card").get_by_role("button", name="End the lesson").click()
    desk.page.wait_for_url(f"**/teacher/summary/{uid}")
    assert desk.page.locator(".students tbody tr").count() == STUDENTS
    desk.shoot("summary")
    desk.page.locator(".students tr[data-number='3']").get_by_role("link", name="Report").click()
    desk.page.get_by_text("How strong is gravity here?").first.wait_for()
