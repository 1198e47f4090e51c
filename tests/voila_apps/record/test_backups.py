"""A backup is whole whenever it is made, says when it is damaged, and makes a clean machine the same laboratory."""

import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.errors import Refusal
from tests.voila_apps.record.test_store import document
from voila_apps import backups
from voila_apps.backups import HOURLY_KEPT, Backups, look
from voila_apps.cli import app
from voila_apps.home import DataFolder, data_folder
from voila_apps.occupancy import occupied
from voila_apps.restoring import restore
from voila_apps.store import RecordStore


def house(root: Path) -> DataFolder:
    """A data folder as a school has it after a lesson."""
    folder = data_folder(root)
    folder.prepare()
    folder.secret()
    folder.password_file.write_text('{"hash": "argon2"}')
    (folder.scenarios / "摆.ipynb").write_text("{}")
    folder.classes.mkdir()
    (folder.classes / "3-2.csv").write_text("17,王小明")
    store = RecordStore(folder.record, folder.secret())
    work(store, "run-000001", "3-2/17")
    store.keep_snapshot("run-000001", 4, bytes(range(256)))
    store.close()
    return folder


def work(store: RecordStore, run: str, seat: str, count: int = 5) -> None:
    sitting = store.sit(seat, "swing", "hash-1")
    store.append(sitting, [document(0, run, "start"), *[document(n, run, text="x" * 500) for n in range(1, count)]])


@contextmanager
def opened(folder: DataFolder) -> Iterator[RecordStore]:
    store = RecordStore(folder.record, folder.secret())
    yield store
    store.close()


def contents(folder: DataFolder) -> str:
    """A checksum over every row of every table."""
    connection = sqlite3.connect(folder.record)
    digest = hashlib.sha256()
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1"):
            digest.update(repr((table, row)).encode())
    connection.close()
    return digest.hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return house(tmp_path / "school")


