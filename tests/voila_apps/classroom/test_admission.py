"""How many benches there are, who waits, who comes next, and what is prepared ahead."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.voila_apps.classroom.conftest import Room, open_room
from tests.voila_apps.conftest import Visitor
from voila_apps.admission import AWAKE_SECONDS, KEPT_SECONDS, Queue, usual_limit

pytestmark = pytest.mark.xdist_group("classroom")
GB = 1e9


@pytest.mark.parametrize(
    ("cores", "memory", "per_bench", "limit"),
    [
        (2, 8 * GB, 60e6, 40),
        (2, 3 * GB, 60e6, 33),
        (2, 8 * GB, 300e6, 23),
        (16, 64 * GB, 60e6, 320),
        (1, 0.5 * GB, 60e6, 2),
    ],
)
def test_the_cap_follows_from_cores_and_memory(cores: int, memory: float, per_bench: float, limit: int) -> None:
    assert usual_limit(per_bench, cores, memory) == limit


def test_first_come_first_served_and_sleepers_keep_their_place() -> None:
    queue = Queue()
    for second, seat in enumerate("abc"):
        queue.join(seat, float(second))
    assert [queue.place(seat, 3.0) for seat in "abcd"] == [1, 2, 3, 4]
    assert queue.may_enter("a", 1, 3.0) and not queue.may_enter("b", 1, 3.0) and queue.may_enter("b", 2, 3.0)
    assert not queue.may_enter("new", 3, 3.0)  # nobody jumps the queue
    later = AWAKE_SECONDS + 3.0
    queue.join("b", later)
    queue.join("c", later)  # a is asleep
    assert queue.place("b", later) == 1 and queue.place("c", later) == 2
    queue.join("a", later + 1)  # and awake again
    assert queue.place("a", later + 1) == 1
    queue.tidy(later + KEPT_SECONDS + 0.5)
    assert len(queue) == 1 and "a" in queue


def test_the_wait_is_estimated_from_what_was_left_and_from_experience() -> None:
    queue = Queue(pace=60.0)
    for seat in "abc":
        queue.join(seat)
    assert queue.wait("a", [10.0]) == 10.0 and queue.wait("b", [10.0]) == 70.0 and queue.wait("c", []) == 180.0
    queue.note_freed(0.0)
    queue.note_freed(10.0)
    assert 10.0 < queue.pace < 60.0


def kernel(answer: Any) -> str:
    found = re.search(r'"kernelId": "([0-9a-f-]{36})"', answer.text)
    assert found, answer.text
    return found.group(1)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A box with two benches, which are cleared three seconds after they were left."""
    opened = open_room(tmp_path_factory.mktemp("small"), "--benches", "2", "--idle", "0.05", free="3-1", exam="2-5")
    yield opened
    assert opened.house.close() == 0


def test_the_queue_tells_the_place_and_lets_in_in_turn(small: Room, within: Any) -> None:
    """Benches taken, two wait; when one bench is left, the first in the queue gets it and the second moves up."""
    sitting, first, second = [small.sit("3-1", n) for n in (1, 2)], small.sit("3-1", 3), small.sit("3-1", 4)
    sockets = [who.socket(kernel(who.ask("/lab/swing"))) for who in sitting]
    page = first.ask("/lab/swing")
    assert page.status == 503 and page.headers["Retry-After"] and "All benches are taken." in page.text
    assert second.ask("/lab/swing").status == 503
    told = [who.ask("/queue/state").json for who in (first, second)]
    assert [one["place"] for one in told] == [1, 2] and not any(one["go"] for one in told)
    assert told[0]["minutes"] <= told[1]["minutes"] and told[0]["waiting"] == 2
    sockets[0].close()
    within(30, lambda: first.ask("/queue/state").json["go"] and not second.ask("/queue/state").json["go"])
    assert second.ask("/lab/swing").status == 503  # not by pressing reload
    assert kernel(first.ask("/lab/swing"))
    assert second.ask("/queue/state").json["place"] == 1
    assert kernel(sitting[1].ask("/lab/swing"))  # who sits, sits
    sockets[1].close()


@pytest.mark.slow
def test_a_bench_that_was_left_is_cleared_and_its_run_goes_on(small: Room, within: Any) -> None:
    who = small.sit("3-1", 5)
    within(60, lambda: who.ask("/queue/state").json["go"])  # the benches of the test before are being given back
    before = kernel(who.ask("/lab/swing"))
    who.socket(before).close()
    within(30, lambda: who.ask(f"/api/kernels/{before}").status == 404)
    after = kernel(who.ask("/lab/swing"))
    assert after != before
    assert 'class="card begun' in who.ask("/").text  # the same run, not a new one


def test_benches_of_a_lesson_are_ready_before_its_students_come(tmp_path: Path, within: Any) -> None:
    """Measured: how long a page takes that was prepared ahead, beside one that was not."""
    room = open_room(tmp_path, "--benches", "3", guided="3-2")
    within(60, lambda: room.visitor().ask("/health").json["benches"] == 3)
    times = {}
    for number in (1, 30):  # seat 1 was ready before the third was begun; 30 takes the place of one that nobody joined
        who = room.sit("3-2", number)
        began = time.perf_counter()
        page = who.ask("/lab/swing")
        times[number] = time.perf_counter() - began
        assert page.text.rstrip().endswith("</html>") and kernel(page)
    print(f"ready ahead {1e3 * times[1]:.0f} ms, not ahead {1e3 * times[30]:.0f} ms")
    assert times[1] < 0.5 and times[1] < times[30] / 2
    assert room.visitor().ask("/health").json["benches"] == 3
    assert room.house.close() == 0


def test_when_an_exam_ends_its_benches_close(small: Room, within: Any) -> None:
    who, teacher = small.sit("2-5", 1), small.teacher()
    within(60, lambda: who.ask("/queue/state").json["go"])
    bench = kernel(who.ask("/lab/swing"))
    ended = small.post(teacher, f"/teacher/lesson/{small.lessons['2-5']}/orders", '{"do": "end"}')
    assert ended.status == 200
    within(20, lambda: who.ask(f"/api/kernels/{bench}").status == 404)
    told = who.ask("/lab/swing")
    assert told.status == 403 and "The exam has ended." in told.text and "考试已经结束" in told.text


def test_two_hundred_loads_leave_another_students_page_unharmed(room: Room) -> None:
    hurried, calm = room.sit("3-1", 31), room.sit("3-1", 32)
    theirs = kernel(calm.ask("/lab/swing"))
    statuses = [hurried.ask("/lab/swing").status for _ in range(200)]
    assert set(statuses) == {200, 429} and statuses.count(200) <= 100
    began = time.monotonic()
    assert kernel(calm.ask("/lab/swing")) == theirs
    assert time.monotonic() - began < 3.0
    for who in (hurried, calm):
        room.post(who, "/seat/leave")


@pytest.mark.slow
def test_guests_without_cookies_do_not_take_every_bench(tmp_path: Path, start_house: Any) -> None:
    """Somebody who asks again and again with no cookie gets few kernels; somebody elsewhere still gets a bench."""
    house = start_house(tmp_path, "--benches", "3")
    statuses = [Visitor(house.port).ask("/lab/pendulum_gravity", X_Forwarded_For="10.0.0.9").status for _ in range(60)]
    assert statuses.count(200) == 3 and statuses.count(429) >= 10 and statuses.count(503) >= 10
    time.sleep(5.5)
    other = house.visitor()
    other.ask("/")
    assert other.ask("/lab/pendulum_gravity", X_Forwarded_For="10.0.0.10").status == 200
