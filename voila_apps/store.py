"""The record store: what was done, by which seat, in which order. Append-only.

SQLite in WAL mode with `synchronous=FULL`, one writer: when `append` returns, the documents
survive a power cut. A document is known by its uid, so that posting it again changes nothing.
The draw key of a run is HMAC-SHA256(the server's secret, lesson | seat | attempt); it stands in
the table of runs and never in a document.
"""

import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError, IntegrityError

from engine.errors import Refusal
from voila_apps.database import IMPATIENCE, PATIENCE, damaged, keep_copy, known_form, no_room, open_engine, trouble_of
from voila_apps.migrations import bring_up, create
from voila_apps.schema import FORM, documents, runs, seats, snapshots

KINDS = ("start", "descriptor", "action", "event", "answer", "stop")
log = logging.getLogger("wanxiang")

UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{5,79}")
DOCUMENT_BYTES = 256 * 1024
SNAPSHOT_BYTES = 16 * 1024 * 1024

# Told of what was saved: run, seat, lesson, the new documents.
Listener = Callable[[str, str, str, list[dict[str, Any]]], None]


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
        self.trouble = ""  # why the last attempt to write failed
        self.changes = 0  # how many times something was written
        self._listeners: list[Listener] = []
        self.engine = open_engine(path)
        try:
            self._open()
        except DatabaseError as problem:
            self.engine.dispose()
            raise damaged(path, problem) from problem

    def _open(self) -> None:
        with self.read() as connection:
            form = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            known_form(self.path, form)
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if verdict != "ok":
                raise damaged(self.path, verdict)
            tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        if not form and tables:
            raise Refusal(
                "{file} is a database, but no record of Wanxiang. Move it away, or name another folder with --data.",
                file=self.path,
            )
        if form < FORM:
            self._bring_up(form)

    def _bring_up(self, form: int) -> None:
        """Make a new record, or bring an earlier form to today's, keeping a copy of it as it was."""
        if form:
            keep_copy(self.engine, self.path.with_stem(f"{self.path.stem}-form-{form}"))
        with self.write() as connection:
            form = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())  # another process may have
            if not form:
                create(connection)
            elif form < FORM:
                bring_up(connection, form)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that reads, in any thread: `with store.read() as connection: connection.execute(select(…))`."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except DatabaseError as problem:
            self.trouble = trouble_of(problem)
            raise

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed, and on the disk, when the block ends; undone when it raises.

        SQLite takes one writer at a time. On a running server call what uses this through its writing thread
        (`settings["writer"]`, or `ClassServer.in_writer`), so that the event loop never waits for the disk.
        """
        patience = PATIENCE if not self.trouble else IMPATIENCE  # who comes after one that waited in vain waits less
        try:
            with self.engine.execution_options(write=True, patience=patience).begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except DatabaseError as problem:
            self.trouble = trouble_of(problem)
            raise
        self.trouble = ""
        self.changes += 1

    def examine(self) -> str:
        """What is the matter with the record: "", or a key of `database.TROUBLES`."""
        try:
            with self.read() as connection:
                connection.execute(select(runs.c.uid).limit(1)).first()
            if self.trouble and not (self.trouble == "full" and no_room(self.path)):  # is it over?
                with self.write() as connection:
                    connection.exec_driver_sql(f"PRAGMA user_version = {FORM}")
        except DatabaseError:
            pass  # `read` and `write` have noted it
        return self.trouble

    def on_append(self, listener: Listener) -> None:
        """Call `listener(run, seat, lesson, documents)` with what is new, after its commit, in the writing thread."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        self.engine.dispose()

    def sit(self, seat: str, scenario: str, content_hash: str, token_hash: str = "", lesson: str = "") -> Sitting:
        """The seat's unfinished run in this lesson with its documents, or the next attempt.

        Outside lessons each scenario is a lesson of its own, `open:<scenario>`. A run whose scenario has been
        rewritten since is not resumed; it stays in the record.
        """
        lesson = lesson or f"open:{scenario}"
        mine = select(runs).where(runs.c.seat == seat, runs.c.lesson == lesson)
        newest = mine.order_by(runs.c.attempt.desc()).limit(1)
        with self.read() as connection:
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

    def place(self, sitting: Sitting) -> tuple[str | None, int]:
        """The run that this sitting has in the record, if any, and which number its next document bears."""
        mine = [runs.c.lesson == sitting.lesson, runs.c.seat == sitting.seat, runs.c.attempt == sitting.attempt]
        with self.read() as connection:
            run = connection.execute(select(runs.c.uid).where(*mine)).scalar()
            last = connection.execute(select(func.max(documents.c.seq)).where(documents.c.run == run)).scalar()
        return run, 0 if last is None else last + 1

    def append(self, sitting: Sitting, posted: Iterable[Any]) -> list[str]:
        """Save documents of one sitting, all or none; returns their uids once they are on the disk."""
        checked = [_checked(document) for document in posted]
        run, new = sitting.run, []
        try:
            with self.write() as connection:
                for document in checked:
                    run, entered = _enter(connection, sitting, run, document)
                    new += [document] if entered else []
        except IntegrityError as problem:
            raise Refusal(
                "These documents contradict the record of run {run}: a place in its order is taken.", run=run
            ) from problem
        sitting.run = run
        if run is not None and new:
            self._tell(run, sitting, new)
        return [document["uid"] for document in checked]

    def _tell(self, run: str, sitting: Sitting, new: list[dict[str, Any]]) -> None:
        """Nobody who listens can undo, or even delay with an error, what is saved."""
        for listener in self._listeners:
            try:
                listener(run, sitting.seat, sitting.lesson, new)
            except Exception:
                log.exception("A listener to the record failed")

    def end(self, run: str) -> None:
        """Mark a run as finished: the next sitting begins a new attempt."""
        with self.write() as connection:
            connection.execute(update(runs).where(runs.c.uid == run, runs.c.ended.is_(None)).values(ended=time.time()))

    def find(self, run: str) -> Row[Any]:
        """The run with this uid, or the only one whose uid begins so."""
        with self.read() as connection:
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
        with self.read() as connection:
            return list(connection.execute(query.order_by(runs.c.created.desc())).all())

    def documents(self, run: str) -> list[dict[str, Any]]:
        """The documents of a run, in order."""
        with self.read() as connection:
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
        with self.write() as connection:
            have = connection.execute(select(snapshots.c.place).where(snapshots.c.run == run)).scalar()
            values = {"place": place, "body": body, "saved": time.time()}
            if have is None:
                connection.execute(insert(snapshots).values(run=run, **values))
            elif place >= have:
                connection.execute(update(snapshots).where(snapshots.c.run == run).values(**values))

    def snapshot(self, run: str) -> tuple[int, bytes] | None:
        """The newest snapshot of a run: its place in the order of documents, and its bytes."""
        with self.read() as connection:
            row = connection.execute(select(snapshots).where(snapshots.c.run == run)).first()
        return None if row is None else (row.place, row.body)

    def check(self) -> str:
        """What SQLite says about the whole file: "ok", or the first damage."""
        with self.read() as connection:
            return str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one())


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


