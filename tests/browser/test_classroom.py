"""A classroom in a real browser: code and seat, the queue, a reload, a second tab, a seat that moves."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.voila_apps.classroom.conftest import Room, open_room

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("classroom-browser")]
PATIENCE = 90_000  # ms, for a machine that compiles kernels for the first time
PARTING = ("Kernel connection is disposed", "Cannot send")  # what Voilà's script says when its kernel is gone
READY = "button.read:not([disabled])"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A box with two benches and a class that has a lesson."""
    room = open_room(tmp_path_factory.mktemp("lesson"), "--benches", "2", "--idle", "0.1", free="3-2")
    yield room
    assert room.house.close() == 0


@pytest.fixture
def tablet(chromium: Any, opened: Room) -> Iterator[Callable[..., Any]]:
    """Another tablet each time, with cookies of its own; whatever its console complains of fails the test."""
    contexts, complaints = list[Any](), list[str]()

    def switch_on(lang: str = "en-US") -> Any:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale=lang, has_touch=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.goto(f"{opened.origin}/seat")
        return page

    yield switch_on
    for context in contexts:
        context.close()
    assert not [one for one in complaints if not one.startswith(PARTING)]


def sit(page: Any, room: Room, number: int) -> None:
    """Type code and number, as a student does: the code leads on to the number by itself."""
    page.locator("#code").press_sequentially(room.codes["3-2"])
    assert page.evaluate("document.activeElement.id") == "number"
    page.keyboard.type(str(number))
    page.keyboard.press("Enter")


def kernel_of(page: Any) -> str:
    return str(page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"))


def leave(page: Any, room: Room) -> None:
    """Get up, so that the bench comes free."""
    page.goto(f"{room.origin}/seat")
    page.locator("form[action='/seat/leave'] button").click()
    page.wait_for_selector("#code")


def test_a_student_sits_down_and_comes_back_to_the_same_bench(opened: Room, tablet: Callable[..., Any]) -> None:
    """Code and number lead to the bench; a reload and a second tab find it living; leaving frees the seat."""
    page = tablet()
    page.locator("#code").press_sequentially("12345")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "code"  # one digit is missing: nothing was sent
    page.fill("#code", "")
    sit(page, opened, 7)
    began = time.monotonic()
    page.wait_for_selector(READY)
    print(f"usable {time.monotonic() - began:.1f} s after the seat was taken")
    assert "/lab/swing" in page.url
    bench = kernel_of(page)
    page.reload()
    page.wait_for_selector(READY)
    assert kernel_of(page) == bench
    second = page.context.new_page()
    second.goto(f"{opened.origin}/lab/swing")
    second.wait_for_selector("[aria-busy=false]", state="attached", timeout=PATIENCE)
    assert kernel_of(second) == bench
    second.get_by_role("button", name="Continue here").wait_for()
    second.close()
    leave(page, opened)


def test_a_seat_moves_to_another_tablet_when_the_teacher_agrees(opened: Room, tablet: Callable[..., Any]) -> None:
    """The second tablet waits and goes on by itself onto the living bench; the first is told where its seat is."""
    first, second, teacher = tablet(), tablet("zh-CN"), opened.teacher()
    sit(first, opened, 9)
    first.wait_for_selector(READY)
    bench = kernel_of(first)
    sit(second, opened, 9)
    second.get_by_role("heading", name="请告诉老师").wait_for()
    assert opened.decide(teacher, "allow", "3-2/9").status == 200
    second.wait_for_selector(READY)
    assert kernel_of(second) == bench
    assert not second.locator("dialog[open]").count()  # the teacher has agreed: nobody asks again
    first.get_by_text("Your seat is now on another tablet.").wait_for(timeout=10_000)
    first.get_by_role("link", name="Take a seat").click()
    first.get_by_text("Seat 3-2 / 9 is now on another tablet.").wait_for()
    leave(second, opened)


def test_the_queue_lets_in_by_itself(opened: Room, tablet: Callable[..., Any]) -> None:
    """Both benches are taken; a third student waits with place 1, and the bench opens when another leaves."""
    sockets = []
    for number in (21, 22):
        who = opened.sit("3-2", number)
        while who.ask("/lab/swing").status == 503:  # benches of the tests before are being given back
            time.sleep(1)
        sockets.append(who.socket(who.open_bench("swing")))
    waiting = tablet()
    sit(waiting, opened, 23)
    waiting.get_by_role("heading", name="All benches are taken.").wait_for()
    assert waiting.locator("[data-place]").inner_text() == "1"
    sockets[0].close()
    waiting.wait_for_selector(READY)  # without a tap
    sockets[1].close()
    leave(waiting, opened)


def test_a_tablet_is_measured_and_told_in_plain_words(opened: Room, tablet: Callable[..., Any]) -> None:
    page = tablet()
    page.goto(f"{opened.origin}/connection")
    page.wait_for_selector(".verdict:not([data-verdict=busy])")
    rows = page.locator("[data-row]").evaluate_all("rows => rows.map(row => [row.dataset.row, row.className])")
    marks = dict(rows)
    assert set(marks) == {"browser", "webgl", "frames", "socket", "delay", "megabits"}
    assert marks["browser"] == marks["socket"] == "good" and set(marks.values()) <= {"good", "enough", "weak"}
    advised = page.locator("[data-row].weak .advice").count()
    assert advised == list(marks.values()).count("weak") == page.locator(".advice:visible").count()
    page.get_by_role("button", name="中文").click()
    assert page.get_by_role("heading", name="这台平板能用吗？").is_visible()
