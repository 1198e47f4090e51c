"""Erasing: what a seat did, or what is older than the school keeps, so that the bytes are gone too.

Deleted rows are overwritten with zeros (SQLite's `secure_delete`), the write-ahead log is folded in and cut to
nothing, and the file is rebuilt without its free pages. What a disk does with blocks that it was told to free is
beyond a program's reach: a school that must be sure encrypts the disk.
"""

import json
import logging
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, inspect, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from engine.errors import Refusal, nearest
from voila_apps import backups
from voila_apps.backups import RECORD, Backups
from voila_apps.database import open_engine
from voila_apps.home import DataFolder
from voila_apps.schema import claims, documents, runs, seats, snapshots
from voila_apps.store import RecordStore

DAY = 86400.0
READERS_PATIENCE = 2.0  # s that rebuilding the file waits for whoever reads it
AT_ONCE = 500  # runs in one statement
FIRST_BELIEVED = time.mktime((2025, 1, 1, 0, 0, 0, 0, 0, 0))  # a clock that says less was never set

log = logging.getLogger("wanxiang")


@dataclass
class Erased:
    """How much is gone."""

    runs: int = 0
    documents: int = 0
    claims: int = 0
    spools: int = 0
    rewritten: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Whether there was something of it."""
        return bool(self.runs or self.claims)


def erase_seat(engine: Engine, seat: str) -> Erased:
    """Everything of a seat out of one record, whatever its form."""
    erased = Erased()
    with _overwriting(engine) as connection:
        mine = select(runs.c.uid).where(runs.c.seat == seat)
        _erase_runs(connection, list(connection.execute(mine).scalars()), erased)
        if inspect(connection).has_table(claims.name):
            erased.claims = connection.execute(delete(claims).where(claims.c.seat == seat)).rowcount
        connection.execute(delete(seats).where(seats.c.seat == seat))
    purge(engine)
    return erased


def erase_older(store: RecordStore, days: float, now: float | None = None) -> Erased:
    """The runs that were over longer ago than this, and the seats that have none left."""
    erased = Erased()
    with _overwriting(store.engine) as connection:
        limit = (time.time() if now is None else now) - days * DAY
        _erase_runs(connection, list(_over_before(connection, limit)), erased)
        idle = delete(claims).where(claims.c.claimed < limit, claims.c.claimed > FIRST_BELIEVED,
                                    claims.c.seat.not_in(select(runs.c.seat)))  # fmt: skip
        erased.claims = connection.execute(idle).rowcount
        connection.execute(
            delete(seats).where(seats.c.seat.not_in(select(runs.c.seat)), seats.c.created < limit,
                                seats.c.created > FIRST_BELIEVED)
        )  # fmt: skip
    if erased.anything:
        purge(store.engine)
    return erased


def purge(engine: Engine) -> None:
    """Leave nothing of what was deleted in the file or in its log."""
    busy = 0
    try:
        with engine.execution_options(autocommit=True).connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * READERS_PATIENCE)}").close()
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                found = connection.exec_driver_sql(statement)
                busy = found.first()[0] if found.returns_rows else busy  # type: ignore[index]
    except OperationalError as problem:
        log.warning("The record could not be rebuilt after erasing: %s", problem)
        busy = 1
    if busy:
        raise Refusal(
            "It is gone from the record, but its bytes are still in the file, which another program is using. "
            "Stop the server and do the same again with --backups rewrite."
        )


def erase_in_copies(folder: DataFolder, seat: str, how: str) -> Erased:
    """The seat out of backups and other copies in the data folder: each `rewrite`n without it, or all `remove`d."""
    erased = Erased()
    for path in Backups(folder).kept():
        if how == "remove":
            backups.remove(path)
            erased.removed.append(path.name)
            continue
        try:
            if _rewrite(path, seat):
                erased.rewritten.append(path.name)
        except Refusal:
            erased.unreadable.append(path.name)
    for path in Backups(folder).strays():
        name = str(path.relative_to(folder.root))
        if how == "remove":
            backups.remove_record(path)
            erased.removed.append(name)
            continue
        try:
            if _erase_in_file(path, seat):
                erased.rewritten.append(name)
        except DatabaseError:
            erased.unreadable.append(name)
    return erased


def of_seat(store: RecordStore, seat: str) -> dict[str, Any]:
    """Everything that the record holds of a seat. Keys of the draw are the lesson's, not the seat's, and left out."""
    with store.read() as connection:
        known = connection.execute(select(seats).where(seats.c.seat == seat)).first()
        mine = connection.execute(select(runs).where(runs.c.seat == seat).order_by(runs.c.created)).all()
        sat = connection.execute(select(claims).where(claims.c.seat == seat).order_by(claims.c.id)).mappings().all()
        kept = {row.run: {"after": row.place, "bytes": row.size, "saved": row.saved} for row in _snapshots(connection)}
    told = ("uid", "scenario", "content_hash", "lesson", "attempt", "created", "ended")
    return {
        "seat": seat,
        "created": known.created if known else None,
        "runs": [
            {name: getattr(row, name) for name in told}
            | {"snapshot": kept.get(row.uid), "documents": store.documents(row.uid)}
            for row in mine
        ],
        "claims": [dict(row) for row in sat],
    }


def known_seat(store: RecordStore, seat: str) -> None:
    """Refuse a seat of which there is nothing."""
    with store.read() as connection:
        known = set(connection.execute(select(seats.c.seat).union(select(claims.c.seat))).scalars())
    if seat not in known:
        raise Refusal("There is nothing of a seat {seat!r} in the record. Did you mean: {nearest}?", seat=seat,
                      nearest=nearest(seat, sorted(known)[:20]) or "—")  # fmt: skip


def spooled(path: Path) -> list[Any]:
    """The documents in a spool, as far as they can be read."""
    found = []
    for line in path.read_bytes().splitlines()[1:]:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return found


def _snapshots(connection: Connection) -> list[Any]:
    size = func.length(snapshots.c.body).label("size")
    return list(connection.execute(select(snapshots.c.run, snapshots.c.place, snapshots.c.saved, size)).all())


def _overwriting(engine: Engine) -> Any:
    """A writing transaction in which what is deleted is overwritten."""
    return engine.execution_options(write=True, overwriting=True).begin()


def _erase_runs(connection: Connection, uids: list[str], erased: Erased) -> None:
    for some in _parts(uids):
        erased.documents += connection.execute(delete(documents).where(documents.c.run.in_(some))).rowcount
        connection.execute(delete(snapshots).where(snapshots.c.run.in_(some)))
        erased.runs += connection.execute(delete(runs).where(runs.c.uid.in_(some))).rowcount


def _over_before(connection: Connection, limit: float) -> Iterator[str]:
    """Runs that ended, or were last written to, before the limit. A box without a battery may have had the wrong time
    for a while: no document is taken for older than one that was saved before it.
    """
    query = select(documents.c.run, documents.c.id, documents.c.saved, runs.c.ended)
    at, last = 0.0, dict[str, float]()
    for run, _, saved, ended in connection.execute(query.join(runs).order_by(documents.c.id)):
        at = max(at, saved)
        last[run] = max(at, ended or 0.0)
    yield from (run for run, when in last.items() if FIRST_BELIEVED < when < limit)


def _parts(uids: list[str]) -> Iterable[list[str]]:
    return (uids[begin : begin + AT_ONCE] for begin in range(0, len(uids), AT_ONCE))


def _erase_in_file(path: Path, seat: str) -> bool:
    """Erase a seat from a copy of a record; whether it was in there."""
    engine = open_engine(path)
    try:
        with engine.begin() as connection:
            inside = [select(seats.c.seat).where(seats.c.seat == seat)]
            if inspect(connection).has_table(claims.name):
                inside.append(select(claims.c.seat).where(claims.c.seat == seat))
            if not any(connection.execute(query).first() for query in inside):
                return False
        erase_seat(engine, seat)
        with engine.execution_options(autocommit=True).connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
        return True
    finally:
        engine.dispose()


def _rewrite(path: Path, seat: str) -> bool:
    """Write a backup again without the seat; whether it was in there. One that is damaged cannot be, and is told."""
    backup = backups.look(path)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=path.parent) as workplace:
        files = {}
        for number, name in enumerate(backup.files):
            files[name] = backups.unpack(backup, name, Path(workplace, str(number)))
        if not _erase_in_file(files[RECORD], seat):
            return False
        backups.deliver(backups.pack(files, Path(workplace, path.name), backup.made), path)
    return True
