"""A record of any earlier form becomes today's, whole, and a copy of what it was stays beside it."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select

from engine.errors import Refusal
from voila_apps import migrations
from voila_apps.schema import FORM, REVISION, claims, classes, lessons, metadata
from voila_apps.store import RecordStore

# As the first Wanxiang left it, word for word.
FORM_1 = """
CREATE TABLE seats (seat VARCHAR NOT NULL, created FLOAT NOT NULL, PRIMARY KEY (seat));
CREATE TABLE runs (uid VARCHAR NOT NULL, seat VARCHAR NOT NULL, scenario VARCHAR NOT NULL,
    content_hash VARCHAR NOT NULL, lesson VARCHAR NOT NULL, attempt INTEGER NOT NULL, draw_key VARCHAR NOT NULL,
    token_hash VARCHAR NOT NULL, created FLOAT NOT NULL, ended FLOAT, PRIMARY KEY (uid),
    UNIQUE (lesson, seat, attempt), FOREIGN KEY(seat) REFERENCES seats (seat));
CREATE INDEX ix_runs_seat ON runs (seat);
CREATE TABLE documents (id INTEGER NOT NULL, run VARCHAR NOT NULL, seq INTEGER NOT NULL, uid VARCHAR NOT NULL,
    kind VARCHAR NOT NULL, body TEXT NOT NULL, saved FLOAT NOT NULL, PRIMARY KEY (id), UNIQUE (run, seq),
    FOREIGN KEY(run) REFERENCES runs (uid), UNIQUE (uid));
CREATE TABLE snapshots (run VARCHAR NOT NULL, place INTEGER NOT NULL, body BLOB NOT NULL, saved FLOAT NOT NULL,
    PRIMARY KEY (run), FOREIGN KEY(run) REFERENCES runs (uid));
PRAGMA user_version = 1;
INSERT INTO seats VALUES ('guest-1', 1.0);
INSERT INTO runs VALUES ('run-000001', 'guest-1', 'swing', 'hash-1', 'open:swing', 1, 'ab', 'token', 1.0, NULL);
INSERT INTO documents VALUES (1, 'run-000001', 0, 'run-000001', 'start',
    '{"kind":"start","uid":"run-000001","run":"run-000001","seq":0,"seat":"guest-1"}', 1.0);
INSERT INTO snapshots VALUES ('run-000001', 1, x'00ff', 1.0);
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "record.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(FORM_1)
    connection.close()
    return path


def shape(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("kind", ["new", "migrated"])
def test_the_tables_are_those_that_the_program_knows(kind: str, old: Path, tmp_path: Path) -> None:
    store = RecordStore(tmp_path / "new.sqlite" if kind == "new" else old)
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [REVISION]
        assert connection.exec_driver_sql("PRAGMA user_version").scalar_one() == FORM
        for table in metadata.sorted_tables:  # compare_metadata does not look at NOT NULL on SQLite
            columns = connection.exec_driver_sql(f"PRAGMA table_info({table.name})").all()
            assert {one[1] for one in columns if one[3]} == {one.name for one in table.columns if not one.nullable}
    store.close()


def test_the_newest_migration_is_the_form_that_the_program_writes() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_a_record_of_the_first_form_is_taken_on_with_all_that_is_in_it(old: Path) -> None:
    before = shape(old)
    store = RecordStore(old, bytes(32))
    sitting = store.sit("guest-1", "swing", "hash-1")
    assert sitting.run == "run-000001" and sitting.documents[0]["seat"] == "guest-1"
    assert store.snapshot("run-000001") == (1, b"\x00\xff") and store.check() == "ok"
    with store.write() as connection:
        connection.execute(insert(classes).values(id="3-2", title="3 (2)", size=40, created=1.0))
        lesson = {"scenario": "swing", "content_hash": "hash-1", "mode": "free", "code": "123456", "started": 1.0}
        connection.execute(insert(lessons).values(uid="lesson-1", class_id="3-2", paused=False, **lesson))
        connection.execute(insert(claims).values(lesson="lesson-1", seat="3-2/17", tablet="ab", claimed=1.0))
    with store.read() as connection:
        assert connection.execute(select(claims.c.seat)).scalars().all() == ["3-2/17"]
        assert connection.execute(select(lessons.c.paused)).scalars().all() == [False]
    store.close()
    copy = old.with_name("record-form-1.sqlite")
    assert shape(copy) == before
    RecordStore(old).close()
    assert sorted(one.name for one in old.parent.iterdir()) == ["record-form-1.sqlite", "record.sqlite"]


def test_a_copy_is_never_written_over(old: Path) -> None:
    kept = old.with_name("record-form-1.sqlite")
    kept.write_bytes(b"the copy of another day")
    RecordStore(old).close()
    assert kept.read_bytes() == b"the copy of another day"
    assert old.with_name("record-form-1-2.sqlite").read_bytes().startswith(b"SQLite format 3")


def test_a_migration_that_fails_leaves_the_record_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shape(old)
    monkeypatch.setattr(migrations, "_say_form", lambda connection: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        RecordStore(old)
    monkeypatch.undo()
    assert shape(old) == before
    RecordStore(old).close()


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE moz_places (id INTEGER)")
    connection.close()
    with pytest.raises(Refusal, match="no record of Wanxiang"):
        RecordStore(path)
    assert [name for name, _ in shape(path)] == ["moz_places"]


def test_alembic_is_loaded_only_when_there_is_something_to_migrate(old: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from voila_apps.store import RecordStore\n"
        "for name in sys.argv[1:]: RecordStore(Path(name)).close(); print('alembic' in sys.modules)"
    )
    new, said = tmp_path / "new.sqlite", []
    for paths in ([new, new], [old], [old]):
        command = [sys.executable, "-c", script, *map(str, paths)]
        said.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert said == [["False", "False"], ["True"], ["False"]]