def _enter(
    connection: Connection, sitting: Sitting, run: str | None, document: dict[str, Any]
) -> tuple[str, bool]:
    """Write one document; returns the uid of the run it belongs to, and whether the record did not have it yet."""
    try:
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        size = len(body.encode())
    except (ValueError, RecursionError) as problem:  # infinite numbers, half characters, boxes in boxes
        raise Refusal("Document {uid} holds something that cannot be recorded.", uid=document["uid"]) from problem
    if size > DOCUMENT_BYTES:
        raise Refusal("Document {uid} is larger than {limit} bytes.", uid=document["uid"], limit=DOCUMENT_BYTES)
    known = connection.execute(select(documents).where(documents.c.uid == document["uid"])).first()
    if known is not None:
        if known.run != run or json.loads(known.body) != document:
            raise Refusal("Document {uid} is already in the record, and says something else.", uid=document["uid"])
        return str(known.run), False
    if document["kind"] == "start" and run is None:
        run = _begin(connection, sitting, document)
    if document["run"] != run:
        raise Refusal("Document {uid} does not belong to this run.", uid=document["uid"])
    connection.execute(
        insert(documents).values(
            run=run, seq=document["seq"], uid=document["uid"], kind=document["kind"], body=body, saved=time.time()
        )
    )
    return str(document["run"]), True


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
