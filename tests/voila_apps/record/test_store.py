"""The record keeps what it acknowledged, once, in order, whatever happens to the process that wrote it."""

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Insert, insert, select
from sqlalchemy.exc import IntegrityError

from engine.errors import Refusal
from voila_apps.database import keep_copy
from voila_apps.home import DataFolder, data_folder
from voila_apps.schema import classes
from voila_apps.store import SNAPSHOT_BYTES, RecordStore, Sitting, draw_key

SECRET = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = RecordStore(tmp_path / "record.sqlite", SECRET)
    yield opened
    opened.close()


def document(seq: int, run: str = "run-000001", kind: str = "event", **fields: Any) -> dict[str, Any]:
    uid = run if kind == "start" else f"{run}-{seq:06d}"
    return {"kind": kind, "uid": uid, "run": run, "seq": seq, **fields}


def write_both(store: RecordStore, first: Insert, second: Insert) -> None:
    with store.write() as connection:
        connection.execute(first)
        connection.execute(second)


def begun(store: RecordStore, run: str = "run-000001", seat: str = "guest-1") -> Sitting:
    sitting = store.sit(seat, "swing", "hash-1", "token")
    store.append(sitting, [document(0, run, "start")])
    return sitting


def test_documents_come_back_as_they_were_and_in_the_order_of_their_numbers(store: RecordStore) -> None:
    sitting = begun(store)
    store.append(sitting, [document(2, value="é 万象"), document(1, value=0.1)])
    assert [one["seq"] for one in store.documents("run-000001")] == [0, 1, 2]
    assert store.documents("run-000001")[2]["value"] == "é 万象"


def test_posting_again_changes_nothing(store: RecordStore) -> None:
    sitting = begun(store)
    once = [document(1), document(2)]
    assert store.append(sitting, once) == store.append(sitting, once) == [one["uid"] for one in once]
    assert len(store.documents("run-000001")) == 3


def test_a_known_uid_with_another_content_is_refused(store: RecordStore) -> None:
    sitting = begun(store)
    store.append(sitting, [document(1, value=1.0)])
    with pytest.raises(Refusal, match="says something else"):
        store.append(sitting, [document(1, value=2.0)])


def test_a_taken_place_in_the_order_is_refused_and_nothing_of_that_post_is_kept(store: RecordStore) -> None:
    sitting = begun(store)
    store.append(sitting, [document(1)])
    other = {**document(1), "uid": "another-uid-1"}
    with pytest.raises(Refusal, match="place in its order is taken"):
        store.append(sitting, [document(2), other])
    assert [one["seq"] for one in store.documents("run-000001")] == [0, 1]


def test_nobody_writes_into_anothers_run(store: RecordStore) -> None:
    begun(store)
    stranger = begun(store, "run-000002", "guest-2")
    with pytest.raises(Refusal, match="does not belong to this run"):
        store.append(stranger, [document(1, "run-000001")])
    with pytest.raises(Refusal, match="already in the record"):
        store.append(stranger, [document(0, "run-000001", "start")])


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "start",
        {"kind": "start"},
        document(-1),
        document(True),
        {**document(1), "kind": "spell"},
        {**document(1), "uid": "../../etc"},
        {**document(1), "uid": "x" * 200},
        {**document(1), "run": 5},
        document(1, text="x" * 300_000),
        document(1, value=float("inf")),
        document(1, text="\ud800"),
    ],
)
def test_what_is_no_document_is_refused(store: RecordStore, bad: Any) -> None:
    sitting = begun(store)
    with pytest.raises(Refusal):
        store.append(sitting, [bad])
    assert len(store.documents("run-000001")) == 1


def test_a_seat_finds_its_run_again_and_a_rewritten_scenario_begins_a_new_attempt(store: RecordStore) -> None:
    first = begun(store)
    again = store.sit("guest-1", "swing", "hash-1")
    assert (again.run, again.attempt, again.draw_key) == ("run-000001", 1, first.draw_key)
    rewritten = store.sit("guest-1", "swing", "hash-2")
    assert (rewritten.run, rewritten.attempt) == (None, 2)
    assert rewritten.draw_key != first.draw_key
    assert store.sit("guest-2", "swing", "hash-1").draw_key != first.draw_key


def test_an_ended_run_stays_in_the_record_and_the_next_attempt_begins(store: RecordStore) -> None:
    begun(store)
    store.end("run-000001")
    assert (store.sit("guest-1", "swing", "hash-1").run, store.sit("guest-1", "swing", "hash-1").attempt) == (None, 2)
    assert len(store.documents("run-000001")) == 1
    assert store.progress("guest-1")["swing"].ended


