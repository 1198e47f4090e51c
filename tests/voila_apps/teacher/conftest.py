"""A lesson that is being held: a real server, a class, a teacher who is logged in, students at benches."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from labs.bench.logbook import MemoryLogbook
from labs.bench.run import Run
from labs.bench.scenario import Scenario, load
from tests.voila_apps.classroom.conftest import Room, open_room
from tests.voila_apps.conftest import REPOSITORY, Visitor
from tests.voila_apps.wire import Pupil

KEY = b"k" * 32
LOADS = count(1)  # a page that is loaded again has another name


@pytest.fixture(scope="session")
def pendulum() -> Scenario:
    """A scenario with two controls, instruments read by hand, drawn gravity."""
    found = load(REPOSITORY / "scenarios" / "pendulum_gravity.ipynb")
    found.id = "pendulum_gravity"
    return found


@pytest.fixture
def make_run(pendulum: Scenario) -> Callable[..., Run]:
    """A run whose clock is a list: `clock[0]` is what the wall shows."""

    def make(clock: list[float] | None = None, seat: str = "3-2/4", key: bytes = KEY) -> Run:
        now = clock or [1000.0]
        return Run(pendulum, key, MemoryLogbook(), seat=seat, clock=lambda: now[0])

    return make


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A classroom with a guided lesson of class 3-2 and one of 3-1."""
    opened = open_room(tmp_path_factory.mktemp("school"), "--benches", "8", guided="3-2 3-1")
    yield opened
    assert opened.house.close() == 0


@pytest.fixture(scope="session")
def teacher(school: Room) -> Visitor:
    """The teacher, logged in."""
    return school.teacher()


@pytest.fixture
def sit(school: Room, teacher: Visitor) -> Iterator[Callable[..., Pupil]]:
    """Sit a student down at a bench of a lesson; the seat is free again after the test."""
    opened = dict[str, Pupil]()

    def sit_down(number: int, class_id: str = "3-2") -> Pupil:
        student = school.sit(class_id, number)
        pupil = Pupil(school.port, student.cookie_header, "swing", f"window.{next(LOADS)}").sit_down()
        opened[f"{class_id}/{number}"] = pupil
        return pupil

    yield sit_down
    for seat, pupil in opened.items():
        pupil.leave()
        school.decide(teacher, "free", seat)


def order(school: Room, teacher: Visitor, lesson: str, **what: Any) -> Any:
    """What the teacher's page posts."""
    answer = school.post(teacher, f"/teacher/lesson/{school.lessons[lesson]}/orders", json.dumps(what))
    assert answer.status == 200, answer.text
    return answer.json


def hear_until(pupil: Pupil, holds: Callable[[], Any], seconds: float = 5.0) -> None:
    """Listen until something is so."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        pupil.listen_for(0.05)
