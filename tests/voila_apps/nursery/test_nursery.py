"""Kernels from the nursery: alike, apart, bounded; and nothing is left when any part of it is killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.voila_apps.conftest import PATIENCE, House, Seated, name_of
from tests.voila_apps.wire import Pupil
from voila_apps.nursery.lifeline import supported

pytestmark = [
    pytest.mark.skipif(not supported(), reason="needs Linux with pidfds"),
    pytest.mark.xdist_group("nursery"),
]
NURSERY, SPARE, BENCH = "wanxiang-nurser", "wanxiang-spare", "wanxiang-bench"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, house: House) -> Path:
    """A data folder with one scenario whose card is known."""
    data = tmp_path_factory.mktemp("nursery")
    (data / "scenarios").mkdir()
    (data / "scenarios" / "swing.ipynb").write_bytes((house.data / "scenarios" / "swing.ipynb").read_bytes())
    return data


@pytest.fixture
def seated() -> Iterator[Callable[..., Pupil]]:
    """Seats a pupil, a new one or one with a cookie; all leave in the end."""
    there = list[Pupil]()

    def seat(house: House, cookie: str = "") -> Pupil:
        visitor = house.visitor()
        visitor.ask("/")
        there.append(Pupil(house.port, cookie or visitor.cookie_header, "swing"))
        return there[-1].sit_down()

    yield seat
    for pupil in there:
        pupil.leave()


def wait(seconds: float, holds: Any) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def state(house: House) -> dict[str, Any]:
    return dict(house.visitor().ask("/health").json)


def ready(house: House) -> House:
    wait(PATIENCE, lambda: state(house)["nursery"] == "ready")
    return house


def family(house: House) -> list[psutil.Process]:
    return psutil.Process(house.process.pid).children(recursive=True)


def test_the_forker_has_one_thread_and_says_what_it_could_not_load(house: House) -> None:
    told = state(ready(house))
    assert told["threads"] == 1 and told["trouble"] == [] and told["limits"] in ("cgroup", "nice and address space")
    (forker,) = house.named(NURSERY)
    assert forker.num_threads() == 1
    assert not [one.path for one in forker.memory_maps() if "taichi" in one.path]


def test_some_wait_and_others_are_laid_in_when_they_are_taken(house: House, newcomer: Seated) -> None:
    ready(house)
    assert name_of(newcomer.process) == BENCH
    wait(PATIENCE, lambda: len(house.named(SPARE)) == 4)


def test_kernels_share_neither_chance_nor_session_nor_process_group(house: House) -> None:
    ready(house)
    said = subprocess.run([sys.executable, "-c", CHILDREN], capture_output=True, text=True, timeout=60, check=True)
    words = [line.split() for line in said.stdout.splitlines()]
    assert len(words) == 3 and all(len({line[place] for line in words}) == 3 for place in range(3))
    groups = [os.getpgid(one.pid) for one in [*house.named(SPARE), *house.kernels()]]
    assert len(set(groups)) == len(groups) and os.getpgid(house.process.pid) not in groups


CHILDREN = """
import os, random
import numpy
random.seed(1); numpy.random.seed(1)
for _ in range(3):
    if os.fork() == 0:
        from voila_apps.nursery.newborn import fresh_chance
        fresh_chance()
        import uuid
        print(random.random(), numpy.random.random(), uuid.uuid4(), flush=True)
        os._exit(0)
    os.wait()
