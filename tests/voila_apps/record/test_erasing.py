"""What is erased is gone from every file, byte for byte, and what belongs to others is untouched."""

import json
import os
import sqlite3
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from labs.bench.spool import Spool
from tests.voila_apps.record.test_backups import house, opened, work
from tests.voila_apps.record.test_migrations import FORM_1
from tests.voila_apps.record.test_store import document
from voila_apps import backups
from voila_apps.backups import Backups
from voila_apps.cli import app
from voila_apps.erasing import DAY, erase_older
from voila_apps.home import DataFolder
from voila_apps.schema import claims, classes, lessons
from voila_apps.spool import SpoolFolder
from voila_apps.store import RecordStore

MARK = "the words that only this student wrote"
SEAT = "3-2/18"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A school: two seats, a lesson with claims, and everything that the second seat wrote bears its mark."""
    made = house(tmp_path / "school")
    with opened(made) as store:
        sitting = store.sit(SEAT, "swing", "hash-1")
        marked = [document(n, "run-000002", text=f"{MARK} {n} " * 50) for n in range(1, 200)]
        store.append(sitting, [document(0, "run-000002", "start"), *marked])
        for place in (5, 6, 7):  # older snapshots leave free pages behind
            store.keep_snapshot("run-000002", place, MARK.encode() * 3000)
        lesson = {"class_id": "3-2", "scenario": "swing", "content_hash": "h", "mode": "free", "code": "123456"}
        with store.write() as connection:
            connection.execute(insert(classes).values(id="3-2", title="3 (2)", size=40, created=1.0))
            connection.execute(insert(lessons).values(uid="lesson-1", started=1.0, paused=False, **lesson))
            for seat in ("3-2/17", SEAT):
                connection.execute(insert(claims).values(lesson="lesson-1", seat=seat, tablet="ab", claimed=1.0))
    return made


@pytest.fixture
def said(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("WANXIANG_LANG", "en")
    return lambda *words, **more: CliRunner().invoke(app, [*words, "--data", str(folder.root)], **more)


def traces(folder: DataFolder) -> list[str]:
    """The files in which something of the seat can be found, packed ones unpacked."""
    found = []
    for path in (one for one in folder.root.rglob("*") if one.is_file()):
        inside = {path.name: path.read_bytes()}
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                inside = {name: archive.read(name) for name in archive.namelist()}
        if any(MARK.encode() in block or SEAT.encode() in block for block in inside.values()):
            found.append(path.relative_to(folder.root).as_posix())
    return sorted(found)


def leave_behind(folder: DataFolder) -> None:
    """A spool of the seat's last kernel, backups, and a copy from before a migration."""
    spools = SpoolFolder(folder.spool, folder.secret())
    with opened(folder) as store:
        Backups(folder).make(store)
        Spool(folder.spool, "token", spools.ticket(store.sit(SEAT, "swing", "hash-1"))).close()
    for name in ("record-form-1.sqlite", "backups/before-update-20261001-120000.sqlite"):
        old = sqlite3.connect(folder.root / name)
        old.executescript(FORM_1.replace("guest-1", SEAT))
        old.close()


def others(folder: DataFolder) -> list[Any]:
    with opened(folder) as store:
        assert store.check() == "ok"
        return [(row.uid, row.seat, store.documents(row.uid)) for row in store.runs() if row.seat != SEAT]


def test_one_command_leaves_no_byte_of_a_seat(said: Callable[..., Any], folder: DataFolder) -> None:
    leave_behind(folder)
    assert len(traces(folder)) == 5, traces(folder)
    before = others(folder)
    told = json.loads(said("erase", "--seat", SEAT, "--yes", "--json").stdout)
    assert (told["runs"], told["documents"], told["claims"], told["spools"]) == (1, 200, 1, 1)
    assert traces(folder) == [] and len(told["rewritten"]) == 3 and "record-form-1.sqlite" in told["rewritten"]
    assert others(folder) == before and len(before) == 1
    rewritten = backups.look(Backups(folder).kept()[0])
    assert "secret.key" in rewritten.files  # whole and sound, with a new checksum


def test_bytes_are_gone_while_another_program_has_the_record_open(said: Callable[..., Any], folder: DataFolder) -> None:
    with opened(folder) as serving:
        serving.documents("run-000001")
        assert said("erase", "--seat", SEAT, "--yes").exit_code == 0
        assert traces(folder) == []
        assert [row.seat for row in serving.runs()] == ["3-2/17"]
        work(serving, "run-000003", "3-2/19")


