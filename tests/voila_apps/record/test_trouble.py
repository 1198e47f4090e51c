"""A disk that is full, a record that another program holds: it is said plainly, the lesson goes on, nothing is lost."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from labs.bench.logbook import CANNOT, FULL
from tests.voila_apps.conftest import PENDULUM, House, notebook, start
from tests.voila_apps.wire import Pupil
from voila_apps.database import TROUBLES
from voila_apps.store import RecordStore

pytestmark = [
    pytest.mark.xdist_group("trouble"),
    pytest.mark.skipif(os.name == "nt", reason="kill -9 is not a signal there"),
]


def furnished(data: Path) -> Path:
    (data / "scenarios").mkdir(parents=True)
    (data / "scenarios" / "swing.ipynb").write_text(notebook(PENDULUM), encoding="utf-8")
    return data


@contextmanager
def sitting(house: House, cookie: str = "") -> Iterator[Pupil]:
    """A student at the bench: a new one, or the one of the cookie."""
    visitor = house.visitor()
    visitor.ask("/")
    pupil = Pupil(house.port, cookie or visitor.cookie_header, "swing").sit_down()
    try:
        yield pupil
    finally:
        pupil.leave()


def lengthen(pupil: Pupil, count: int, first: int = 0) -> None:
    """Act, `count` times, each time something else."""
    for number in range(first, first + count):
        pupil.order("set", name="length", value=0.3 + 0.001 * number)
        pupil.order("read")


def until(pupil: Pupil, holds: Callable[[], Any], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, pupil.state["saved"]
        pupil.listen_for(0.1)


def notices(pupil: Pupil) -> list[str]:
    return [one.custom["text"]["en"] for one in pupil.heard if one.custom.get("say") == "notice"]


def frames(pupil: Pupil, seconds: float) -> int:
    """How many frames come while time runs."""
    before = len(pupil.heard)
    pupil.order("play", on=True)
    pupil.listen_for(seconds)
    pupil.order("play", on=False)
    return sum(1 for one in pupil.heard[before:] if one.custom.get("say") == "frame")


def recorded(data: Path) -> list[dict[str, Any]]:
    store = RecordStore(data / "record.sqlite")
    try:
        assert store.check() == "ok"
        (run,) = store.runs()
        return store.documents(run.uid)
    finally:
        store.close()


def lengths(documents: list[dict[str, Any]]) -> list[float]:
    return [one["what"]["value"] for one in documents if one["kind"] == "action" and one["do"] == "set"]


@pytest.mark.slow
def test_a_held_record_is_told_and_what_was_done_survives_the_death_of_kernel_and_server(
    tmp_path: Path, start_house: Callable[..., House], within: Callable[..., None]
) -> None:
    data = furnished(tmp_path / "data")
    house, holder = start_house(data), sqlite3.connect(data / "record.sqlite", isolation_level=None)
    with sitting(house) as pupil:
        lengthen(pupil, 3)
        until(pupil, lambda: pupil.state["saved"]["all"])
        holder.execute("BEGIN IMMEDIATE")
        lengthen(pupil, 5, first=3)
        assert frames(pupil, 1.0) >= 4  # the bench does not wait for the record
        until(pupil, lambda: pupil.state["saved"]["why"])
        assert pupil.state["saved"]["pending"] >= 10 and CANNOT in notices(pupil)
        health = house.visitor().ask("/health")
        assert (health.status, health.json["record"]) == (503, "locked")
        assert health.json["record_problem"] == TROUBLES["locked"]
        (kernel,) = house.kernels()
        kernel.send_signal(signal.SIGKILL)
        house.process.send_signal(signal.SIGKILL)
        house.process.communicate()
    within(10, lambda: not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE)
    holder.close()
    assert len(lengths(recorded(data))) == 3
    again = start_house(data)
    documents = recorded(data)
    assert len(lengths(documents)) == 8 and [one["seq"] for one in documents] == list(range(len(documents)))
    assert list((data / "spool").iterdir()) == []
    with sitting(again, pupil.cookie) as back:  # and the student goes on with it
        assert back.state["controls"]["length"] == pytest.approx(0.307)
    assert again.visitor().ask("/health").json["record"] == "ok"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_the_bench_goes_on_and_everything_is_saved_once_there_is_room(small_disk: Path) -> None:
    data = furnished(small_disk / "data")
    house = start(data)
    try:
        with sitting(house) as pupil:
            fill_and_empty(small_disk, house, pupil)
        assert len(lengths(recorded(data))) == 14
        assert "(full)" in (data / "server.log").read_text("utf-8")
    finally:
        house.close()


def fill_and_empty(disk: Path, house: House, pupil: Pupil) -> None:
    lengthen(pupil, 3)
    until(pupil, lambda: pupil.state["saved"]["all"])
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    assert shutil.disk_usage(disk).free == 0
    lengthen(pupil, 10, first=3)
    until(pupil, lambda: pupil.state["saved"]["why"])
    assert frames(pupil, 1.0) >= 4
    assert pupil.state["saved"]["why"]["en"] == FULL and FULL in notices(pupil)
    health = house.visitor().ask("/health")
    assert (health.status, health.json["record"], health.json["disk_free_bytes"]) == (503, "full", 0)
    assert health.json["record_problem"] == TROUBLES["full"]
    assert house.visitor().ask("/").status == 200
    (disk / "filler").unlink()
    lengthen(pupil, 1, first=13)
    until(pupil, lambda: pupil.state["saved"]["all"])
    assert notices(pupil)[-1] == "The class server takes everything again."
    assert house.visitor().ask("/health").json["record"] == "ok"
