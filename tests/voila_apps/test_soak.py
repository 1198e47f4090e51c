"""Hours of lessons in short: benches that stream do not grow, and everything that was written is in the record."""

import threading
import time
from pathlib import Path
from statistics import linear_regression
from typing import Any

import psutil
import pytest

from tests.voila_apps.conftest import House, start
from tests.voila_apps.wire import Pupil
from voila_apps.home import data_folder
from voila_apps.store import RecordStore

pytestmark = pytest.mark.xdist_group("soak")
SLOPE = 1e6  # bytes that a bench may grow by in a minute
LOOK = 2.0  # s between two looks at the memory of all kernels
SETTLED = 0.4  # of the time: caches and the averages of instruments have filled by then
PAUSE = 0.5  # s from one frame of a pupil to the next: this runs beside other tests
BETWEEN = 20  # frames from one reading to the next
SCENARIO = "gas_isotherm"


class Session(threading.Thread):
    """One student who runs the bench slowly, moves the piston and reads, to the end."""

    def __init__(self, house: House, seconds: float) -> None:
        super().__init__(daemon=True)
        visitor = house.visitor()
        visitor.ask("/")
        self.pupil = Pupil(house.port, visitor.cookie_header, SCENARIO)
        self.seconds, self.readings, self.frames = seconds, 0, 0
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as problem:
            self.problem = problem

    def _work(self) -> None:
        pupil = self.pupil.sit_down()
        pupil.order("speed", value=0.25)
        pupil.order("play", on=True)
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            pupil.listen(lambda one: one.custom.get("say") == "frame")  # which gives the credit for the next
            pupil.blocks.clear()
            pupil.heard.clear()
            self.frames += 1
            time.sleep(PAUSE)
            if self.frames % BETWEEN == 0:
                pupil.order("set", name="piston", value=20 + self.frames // BETWEEN % 12)
                pupil.order("read")
                self.readings += 1
        pupil.order("play", on=False)
        while not pupil.state["saved"]["all"]:
            pupil.listen(lambda one: "saved" in one.custom.get("state", {}))
        pupil.leave()


def soak(data: Path, sessions: int, seconds: float) -> None:
    """So many sessions for so long: memory is watched, then the record is counted."""
    house = start(data, "--benches", str(sessions))
    try:
        class_ = [Session(house, seconds) for _ in range(sessions)]
        for one in class_:
            one.start()
            time.sleep(0.3)
        slopes = watch(house, seconds)
        for one in class_:
            one.join(120)
            assert one.problem is None and not one.is_alive(), one.problem
        assert len(slopes) == sessions and max(slopes) < SLOPE, [round(slope / 1e3) for slope in slopes]
    finally:
        assert house.close() == 0
    assert written(data) == sorted(one.readings for one in class_)
    assert min(one.readings for one in class_) > 0


def watch(house: House, seconds: float) -> list[float]:
    """Bytes that each kernel grew by in a minute, from its own pages over the later part of the time."""
    seen: dict[int, list[tuple[float, float]]] = {}
    began = time.monotonic()
    while time.monotonic() - began < seconds - LOOK:
        time.sleep(LOOK)
        for kernel in house.kernels():
            pages = Path(f"/proc/{kernel.pid}/statm").read_text().split()
            own = (int(pages[1]) - int(pages[2])) * 4096
            seen.setdefault(kernel.pid, []).append((time.monotonic() - began, float(own)))
    late = {pid: [point for point in points if point[0] > SETTLED * seconds] for pid, points in seen.items()}
    assert all(psutil.pid_exists(pid) for pid in late)
    return [60 * linear_regression(*zip(*points, strict=True)).slope for points in late.values()]


def written(data: Path) -> list[int]:
    """How many readings each run has in the record, once it is known to be sound."""
    store = RecordStore(data_folder(data).record)
    try:
        assert store.check() == "ok"
        runs: list[Any] = [store.documents(run.uid) for run in store.runs()]
    finally:
        store.close()
    for run in runs:
        assert [one["seq"] for one in run] == list(range(len(run)))
    return sorted(sum(one["kind"] == "action" and one["do"] == "read" for one in run) for run in runs)


def test_eight_sessions_of_two_minutes(tmp_path: Path) -> None:
    soak(tmp_path, sessions=8, seconds=105.0)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_forty_sessions_of_a_lesson(tmp_path: Path) -> None:
    soak(tmp_path, sessions=40, seconds=45 * 60.0)