def test_a_reader_that_stays_is_told_of(said: Callable[..., Any], folder: DataFolder) -> None:
    reader = sqlite3.connect(folder.record, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchone()
    done = said("erase", "--seat", SEAT, "--yes")
    assert done.exit_code == 2 and "its bytes are still in the file" in done.stderr
    reader.close()
    assert said("erase", "--seat", SEAT, "--yes", "--backups", "rewrite").exit_code == 0
    assert traces(folder) == []


@pytest.mark.parametrize(("answers", "left"), [("n\n", 2), ("y\nkeep\n", 1), ("y\nremove\n", 0), ("y\n\n", 0)])
def test_it_asks_first_and_about_backups(
    said: Callable[..., Any], folder: DataFolder, answers: str, left: int
) -> None:
    with opened(folder) as store:
        Backups(folder).make(store)
    done = said("erase", "--seat", SEAT, input=answers)
    assert len(traces(folder)) == left, (traces(folder), done.output)
    assert done.exit_code == (2 if left == 2 else 0)
    assert len(Backups(folder).kept()) == (0 if "remove" in answers else 1)


def test_backups_elsewhere_and_names_are_said_plainly(said: Callable[..., Any], folder: DataFolder) -> None:
    told = said("erase", "--seat", SEAT, "--yes").stderr
    assert "taken to another place" in told and "classes/3-2.csv: take it out there" in told


def test_a_backup_that_cannot_be_read_is_told_and_does_not_keep_the_rest(
    said: Callable[..., Any], folder: DataFolder
) -> None:
    leave_behind(folder)
    with opened(folder) as store:
        second = Backups(folder).make(store)
    second.path.write_bytes(b"damaged")
    done = said("erase", "--seat", SEAT, "--yes")
    assert done.exit_code == 0 and second.path.name in done.stderr
    second.path.unlink()
    assert traces(folder) == []


@pytest.mark.parametrize("words", [["--seat", "3-2/99"], ["--seat", "' OR 1=1 --"], ["--seat", "%"]])
def test_a_seat_that_is_not_there_erases_nothing(
    said: Callable[..., Any], folder: DataFolder, words: list[str]
) -> None:
    before = others(folder)
    done = said("erase", *words, "--yes")
    assert done.exit_code == 2 and "There is nothing of a seat" in done.stderr and others(folder) == before


@pytest.mark.skipif(os.name == "nt", reason="no such locks there")
def test_a_seat_at_its_bench_is_not_erased_under_its_hands(said: Callable[..., Any], folder: DataFolder) -> None:
    spools = SpoolFolder(folder.spool, folder.secret())
    with opened(folder) as store:
        living = Spool(folder.spool, "token", spools.ticket(store.sit(SEAT, "swing", "hash-1")))
    done = said("erase", "--seat", SEAT, "--yes")
    assert done.exit_code == 2 and "at its bench just now" in done.stderr
    living.close()
    assert said("erase", "--seat", SEAT, "--yes").exit_code == 0 and traces(folder) == []


def test_everything_of_a_seat_is_one_file(said: Callable[..., Any], folder: DataFolder, tmp_path: Path) -> None:
    spools = SpoolFolder(folder.spool, folder.secret())
    with opened(folder) as store:
        spool = Spool(folder.spool, "token", spools.ticket(store.sit(SEAT, "swing", "hash-1")))
        spool.append([document(200, "run-000002", text="on its way")])  # type: ignore[list-item]
        spool.close()
        key = store.find("run-000002").draw_key
    file = tmp_path / "seat.json"
    assert said("export", "--seat", SEAT, "-o", str(file)).stdout.strip() == str(file)
    told = json.loads(file.read_text("utf-8"))
    assert told["seat"] == SEAT and [one["lesson"] for one in told["claims"]] == ["lesson-1"]
    (run,) = told["runs"]
    assert run["uid"] == "run-000002" and len(run["documents"]) == 200 and run["snapshot"]["after"] == 7
    assert [one["text"] for one in told["waiting"]] == ["on its way"]
    assert key not in file.read_text("utf-8") and "3-2/17" not in file.read_text("utf-8")
    assert said("export", "--seat", "3-2/99").exit_code == 2
    assert said("export", "run-000002", "--seat", SEAT).exit_code == 2


# What is older than the school keeps


def aged(store: RecordStore, run: str, seat: str, days: float, now: float, ended: bool = True) -> None:
    work(store, run, seat)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE documents SET saved = ? WHERE run = ?", (now - days * DAY, run))
        connection.exec_driver_sql(
            "UPDATE runs SET created = ?, ended = ? WHERE uid = ?",
            (now - days * DAY, now - days * DAY if ended else None, run),
        )
        connection.exec_driver_sql("UPDATE seats SET created = ? WHERE seat = ?", (now - days * DAY, seat))


def test_runs_that_are_over_for_longer_than_kept_are_erased(tmp_path: Path) -> None:
    now = time.time()
    with_store = RecordStore(tmp_path / "record.sqlite", bytes(32))
    aged(with_store, "run-000001", "a", 400, now)
    aged(with_store, "run-000002", "b", 400, now, ended=False)  # left and never come back to
    aged(with_store, "run-000003", "c", 300, now)
    aged(with_store, "run-000004", "a", 2, now)
    erased = erase_older(with_store, 365, now)
    assert (erased.runs, erased.documents) == (2, 10)
    assert {row.uid for row in with_store.runs()} == {"run-000003", "run-000004"}
    with with_store.read() as connection:
        assert set(connection.exec_driver_sql("SELECT seat FROM seats").scalars()) == {"a", "c"}
    assert not erase_older(with_store, 365, now).anything
    with_store.close()


def test_a_clock_that_was_wrong_for_a_while_erases_nothing_too_early(tmp_path: Path) -> None:
    now = time.time()
    store = RecordStore(tmp_path / "record.sqlite", bytes(32))
    aged(store, "run-000001", "a", 3, now)
    aged(store, "run-000002", "b", now / DAY - 1, now)  # written on what the box took for the 2nd of January 1970
    assert not erase_older(store, 30, now).anything
    assert erase_older(store, 30, now + 30 * DAY).runs == 2
    store.close()
    store = RecordStore(tmp_path / "fresh.sqlite", bytes(32))
    aged(store, "run-000001", "a", now / DAY - 1, now)  # a box that never knew the time
    assert not erase_older(store, 30, now).anything
    store.close()
