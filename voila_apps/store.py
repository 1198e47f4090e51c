"""The record store: what was done, by which seat, in which order. Append-only.

SQLite in WAL mode with `synchronous=FULL`, one writer: when `append` returns, the documents
survive a power cut. A document is known by its uid, so that posting it again changes nothing.
The draw key of a run is HMAC-SHA256(the server's secret, lesson | seat | attempt); it stands in
the table of runs and never in a document.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError, IntegrityError

from engine.errors import Refusal

SCHEMA = 1
KINDS = ("start", "descriptor", "action", "event", "answer", "stop")
UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{5,79}")
DOCUMENT_BYTES = 256 * 1024
SNAPSHOT_BYTES = 16 * 1024 * 1024

metadata = MetaData()
seats = Table("seats", metadata, Column("seat", String, primary_key=True), Column("created", Float, nullable=False))
runs = Table(
    "runs",
    metadata,
    Column("uid", String, primary_key=True),
    Column("seat", ForeignKey("seats.seat"), nullable=False, index=True),
    Column("scenario", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("lesson", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("draw_key", String, nullable=False),
    Column("token_hash", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("ended", Float),
    UniqueConstraint("lesson", "seat", "attempt"),
)
documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.uid"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("uid", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("saved", Float, nullable=False),
    UniqueConstraint("run", "seq"),
)
snapshots = Table(
    "snapshots",
    metadata,
    Column("run", ForeignKey("runs.uid"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("saved", Float, nullable=False),
)


def draw_key(secret: bytes, lesson: str, seat: str, attempt: int) -> bytes:
    """The key of everything that is drawn in one run, 32 bytes."""
    return hmac.new(secret, f"{lesson}|{seat}|{attempt}".encode(), hashlib.sha256).digest()


@dataclass
class Sitting:
    """One seat at one scenario, as the server knows it while a bench is open."""

    seat: str
    scenario: str
    content_hash: str
    lesson: str
    attempt: int
    draw_key: bytes
    token_hash: str = ""
    run: str | None = None
    documents: list[dict[str, Any]] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Progress:
    """How far a seat has come in a scenario: its newest run."""

    run: str
    readings: int
    last: float
    ended: bool


class RecordStore:
    """The open record. Reads from any thread; writes are for one thread at a time."""

    def __init__(self, path: Path, secret: bytes = b"") -> None:
        self.path = path
        self.secret = secret
        self.engine = _engine(path)
        try:
            self._open()
        except DatabaseError as problem:
            self.engine.dispose()
            raise _damaged(path, problem) from problem

    def _open(self) -> None:
        with self.engine.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > SCHEMA:
                raise Refusal(
                    "The record {file} was written by a newer Wanxiang (form {theirs}; this one knows {ours}). "
                    "Update Wanxiang, or name another folder with --data.",
                    file=self.path,
                    theirs=version,
                    ours=SCHEMA,
                )
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if verdict != "ok":
                raise _damaged(self.path, verdict)
        if version < SCHEMA:
            with self.engine.execution_options(write=True).begin() as connection:
                metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        self.engine.dispose()

    def sit(self, seat: str, scenario: str, content_hash: str, token_hash: str = "") -> Sitting:
        """The seat's unfinished run of this scenario with its documents, or the next attempt.

        A run whose scenario has been rewritten since is not resumed; it stays in the record.
        """
        lesson = f"open:{scenario}"
        mine = select(runs).where(runs.c.seat == seat, runs.c.lesson == lesson)
        newest = mine.order_by(runs.c.attempt.desc()).limit(1)
        with self.engine.begin() as connection:
            row = connection.execute(newest).first()
            if row is not None and row.ended is None and row.content_hash == content_hash:
                return Sitting(
                    seat,
                    scenario,
                    content_hash,
                    lesson,
                    row.attempt,
                    bytes.fromhex(row.draw_key),
                    token_hash,
                    row.uid,
                    _bodies(connection, row.uid),
                )
        attempt = 1 if row is None else row.attempt + 1
        key = draw_key(self.secret, lesson, seat, attempt)
        return Sitting(seat, scenario, content_hash, lesson, attempt, key, token_hash)

    def append(self, sitting: Sitting, posted: Iterable[Any]) -> list[str]:
        """Save documents of one sitting, all or none; returns their uids once they are on the disk."""
        checked = [_checked(document) for document in posted]
        run = sitting.run
        try:
            with self.engine.execution_options(write=True).begin() as connection:
                for document in checked:
                    run = _enter(connection, sitting, run, document)
        except IntegrityError as problem:
            raise Refusal(
                "These documents contradict the record of run {run}: a place in its order is taken.", run=run
            ) from problem
        sitting.run = run
        return [document["uid"] for document in checked]

    def end(self, run: str) -> None:
        """Mark a run as finished: the next sitting begins a new attempt."""
        with self.engine.execution_options(write=True).begin() as connection:
            connection.execute(update(runs).where(runs.c.uid == run, runs.c.ended.is_(None)).values(ended=time.time()))

    def find(self, run: str) -> Row[Any]:
        """The run with this uid, or the only one whose uid begins so."""
        with self.engine.begin() as connection:
            rows = connection.execute(select(runs).where(runs.c.uid.startswith(run, autoescape=True)).limit(2)).all()
        if len(rows) != 1:
            raise Refusal(
                "The record {file} has no single run {run!r}. `wanxiang export` lists the runs.",
                file=self.path,
                run=run,
            )
        return rows[0]

    def runs(self, seat: str | None = None) -> list[Row[Any]]:
        """All runs, or one seat's, the newest first, with the number of their readings and documents."""
        count = (
            select(
                documents.c.run,
                func.count().label("documents"),
                func.sum(documents.c.kind == "event").label("readings"),
                func.max(documents.c.saved).label("last"),
            )
            .group_by(documents.c.run)
            .subquery()
        )
        query = select(runs, count.c.documents, count.c.readings, count.c.last).join(count, count.c.run == runs.c.uid)
        if seat is not None:
            query = query.where(runs.c.seat == seat)
        with self.engine.begin() as connection:
            return list(connection.execute(query.order_by(runs.c.created.desc())).all())

    def documents(self, run: str) -> list[dict[str, Any]]:
        """The documents of a run, in order."""
        with self.engine.begin() as connection:
            return _bodies(connection, run)

    def progress(self, seat: str) -> dict[str, Progress]:
        """The newest run of this seat in each scenario."""
        found: dict[str, Progress] = {}
        for row in self.runs(seat):
            found.setdefault(row.scenario, Progress(row.uid, int(row.readings or 0), row.last, row.ended is not None))
        return found

    def keep_snapshot(self, run: str, place: int, body: bytes) -> None:
        """Keep the newest snapshot of a run; an older one than the store has is ignored."""
        if len(body) > SNAPSHOT_BYTES:
            raise Refusal("This snapshot of run {run} is larger than {limit} bytes.", run=run, limit=SNAPSHOT_BYTES)
        with self.engine.execution_options(write=True).begin() as connection:
            have = connection.execute(select(snapshots.c.place).where(snapshots.c.run == run)).scalar()
            values = {"place": place, "body": body, "saved": time.time()}
            if have is None:
                connection.execute(insert(snapshots).values(run=run, **values))
            elif place >= have:
                connection.execute(update(snapshots).where(snapshots.c.run == run).values(**values))

    def snapshot(self, run: str) -> tuple[int, bytes] | None:
        """The newest snapshot of a run: its place in the order of documents, and its bytes."""
        with self.engine.begin() as connection:
            row = connection.execute(select(snapshots).where(snapshots.c.run == run)).first()
        return None if row is None else (row.place, row.body)

    def check(self) -> str:
        """What SQLite says about the whole file: "ok", or the first damage."""
        with self.engine.begin() as connection:
            return str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one())


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10.0, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says, not where the driver guesses
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _damaged(path: Path, problem: Any) -> Refusal:
    words = str(getattr(problem, "orig", problem)).splitlines()[0]
    return Refusal(
        "The record {file} cannot be read ({problem}). Put back your newest copy of it, "
        "or move the file away to begin an empty record.",
        file=path,
        problem=words,
    )