"""


def test_a_kernel_is_bounded_and_gives_way_to_the_server(house: House, newcomer: Seated) -> None:
    assert newcomer.process.nice() > psutil.Process(house.process.pid).nice()
    if state(house)["limits"] != "cgroup":
        soft, hard = newcomer.process.rlimit(psutil.RLIMIT_AS)
        assert soft == hard and 0 < hard < 8 * 2**30


def test_a_killed_kernel_is_told_soon_and_one_click_goes_on(folder: Path, start_house: Any, seated: Any) -> None:
    house = ready(start_house(folder))
    pupil = seated(house)
    pupil.order("guide", on=False)
    pupil.listen(lambda _: pupil.state["saved"]["all"])
    (kernel,) = house.kernels()
    kernel.kill()
    began = time.monotonic()
    wait(5.0, lambda: house.visitor().ask(f"/api/kernels/{pupil.kernel}", Cookie=pupil.cookie).status == 404)
    assert time.monotonic() - began < 5.0
    again = seated(house, pupil.cookie)
    assert again.kernel != pupil.kernel and again.state["guide"] is False  # what was written before is there


def test_kernels_outlive_their_forker_and_another_comes(folder: Path, start_house: Any, seated: Any) -> None:
    house = ready(start_house(folder))
    pupil = seated(house)
    wait(PATIENCE, lambda: len(house.named(SPARE)) == 4)
    (forker,), spares = house.named(NURSERY), house.named(SPARE)
    forker.kill()
    assert not psutil.wait_procs(spares, timeout=5)[1]
    pupil.order("step")
    pupil.order("guide", on=False)
    pupil.listen(lambda _: pupil.state["saved"]["all"])
    wait(PATIENCE, lambda: [one.pid for one in house.named(NURSERY)] not in ([], [forker.pid]))
    ready(house)
    (kernel,) = house.kernels()
    assert kernel.ppid() == house.process.pid
    other = seated(house)
    assert len(house.kernels()) == 2
    kernel.kill()  # the server buries it, as it is its parent now
    wait(5.0, lambda: not psutil.pid_exists(kernel.pid))
    other.order("step")
    assert not [one for one in family(house) if one.status() == psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("without_forker", [False, True])
def test_nobody_outlives_the_server(folder: Path, start_house: Any, seated: Any, without_forker: bool) -> None:
    house = ready(start_house(folder))
    pupil = seated(house)
    pupil.order("guide", on=False)
    pupil.listen(lambda _: pupil.state["saved"]["all"])
    if without_forker:
        house.named(NURSERY)[0].kill()
    left = family(house)
    assert any(name_of(one) == BENCH for one in left)
    house.process.kill()
    house.process.communicate(timeout=5)
    assert not psutil.wait_procs(left, timeout=5)[1]
    later = start_house(folder)
    again = seated(later, pupil.cookie)
    assert again.state["guide"] is False  # what was acknowledged was kept


def test_a_changed_lab_is_seen_by_the_next_kernel(tmp_path: Path, start_house: Any, folder: Path, seated: Any) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("engine", "labs", "scenarios", "voila_apps", "pyproject.toml"):
        subprocess.run(["cp", "-r", str(Path(__file__).parents[3] / name), str(checkout)], check=True)
    house = ready(start_house(folder, checkout=checkout))
    (forker,) = house.named(NURSERY)
    with (checkout / "labs" / "pendulum" / "lab.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    wait(PATIENCE, lambda: [one.pid for one in house.named(NURSERY)] not in ([], [forker.pid]))
    (checkout / "labs" / "broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    wait(PATIENCE, lambda: state(house).get("trouble", []) != [])
    assert "labs.broken" in state(house)["trouble"][0]
    seated(house)


def test_a_device_is_asked_for_and_kernels_are_started_plainly(folder: Path, start_house: Any, seated: Any) -> None:
    house = start_house(folder, WANXIANG_BACKEND="taichi-x64")
    assert state(house)["nursery"] == "off" and house.named(NURSERY) == []
    seated(house)
    assert "ipykernel_launcher" in house.kernels()[0].cmdline()


def test_many_arrive_at_once_and_none_is_lost(folder: Path, start_house: Any, seated: Any) -> None:
    house = ready(start_house(folder, "--benches", "12"))
    with ThreadPoolExecutor(12) as door:
        class_ = list(door.map(lambda _: seated(house), range(12)))
    assert len({pupil.kernel for pupil in class_}) == 12 == len(house.kernels())
    shares = sorted(round(one.memory_full_info().pss / 1e6, 1) for one in house.kernels())
    assert shares[-1] < 60.0, shares
