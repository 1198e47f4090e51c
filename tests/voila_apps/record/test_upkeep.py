"""What the server does for its record by itself, and that its troubles never become the lesson's."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labs.bench.spool import Spool, token_print
from tests.voila_apps.record.test_backups import house, opened, work
from tests.voila_apps.record.test_erasing import aged
from tests.voila_apps.record.test_store import document
from voila_apps.backups import Backups
from voila_apps.home import DataFolder
from voila_apps.occupancy import occupied
from voila_apps.spool import SpoolFolder
from voila_apps.store import RecordStore
from voila_apps.upkeep import BACKUP_SECONDS, Upkeep


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return house(tmp_path / "school")


@pytest.fixture
def store(folder: DataFolder) -> Iterator[RecordStore]:
    with opened(folder) as one:
        yield one


async def write(work: Callable[..., Any], *arguments: Any) -> Any:
    return work(*arguments)


@pytest.fixture
def upkeep(folder: DataFolder, store: RecordStore) -> Upkeep:
    return Upkeep(store, SpoolFolder(folder.spool, folder.secret()), write, Backups(folder), retention=365)


def hours_later(upkeep: Upkeep, hours: int = 1) -> None:
    upkeep._backup_due -= hours * BACKUP_SECONDS
    asyncio.run(upkeep.look())


def test_spools_are_taken_up_before_anybody_is_let_in_and_ever_after(upkeep: Upkeep, store: RecordStore) -> None:
    for number, go_on in ((1, upkeep.begin), (2, upkeep.look)):
        token = f"token-{number}"
        seat = store.sit(f"seat-{number}", "swing", "h", token_print(token))
        spool = Spool(upkeep.spool.path, token, upkeep.spool.ticket(seat))
        spool.append([document(0, f"run-10000{number}", "start")])  # type: ignore[list-item]
        spool.close()
        asyncio.run(go_on())
        assert len(store.documents(f"run-10000{number}")) == 1


def test_each_hour_has_a_backup_if_anything_was_written(upkeep: Upkeep, store: RecordStore) -> None:
    assert upkeep.backups is not None
    asyncio.run(upkeep.look())
    assert upkeep.backups.kept() == []  # not while the first class comes in
    hours_later(upkeep)
    hours_later(upkeep)
    assert len(upkeep.backups.kept()) == 1
    work(store, "run-000002", "3-2/18")
    hours_later(upkeep)
    assert len(upkeep.backups.kept()) == 2
    told = upkeep.told()
    assert told["backup"] == "ok" and abs(told["backed_up"] - time.time()) < 60.0


def test_a_server_started_anew_does_not_repeat_the_last_backup(upkeep: Upkeep, folder: DataFolder) -> None:
    hours_later(upkeep)
    again = Upkeep(upkeep.store, upkeep.spool, write, upkeep.backups)
    hours_later(again)
    assert len(Backups(folder).kept()) == 1


def test_a_backup_that_fails_is_told_and_tried_again(upkeep: Upkeep, folder: DataFolder) -> None:
    assert upkeep.backups is not None
    upkeep.backups.place.write_text("a file in the way")
    hours_later(upkeep)
    assert upkeep.told() == {"spools_set_aside": 0, "backup": "failing", "backed_up": None}
    upkeep.backups.place.unlink()
    hours_later(upkeep)
    assert upkeep.told()["backup"] == "ok" and len(upkeep.backups.kept()) == 1


def test_what_is_older_than_kept_is_erased_at_the_start_and_each_day(upkeep: Upkeep, store: RecordStore) -> None:
    now = time.time()
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE documents SET saved = ?", (now - 500 * 86400.0,))
    aged(store, "run-000002", "old", 400, now)
    asyncio.run(upkeep.begin())
    assert store.runs() == []
    aged(store, "run-000003", "old", 370, now)
    work(store, "run-000004", "new")
    asyncio.run(upkeep.look())
    assert len(store.runs()) == 2
    upkeep._retention_due -= 24 * 3600.0
    asyncio.run(upkeep.look())
    assert [row.uid for row in store.runs()] == ["run-000004"]


def test_everything_is_kept_unless_the_school_says_otherwise(folder: DataFolder, store: RecordStore) -> None:
    aged(store, "run-000002", "old", 4000, time.time())
    asyncio.run(Upkeep(store, SpoolFolder(folder.spool, bytes(32)), write).begin())
    assert len(store.runs()) == 2


def test_a_folder_has_one_server(folder: DataFolder) -> None:
    command = [sys.executable, "-m", "voila_apps.cli", "serve", "--port", "0", "--data", str(folder.root)]
    with occupied(folder.root):
        done = subprocess.run(command, env={**os.environ, "WANXIANG_LANG": "en"}, capture_output=True, text=True,
                              timeout=60, check=False)  # fmt: skip
    assert done.returncode == 2 and done.stdout == ""
    assert f"Another Wanxiang (process {os.getpid()})" in done.stderr and len(done.stderr.strip().splitlines()) == 1