def _bodies(connection: Connection, run: str) -> list[dict[str, Any]]:
    query = select(documents.c.body).where(documents.c.run == run).order_by(documents.c.seq)
    return [json.loads(body) for body in connection.execute(query).scalars()]


def _checked(document: Any) -> dict[str, Any]:
    """A document of the expected shape, or a Refusal: whatever comes over the network is only claimed to be one."""
    if not isinstance(document, dict) or document.get("kind") not in KINDS:
        raise Refusal("A document must be one of: {kinds}.", kinds=", ".join(KINDS))
    for name in ("uid", "run"):
        if not isinstance(document.get(name), str) or not UID.fullmatch(document[name]):
            raise Refusal("A document has no proper {name!r}.", name=name)
    seq = document.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**31:
        raise Refusal("Document {uid} has no proper place in the order of its run.", uid=document["uid"])
    return document


def _enter(connection: Connection, sitting: Sitting, run: str | None, document: dict[str, Any]) -> str:
    """Write one document; returns the uid of the run it belongs to."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(body.encode()) > DOCUMENT_BYTES:
        raise Refusal("Document {uid} is larger than {limit} bytes.", uid=document["uid"], limit=DOCUMENT_BYTES)
    known = connection.execute(select(documents).where(documents.c.uid == document["uid"])).first()
    if known is not None:
        if known.run != run or json.loads(known.body) != document:
            raise Refusal("Document {uid} is already in the record, and says something else.", uid=document["uid"])
        return known.run
    if document["kind"] == "start" and run is None:
        run = _begin(connection, sitting, document)
    if document["run"] != run:
        raise Refusal("Document {uid} does not belong to this run.", uid=document["uid"])
    connection.execute(
        insert(documents).values(
            run=run, seq=document["seq"], uid=document["uid"], kind=document["kind"], body=body, saved=time.time()
        )
    )
    return document["run"]


def _begin(connection: Connection, sitting: Sitting, start: dict[str, Any]) -> str:
    """Enter a new run, and its seat if it is new."""
    if start["uid"] != start["run"]:
        raise Refusal("A start document must point to itself.")
    now = time.time()
    if connection.execute(select(seats).where(seats.c.seat == sitting.seat)).first() is None:
        connection.execute(insert(seats).values(seat=sitting.seat, created=now))
    connection.execute(
        insert(runs).values(
            uid=start["uid"],
            seat=sitting.seat,
            scenario=sitting.scenario,
            content_hash=sitting.content_hash,
            lesson=sitting.lesson,
            attempt=sitting.attempt,
            draw_key=sitting.draw_key.hex(),
            token_hash=sitting.token_hash,
            created=now,
        )
    )
    return str(start["uid"])
