"""What the mode of a lesson changes at the bench, and what of a classroom no kernel ever holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from labs.bench import showing
from labs.bench.logbook import MemoryLogbook
from labs.bench.run import Run
from labs.bench.scenario import load
from labs.bench.scene import Scene
from tests.voila_apps.classroom.conftest import Room
from tests.voila_apps.wire import Pupil
from voila_apps.home import shipped_scenarios

pytestmark = pytest.mark.xdist_group("classroom")


@pytest.mark.parametrize(("class_id", "guide"), [("3-2", True), ("3-1", False), ("2-5", True)])
def test_guided_shows_the_guide_free_hides_it_an_exam_keeps_the_questions(
    room: Room, class_id: str, guide: bool
) -> None:
    who = room.sit(class_id, 35)
    pupil = Pupil(room.port, who.cookie_header, "swing").sit_down()
    assert pupil.state["guide"] is guide
    pupil.leave()
    room.post(who, "/seat/leave")


def test_in_an_exam_hints_and_reasons_do_not_reach_the_page() -> None:
    scenario = load(shipped_scenarios() / "pendulum_gravity.ipynb")
    run = Run(scenario, b"x" * 32, MemoryLogbook())
    scene = Scene(scenario.lab.title)
    scenario.lab.furnish(scene)
    scene.build(run.solver)
    usual, exam = (showing.given(scenario, run, scene, hints=hints)["steps"] for hints in (True, False))
    assert any(step["hint"]["en"] for step in usual) and any(step["why"]["en"] for step in usual)
    assert not any(step[name][lang] for step in exam for name in ("hint", "why") for lang in ("en", "zh"))
    assert [step["text"] for step in exam] == [step["text"] for step in usual]  # the task itself is there
    told = showing.state(run, hints=False)["steps"]
    assert any(step["told"]["en"] for step in showing.state(run)["steps"])
    assert not any(step["told"]["en"] for step in told)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_no_kernel_holds_a_password_a_code_or_another_seat(room: Room) -> None:
    """Not in its environment, and not in its memory."""
    teacher = room.teacher()
    people = [room.sit("3-2", number) for number in (36, 37)]
    before = {one.pid for one in room.house.kernels()}
    for who in people:
        who.open_bench("swing")
    fresh = [one for one in room.house.kernels() if one.pid not in before]
    kept = json.loads((room.house.data / "teacher.json").read_text())
    cookies: Any = [teacher.cookies["wanxiang_teacher"], people[0].cookies["wanxiang_tablet"]]
    secrets = [room.password, kept["hash"], kept["mark"], room.codes["3-2"], *cookies]
    for kernel in fresh:
        memory = kernel.memory()
        assert not [one for one in secrets if one.encode() in memory]
        assert sum(seat in memory for seat in (b"3-2/36", b"3-2/37")) <= 1
    assert fresh and (room.house.data / "secret.key").read_bytes() not in b"".join(one.memory() for one in fresh)
    for who in people:
        room.post(who, "/seat/leave")