def test_a_backup_restores_on_a_clean_machine_with_equal_checksums(folder: DataFolder, tmp_path: Path) -> None:
    stick = tmp_path / "stick" / "school.zip"
    with opened(folder) as store:
        made = Backups(folder).make(store, stick)
    told = subprocess.run(["sha256sum", "-c", "school.zip.sha256"], cwd=stick.parent, capture_output=True, check=False)
    assert told.returncode == 0, told
    clean = tmp_path / "clean"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WANXIANG_LANG": "en"}
    command = [sys.executable, "-m", "voila_apps.cli", "restore", str(stick), "--data", str(clean), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    put_back, new = json.loads(done.stdout), data_folder(clean)
    assert put_back["sha256"] == made.record == hashlib.sha256(new.record.read_bytes()).hexdigest()
    assert contents(new) == contents(folder)
    assert new.secret() == folder.secret() and stat.S_IMODE(new.secret_file.stat().st_mode) == 0o600
    assert new.password_file.read_bytes() == folder.password_file.read_bytes()
    assert (new.scenarios / "摆.ipynb").is_file() and not new.classes.exists()
    with opened(new) as store, opened(folder) as old:  # the same seat goes on, and draws what it would have drawn
        assert store.check() == "ok" and store.sit("3-2/17", "swing", "hash-1").run == "run-000001"
        assert store.snapshot("run-000001") == old.snapshot("run-000001")
        assert store.sit("3-2/18", "swing", "hash-1").draw_key == old.sit("3-2/18", "swing", "hash-1").draw_key


def test_names_leave_the_server_only_when_asked_for(folder: DataFolder, tmp_path: Path) -> None:
    with opened(folder) as store:
        plain, named = (Backups(folder).make(store, tmp_path / f"{n}.zip", names=n) for n in (False, True))
    assert "classes/3-2.csv" not in plain.files and "classes/3-2.csv" in named.files
    new = data_folder(tmp_path / "new")
    restore(named.path, new)
    assert "王小明" in (new.classes / "3-2.csv").read_text() and stat.S_IMODE(new.classes.stat().st_mode) == 0o700


def test_it_is_its_owners_alone(folder: DataFolder) -> None:
    with opened(folder) as store:
        made = Backups(folder).make(store)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600 and stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert [one.name[0] for one in made.path.parent.iterdir()] == ["w", "w"]  # nothing half made is left


def test_a_backup_of_a_record_in_use_is_one_moment_of_it_and_stalls_no_writer(folder: DataFolder) -> None:
    with opened(folder) as store:
        sitting = store.sit("3-2/18", "swing", "hash-1")
        store.append(sitting, [document(0, "run-000002", "start")])
        bulk = [document(n, "run-000002", text="x" * 20_000) for n in range(1, 1000)]
        store.append(sitting, bulk)
        going, waits = threading.Event(), list[float]()

        def write() -> None:
            number = 1000
            while not going.is_set():
                begun = time.perf_counter()
                store.append(sitting, [document(number, "run-000002"), document(number + 1, "run-000002")])
                waits.append(time.perf_counter() - begun)
                number += 2

        writer = threading.Thread(target=write)
        writer.start()
        while len(waits) < 3:
            time.sleep(0.01)
        made = Backups(folder).make(store)
        going.set()
        writer.join()
    assert len(waits) > 10 and max(waits) < 2.0, (len(waits), max(waits))
    kept = restored(made.path, folder.root.parent / "other")
    assert len(kept) > 1000 and len(kept) % 2 == 0  # never half of a post


def restored(path: Path, root: Path) -> list[dict[str, Any]]:
    new = data_folder(root)
    restore(path, new)
    with opened(new) as store:
        return store.documents("run-000002")


def test_an_unchanged_record_is_not_backed_up_again_and_a_changed_one_is(folder: DataFolder) -> None:
    kept = Backups(folder)
    with opened(folder) as store:
        first = kept.make(store, only_new=True)
        assert kept.make(store, only_new=True).path == first.path
        work(store, "run-000002", "3-2/18")
        second = kept.make(store, only_new=True)
    assert kept.kept() == [second.path, first.path]
    second.path.write_bytes(b"damaged")
    with opened(folder) as store:
        assert len({kept.make(store, only_new=True).path, *kept.kept()}) == 3


def test_rotation_keeps_the_newest_and_one_of_each_day_whatever_the_clock_says(folder: DataFolder) -> None:
    kept = Backups(folder, days=5)
    kept.place.mkdir()
    number = 0
    for day in (*range(20260901, 20260911), 19700101):  # at last the box forgot the time
        for hour in range(12):
            number += 1
            for end in ("", ".sha256"):
                (kept.place / f"wanxiang-{number:06d}-{day}T{hour:02d}0000Z.zip{end}").write_bytes(b"x")
    gone = kept.rotate()
    left = [path.name[9:24] for path in kept.kept()]
    assert len(gone) == 12 * 11 - len(left) and not [one for one in gone if backups.checksum_file(one).exists()]
    newest = [f"{n:06d}" for n in range(12 * 11, 12 * 11 - HOURLY_KEPT, -1)]
    assert [one[:6] for one in left[:HOURLY_KEPT]] == newest
    assert [one[-8:] for one in left[HOURLY_KEPT:]] == ["20260909", "20260908", "20260907"]  # five days in all
    assert len(list(kept.place.iterdir())) == 2 * len(left)


def test_copies_from_before_an_update_or_a_restore_go_in_their_turn(folder: DataFolder) -> None:
    kept, now = Backups(folder, days=30), time.time()
    names = ["record-form-1.sqlite", "record-20261001-120000.sqlite", "backups/before-update-20261001.sqlite",
             "replaced-20261001T120000Z/record.sqlite"]  # fmt: skip
    for age, wanted in ((29, names), (31, []), (20_000, names)):  # at last those of a clock that was never set
        for name in names:
            path = folder.root / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x")
            os.utime(path, (now - age * 86400, now - age * 86400))
        kept.rotate()
        assert {path.relative_to(folder.root).as_posix() for path in kept.strays()} == set(wanted)
    assert folder.record.is_file()


def altered(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "one bit":
        place = len(content) // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    elif how == "text":
        path.write_text("no backup")
    elif how == "no manifest":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("record.sqlite", b"")
    elif how == "another record":
        with zipfile.ZipFile(path) as archive:
            manifest = archive.read("manifest.json")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("manifest.json", manifest)
            archive.writestr("record.sqlite", b"SQLite format 3\0 and so on")


@pytest.mark.parametrize("how", ["cut", "one bit", "text", "no manifest", "another record"])
@pytest.mark.parametrize("checksum", ["with", "without"])
def test_a_damaged_backup_is_refused_and_nothing_is_touched(folder: DataFolder, how: str, checksum: str) -> None:
    with opened(folder) as store:
        made = Backups(folder).make(store)
    before = contents(folder)
    altered(made.path, how)
    if checksum == "without":
        backups.checksum_file(made.path).unlink()
    with pytest.raises(Refusal, match="damaged"):
        restore(made.path, folder)
    assert contents(folder) == before
    assert not [one for one in folder.root.iterdir() if one.name.startswith((".rest", "replaced"))]


def test_a_backup_of_a_newer_wanxiang_is_refused(folder: DataFolder, tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite"
    newer.write_bytes(folder.record.read_bytes())
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Refusal, match="newer Wanxiang"):
        restore(newer, folder)


def test_what_is_replaced_is_kept_and_can_be_put_back(folder: DataFolder) -> None:
    with opened(folder) as store:
        made = Backups(folder).make(store)
        work(store, "run-000002", "3-2/18")
    later = contents(folder)
    folder.password_file.write_text("another")
    done = restore(made.path, folder)
    with opened(folder) as store:
        assert [row.uid for row in store.runs()] == ["run-000001"]
    assert done.replaced is not None and (done.replaced / "teacher.json").read_text() == "another"
    restore(done.replaced / "record.sqlite", folder)  # a bare record
    assert contents(folder) == later


def test_an_old_log_is_not_applied_to_the_record_that_was_put_back(folder: DataFolder) -> None:
    with opened(folder) as store:
        made = Backups(folder).make(store)
    script = (
        "import os, sys, sqlite3; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode = WAL')\n"
        "c.execute(\"INSERT INTO seats VALUES ('in the log', 1.0)\"); c.commit(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(folder.record)], check=True)
    assert folder.record.with_name("record.sqlite-wal").stat().st_size > 0
    done = restore(made.path, folder)
    assert hashlib.sha256(folder.record.read_bytes()).hexdigest() == made.record
    connection = sqlite3.connect(folder.record)
    assert connection.execute("SELECT seat FROM seats").fetchall() == [("3-2/17",)]
    connection.close()
    assert done.replaced is not None
    restore(done.replaced / "record.sqlite", folder)
    connection = sqlite3.connect(folder.record)
    assert ("in the log",) in connection.execute("SELECT seat FROM seats").fetchall()
    connection.close()


def test_hostile_names_in_a_backup_are_not_looked_at(folder: DataFolder, tmp_path: Path) -> None:
    record = tmp_path / "record.sqlite"
    record.write_bytes(folder.record.read_bytes())
    files = {"record.sqlite": record}
    hostile = ["../evil", "/evil", "scenarios/../../evil.ipynb", "scenarios/.hidden.ipynb", "scenarios/x.py",
               "labs/x.ipynb", "scenarios/a\\b.ipynb", "serving.lock", "classes/x.ipynb"]  # fmt: skip
    packed = backups.pack(files | dict.fromkeys(hostile, record), tmp_path / "hostile.zip")
    new = data_folder(tmp_path / "deep" / "new")
    assert restore(packed, new).files == ["record.sqlite"]
    found = {path.name for path in (tmp_path / "deep").rglob("*") if path.is_file()}
    assert found == {"record.sqlite", "serving.lock"}


def test_a_running_server_is_not_restored_under(folder: DataFolder, tmp_path: Path) -> None:
    with opened(folder) as store:
        made = Backups(folder).make(store, tmp_path / "x.zip")
    script = (
        "import sys; from pathlib import Path; from voila_apps.occupancy import occupied\n"
        "with occupied(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(folder.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdout.readline() == "in\n"
        with pytest.raises(Refusal, match=f"process {server.pid}\\) is serving"):
            restore(made.path, folder)
        with pytest.raises(Refusal, match="Another Wanxiang"), occupied(folder.root):
            pass
        server.kill()
        server.communicate()
    assert restore(made.path, folder).sha256 == made.record  # the lock went with the process


@pytest.fixture
def said(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("WANXIANG_LANG", "en")
    return lambda *words: CliRunner().invoke(app, [*words, "--data", str(folder.root)])


def test_the_commands(said: Callable[..., Any], folder: DataFolder, tmp_path: Path) -> None:
    made = said("backup")
    assert made.exit_code == 0 and made.stdout.strip().endswith(".zip") and "secret" in made.stderr
    told = json.loads(said("backup", "--to", str(tmp_path), "--names", "--json").stdout)
    assert told["file"] == str(tmp_path / "wanxiang.zip") and "classes/3-2.csv" in told["files"]
    assert told["sha256"] == look(tmp_path / "wanxiang.zip").sha256
    again = said("backup", "--to", str(tmp_path))
    assert again.exit_code == 2 and "is there already" in again.stderr
    blocked = said("backup", "--to", str(folder.record / "x.zip"))
    assert blocked.exit_code == 2 and "Cannot write" in blocked.stderr and len(blocked.stderr.splitlines()) == 1
    done = said("restore", made.stdout.strip())
    assert done.exit_code == 0 and "What was there before lies in" in done.stdout
    nothing = said("restore", str(tmp_path / "nothing.zip"))
    assert nothing.exit_code == 2 and "There is no file" in nothing.stderr


def test_the_doctor_says_how_old_the_newest_is_and_whether_it_is_sound(folder: DataFolder) -> None:
    from voila_apps import doctor

    assert doctor.backups(folder).found == "none yet"
    with opened(folder) as store:
        made = Backups(folder).make(store)
    assert doctor.backups(folder).details == {"newest": made.made}
    altered(made.path, "one bit")
    found = {one.name: one for one in doctor.examine(folder, "127.0.0.1", 0)}["backups"]
    assert not found.ok and "damaged" in str(found.advice)
