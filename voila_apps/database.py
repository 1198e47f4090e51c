"""The file under the record: SQLite with a write-ahead log, every commit on the disk; and what can ail it."""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

from engine.errors import Refusal
from voila_apps.schema import FORM
from voila_apps.speaking import _

PATIENCE = 5.0  # s that a writer waits for another program; less than a kernel waits for an answer
IMPATIENCE = 0.2  # s, while it is known that there is trouble
ROOM = 2_000_000  # bytes

TROUBLES = {
    "full": _("The disk that the record lies on is full. Make room on it; what waits is then saved by itself."),
    "locked": _("Another program holds the record. Close it; what waits is then saved by itself."),
    "damaged": _("The record is damaged. Stop the server and put back the newest backup with `wanxiang restore`."),
    "closed": _("The record may not be written. Give the user that runs the server the right to."),
    "unwritable": _("The disk that the record lies on does not do its work. Look whether it is there and sound."),
}
# SQLite's primary result codes.
KINDS = {5: "locked", 6: "locked", 8: "closed", 11: "damaged", 13: "full", 14: "closed", 26: "damaged"}


def trouble_of(problem: Exception) -> str:
    """Which of the troubles an error of the database means."""
    code = getattr(getattr(problem, "orig", None), "sqlite_errorcode", 0) & 0xFF
    return KINDS.get(code, "unwritable")


def no_room(path: Path) -> bool:
    """Whether the disk has less than the next minute of a class needs."""
    return shutil.disk_usage(path.parent).free < ROOM


def open_engine(path: Path) -> Engine:
    """The record's file, set up so that what is committed survives a power cut."""
    with contextlib.suppress(OSError):  # SQLite says it better
        path.touch(mode=0o600)  # its logs take their rights from it
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": PATIENCE, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says, not where the driver guesses
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("write"):
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * options.get('patience', PATIENCE))}").close()
            if options.get("overwriting"):
                connection.exec_driver_sql("PRAGMA secure_delete = ON").close()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif not options.get("autocommit"):  # VACUUM runs outside transactions
            connection.exec_driver_sql("BEGIN")

    return engine


def keep_copy(engine: Engine, path: Path) -> Path:
    """A whole copy of the record, free of what was erased, on the disk before this returns; never over another file."""
    wanted, number = path, 1
    while path.exists():
        number += 1
        path = wanted.with_stem(f"{wanted.stem}-{number}")
    path.touch(mode=0o600)
    with engine.execution_options(autocommit=True).connect() as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(path),))
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return path


def known_form(path: Path, form: int) -> None:
    """Refuse a record that a newer program wrote."""
    if form > FORM:
        raise Refusal(
            "The record {file} was written by a newer Wanxiang (form {theirs}; this one knows {ours}). "
            "Update Wanxiang, or name another folder with --data.",
            file=path,
            theirs=form,
            ours=FORM,
        )


def damaged(path: Path, problem: Any) -> Refusal:
    """What to say of a file that SQLite cannot read."""
    words = str(getattr(problem, "orig", problem)).splitlines()[0]
    return Refusal(
        "The record {file} cannot be read ({problem}). Put back your newest copy of it, "
        "or move the file away to begin an empty record.",
        file=path,
        problem=words,
    )
