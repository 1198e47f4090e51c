"""Whatever ails the file of the record is told by its right name, and passes when it has passed."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError

from labs.bench.words import say
from tests.voila_apps.record.test_store import SECRET, begun, document
from voila_apps.database import TROUBLES
from voila_apps.store import RecordStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = RecordStore(tmp_path / "record.sqlite", SECRET)
    yield opened
    opened.close()


def told(store: RecordStore, setting: str) -> Any:
    """Something that SQLite is told about the connection in use."""
    with store.engine.execution_options(autocommit=True).connect() as connection:
        found = connection.exec_driver_sql(f"PRAGMA {setting}")
        return found.scalar() if found.returns_rows else None


def full(store: RecordStore) -> Callable[[], Any]:
    told(store, f"max_page_count = {told(store, 'page_count')}")
    return lambda: told(store, "max_page_count = 1000000")


def closed(store: RecordStore) -> Callable[[], Any]:
    told(store, "query_only = ON")
    return lambda: told(store, "query_only = OFF")


def locked(store: RecordStore) -> Callable[[], Any]:
    store.trouble = "locked"  # it has been so for a while: nobody waits the whole patience again
    holder = sqlite3.connect(store.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    return holder.close


@pytest.mark.parametrize(("name", "bring"), [("full", full), ("closed", closed), ("locked", locked)])
def test_a_trouble_has_its_name_and_passes(
    store: RecordStore,
    name: str,
    bring: Callable[[RecordStore], Callable[[], Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voila_apps.store.no_room", lambda path: name == "full")
    sitting = begun(store)
    assert store.examine() == ""
    relieve = bring(store)
    many = [document(n, text="x" * 3000) for n in range(1, 30)]
    with pytest.raises(DatabaseError):
        store.append(sitting, many)
    assert store.trouble == store.examine() == name
    assert len(store.documents("run-000001")) == 1  # it can still be read
    relieve()
    assert store.append(sitting, many) and store.examine() == ""
    assert len(store.documents("run-000001")) == 30 and store.check() == "ok"


def test_a_trouble_that_has_passed_is_noticed_without_a_new_document(store: RecordStore) -> None:
    sitting, relieve = begun(store), closed(store)
    with pytest.raises(DatabaseError):
        store.append(sitting, [document(1)])
    relieve()
    assert store.examine() == "" and store.trouble == ""


def test_damage_that_comes_while_the_record_is_open_is_told(store: RecordStore) -> None:
    sitting = begun(store)
    store.append(sitting, [document(n, text="x" * 3000) for n in range(1, 60)])
    told(store, "wal_checkpoint(TRUNCATE)")
    store.engine.dispose()
    content = store.path.read_bytes()
    store.path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with pytest.raises(DatabaseError):
        store.documents("run-000001")
    assert store.trouble == "damaged"


@pytest.mark.parametrize("name", list(TROUBLES))
def test_each_trouble_says_what_to_do_in_both_languages(name: str) -> None:
    english, chinese = (say(TROUBLES[name], lang) for lang in ("en", "zh"))
    assert english.count(".") >= 2 and chinese.count("。") >= 2 and english != chinese