def test_a_lesson_is_another_attempt_with_another_draw(store: RecordStore) -> None:
    begun(store)
    lesson = store.sit("guest-1", "swing", "hash-1", lesson="lesson-7")
    assert (lesson.run, lesson.attempt, lesson.lesson) == (None, 1, "lesson-7")
    store.append(lesson, [document(0, "run-000002", "start")])
    assert store.sit("guest-1", "swing", "hash-1", lesson="lesson-7").run == "run-000002"
    assert store.sit("guest-1", "swing", "hash-1").run == "run-000001"
    assert store.find("run-000002").lesson == "lesson-7"
    assert store.find("run-000002").draw_key != store.find("run-000001").draw_key


def test_listeners_hear_what_is_new_once_it_is_saved_and_cannot_disturb(store: RecordStore) -> None:
    heard: list[Any] = []

    def listen(run: str, seat: str, lesson: str, fresh: list[dict[str, Any]]) -> None:
        heard.append((run, seat, lesson, [one["seq"] for one in fresh], len(store.documents(run))))
        raise RuntimeError("a wall that fell down")

    store.on_append(listen)
    sitting = begun(store)
    store.append(sitting, [document(1), document(2)])
    store.append(sitting, [document(2), document(3)])
    store.append(sitting, [document(3)])
    with pytest.raises(Refusal):
        store.append(sitting, [document(4), {**document(1), "uid": "another-uid-1"}])
    whose = ("run-000001", "guest-1", "open:swing")
    assert heard == [(*whose, [0], 1), (*whose, [1, 2], 3), (*whose, [3], 4)]


def test_a_writing_block_is_kept_whole_or_not_at_all(store: RecordStore) -> None:
    with store.write() as connection:
        connection.execute(insert(classes).values(id="3-2", title="3 (2)", size=40, created=1.0))
    two = insert(classes).values(id="3-3", title="3 (3)", size=40, created=1.0)
    with pytest.raises(IntegrityError):  # the second time
        write_both(store, two, two)
    with store.read() as connection:
        assert connection.execute(select(classes.c.id)).scalars().all() == ["3-2"]


def test_the_draw_key_is_a_function_of_secret_lesson_seat_and_attempt() -> None:
    # Computed by openssl: printf 'open:swing|guest-1|1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001…1f
    key = draw_key(SECRET, "open:swing", "guest-1", 1)
    assert key.hex() == "a7b7c8a5225bc5a28c3e9a4e41cbace635a4d29b191b4946134b40338597e275"
    assert len({draw_key(SECRET, "open:swing", seat, n) for seat in ("a", "b") for n in (1, 2)} | {key}) == 5


def test_the_draw_key_stands_in_no_document(store: RecordStore) -> None:
    sitting = begun(store)
    store.append(sitting, [document(1)])
    assert sitting.draw_key.hex() not in json.dumps(store.documents("run-000001"))


def test_only_the_newest_snapshot_is_kept_and_it_has_a_limit(store: RecordStore) -> None:
    begun(store)
    assert store.snapshot("run-000001") is None
    for place, body in ((3, b"three"), (7, b"seven"), (5, b"five"), (7, b"seven again")):
        store.keep_snapshot("run-000001", place, body)
    assert store.snapshot("run-000001") == (7, b"seven again")
    with pytest.raises(Refusal, match="larger than"):
        store.keep_snapshot("run-000001", 8, bytes(SNAPSHOT_BYTES + 1))


def test_a_newer_record_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    RecordStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Refusal, match="newer Wanxiang"):
        RecordStore(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()


@pytest.mark.parametrize("damage", ["cut", "scribbled", "text"])
def test_a_damaged_record_is_refused_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "record.sqlite"
    opened = RecordStore(path, SECRET)
    sitting = begun(opened)
    opened.append(sitting, [document(n, text="x" * 2000) for n in range(1, 60)])
    opened.close()
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "scribbled": content[:4096] + b"\xff" * 30000 + content[34096:],
            "text": b"this was never a database, whatever its name says" * 40,
        }[damage]
    )
    with pytest.raises(Refusal, match="Put back your newest copy"):
        RecordStore(path, SECRET)


@pytest.mark.skipif(os.name == "nt", reason="no such modes there")
def test_what_children_did_is_read_by_nobody_else_on_the_machine(tmp_path: Path) -> None:
    folder = data_folder(tmp_path / "data")
    folder.prepare()
    store = RecordStore(folder.record, SECRET)
    begun(store)
    copy = keep_copy(store.engine, tmp_path / "copy.sqlite")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [*folder.root.iterdir(), copy] if path.is_file()}
    store.close()
    assert set(modes) == {"record.sqlite", "record.sqlite-wal", "record.sqlite-shm", "copy.sqlite"}
    assert set(modes.values()) == {0o600} and stat.S_IMODE(folder.root.stat().st_mode) == 0o700


def test_the_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path, tmp_path / "scenarios")
    assert folder.secret() == folder.secret()
    if os.name != "nt":
        assert stat.S_IMODE(folder.secret_file.stat().st_mode) == 0o600
    folder.secret_file.write_bytes(b"short")
    with pytest.raises(Refusal, match="is damaged"):
        folder.secret()
