"""Where documents go: memory, a file of JSON lines, or the class server. A logbook only ever appends."""

import asyncio
import base64
import json
import logging
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from errno import ENOSPC
from pathlib import Path
from typing import Any, Protocol
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from engine.errors import Refusal
from labs.bench.documents import Document, check
from labs.bench.spool import Spool
from labs.bench.words import _

FULL = _("The class server's disk is full. Go on working: everything is kept and will be saved once there is room. "
         "Tell your teacher.")
CANNOT = _("The class server cannot write its record just now. Go on working: everything is kept and will be saved "
           "once it can. Tell your teacher.")
NOT_TAKEN = _("The class server does not take what was written here. Tell your teacher, and reload the page.")
AWAY = _("The class server does not answer. Go on working: everything is kept and will be saved once it does.")
NO_ROOM = 507  # HTTP: the record could not be written

log = logging.getLogger("wanxiang")


class Logbook(Protocol):
    """Anything that documents can be appended to."""

    def append(self, document: Document) -> None:
        """Take one document; may still be on its way when this returns."""

    def saved(self, uid: str) -> bool:
        """Whether this document is where it would survive a power cut."""

    why: str
    """Why something is not saved, in a sentence for a student; empty when nothing is amiss."""

    @property
    def pending(self) -> int:
        """How many documents are not saved yet."""

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever what is saved or waits changes."""

    def keep(self, order: int, snapshot: bytes) -> None:
        """Keep the newest snapshot, if it can; it spares time when the run goes on, and is no part of the record."""


class MemoryLogbook:
    """Documents in a list: for notebooks without a server, and for tests. Nothing in it survives, and it says so."""

    why = ""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def append(self, document: Document) -> None:
        """Take one document."""
        self.documents.append(document)

    def saved(self, uid: str) -> bool:
        """Never: memory is not a record."""
        return False

    @property
    def pending(self) -> int:
        """All of them."""
        return len(self.documents)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Nothing ever changes: nothing is saved."""

    def keep(self, order: int, snapshot: bytes) -> None:
        """Not kept: who has this memory has the run itself."""


class ServerLogbook:
    """Documents posted to the class server, in order, from the event loop that the caller lives in.

    What cannot be delivered waits here and is tried again, each time after twice as long; the server
    knows documents by their uid, so trying twice does no harm. What waits also stands in the `spool`, if there is
    one, where the server finds it when this process is gone. Whoever listens with `on_change` hears whenever `pending`
    or `trouble` changes, and can tell the student what is saved; `why` is a sentence for a student.
    """

    BATCH = 100  # documents in one post
    TIMEOUT = 10.0  # s

    def __init__(self, url: str, token: str, *, first_wait: float = 0.5, longest_wait: float = 15.0,
                 spool: Spool | None = None) -> None:
        self.url, self.trouble, self.why = url.rstrip("/"), "", ""
        self._headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        self._waits = first_wait, longest_wait
        self._waiting: deque[Document] = deque()
        self._spool = spool
        self._snapshot: tuple[int, bytes] | None = None
        self._saved: set[str] = set()
        self._listeners: list[Callable[[], None]] = []
        self._delivery: asyncio.Task[None] | None = None
        self._retry = asyncio.Event()

    @property
    def pending(self) -> int:
        """How many documents the server has not acknowledged."""
        return len(self._waiting)

    def saved(self, uid: str) -> bool:
        """True once the server has committed this document."""
        return uid in self._saved

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something was saved, or waits, or the connection came or went."""
        self._listeners.append(listener)

    def append(self, document: Document) -> None:
        """Put one document on its way."""
        self._waiting.append(document)
        self._to_disk(lambda spool: spool.append(self._waiting))
        self._tell()
        self.deliver()

    def keep(self, order: int, snapshot: bytes) -> None:
        """Send the newest snapshot after the documents; one that does not arrive is not missed, another will come."""
        self._snapshot = order, snapshot
        self.deliver()

    def already_saved(self, documents: list[Document]) -> None:
        """The server gave us these itself."""
        self._saved.update(document["uid"] for document in documents)

    def deliver(self) -> None:
        """Start delivering, if there is an event loop and nothing is under way; wakes a waiting attempt."""
        self._retry.set()
        if self._delivery is None or self._delivery.done():
            try:
                self._delivery = asyncio.get_running_loop().create_task(self._deliver())
            except RuntimeError:
                self._delivery = None  # no loop yet: the next document, or a call from within one, starts it

    async def drained(self) -> None:
        """Return when everything is saved."""
        while self._waiting:
            self.deliver()
            if self._delivery is not None:
                await self._delivery

    async def _deliver(self) -> None:
        wait, longest = self._waits
        while self._waiting or self._snapshot:
            if not self._waiting:
                await self._post_snapshot()
                continue
            if await self._post():
                wait = self._waits[0]
                continue
            if self._spool is not None:  # it may be away for long: let a power cut find what waits
                await asyncio.to_thread(self._to_disk, Spool.settle)
            self._retry.clear()
            # A new document ends a long wait early, but never the first one: a server that just refused is not hurried.
            await asyncio.sleep(self._waits[0])
            with suppress(TimeoutError):
                await asyncio.wait_for(self._retry.wait(), max(0.0, wait - self._waits[0]))
            wait = min(2 * wait, longest)

    async def _post_snapshot(self) -> None:
        assert self._snapshot is not None
        (order, block), self._snapshot = self._snapshot, None
        with suppress(HTTPClientError, OSError):
            await AsyncHTTPClient().fetch(
                f"{self.url}/api/snapshot?order={order}", method="POST", body=block, request_timeout=self.TIMEOUT,
                headers={**self._headers, "Content-Type": "application/octet-stream"})

    async def _post(self) -> bool:
        """One attempt with the oldest documents; whether any of them was saved."""
        batch = [self._waiting[place] for place in range(min(self.BATCH, len(self._waiting)))]
        body = json.dumps({"documents": batch}, ensure_ascii=False, allow_nan=False).encode()
        try:
            answer = await AsyncHTTPClient().fetch(
                self.url + "/api/documents", method="POST", headers=self._headers, body=body,
                request_timeout=self.TIMEOUT, connect_timeout=self.TIMEOUT)
            saved = set(json.loads(answer.body)["saved"])
        except (HTTPClientError, OSError, ValueError, KeyError, TypeError) as problem:
            self._set_trouble(type(problem).__name__ + ": " + str(problem), _why(problem))
            return False
        before = len(self._waiting)
        while self._waiting and self._waiting[0]["uid"] in saved:
            self._saved.add(self._waiting.popleft()["uid"])
        if not self._waiting:
            self._to_disk(Spool.clear)
        done = len(self._waiting) < before
        self._set_trouble("" if done else "the server saved nothing", "" if done else NOT_TAKEN)
        return done

    def _to_disk(self, deed: Callable[[Spool], None]) -> None:
        """Do something with the spool, if there is one; if the disk refuses, it all stands here too."""
        if self._spool is not None:
            try:
                deed(self._spool)
            except OSError as problem:
                log.warning("The spool cannot be written: %s", problem)

    def _set_trouble(self, trouble: str, why: str) -> None:
        self.trouble, self.why = trouble, why
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _why(problem: Exception) -> str:
    """What a student should know about a post that failed."""
    if not isinstance(problem, HTTPClientError) or problem.code in (599, 502, 503, 504):
        return AWAY
    if problem.code != NO_ROOM:
        return NOT_TAKEN
    try:
        full = json.loads(problem.response.body)["trouble"] == "full"  # type: ignore[union-attr]
    except (ValueError, KeyError, TypeError, AttributeError):
        full = False
    return FULL if full else CANNOT


@dataclass(frozen=True)
class Given:
    """What the server hands to one seat: the draw key, the run to go on with, the mode of its lesson."""

    draw_key: bytes
    seat: str
    run: str | None
    documents: list[Document]
    snapshot: bytes | None
    ticket: Any = None  # what a spool begins with
    mode: str = ""  # guided, free, exam; nothing outside lessons


def fetch_run(url: str, token: str, *, timeout: float = 10.0) -> Given:
    """Ask the class server whose run this is. Waits for the answer: nothing can be shown before it."""
    request = Request(url.rstrip("/") + "/api/run", headers={"Authorization": "Bearer " + token})
    try:
        # Never through a proxy: the server is on this machine.
        with build_opener(ProxyHandler({})).open(request, timeout=timeout) as answer:
            given = json.load(answer)
        snapshot = base64.b64decode(given["snapshot"]) if given.get("snapshot") else None
        return Given(bytes.fromhex(given["draw_key"]), given["seat"], given["run"], given["documents"], snapshot,
                      given.get("ticket"), str(given.get("mode", "")))
    except (URLError, OSError, ValueError, KeyError, TypeError) as problem:
        raise Refusal("The class server did not hand out this run ({reason}). Reload the page; if that does not help, "
                      "ask your teacher.", reason=type(problem).__name__) from None


@dataclass
class Contents:
    """What a file of documents holds; `lost` is the half-written last line of a crash, if there was one."""

    documents: list[Document] = field(default_factory=list)
    lost: str = ""
    sound_bytes: int = 0


class FileLogbook:
    """One document per line, each on the disk before `append` returns.

    A file that exists is gone on with; `lost` then tells of a half-written last line, which is cut off. When the
    disk is full nothing is raised, for the run goes on: the documents wait, `trouble` says why, and every later
    one tries them all again, in order.
    """

    why = ""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        contents = read_file(self.path) if self.path.exists() else Contents()
        self.documents, self.lost = contents.documents, contents.lost
        self._uids = {document["uid"] for document in self.documents}
        self._sound, self._waiting, self.trouble = contents.sound_bytes, deque[Document](), ""
        self._listeners: list[Callable[[], None]] = []
        try:
            self._file = self.path.open("ab", buffering=0)
            self._file.truncate(contents.sound_bytes)
        except OSError as problem:
            raise _cannot("write", self.path, problem) from None

    @property
    def pending(self) -> int:
        """How many documents are not on the disk."""
        return len(self._waiting)

    def append(self, document: Document) -> None:
        """Write one line, and any that wait before it, and wait until the disk has them."""
        self._waiting.append(document)
        trouble, self.trouble = self.trouble, ""
        try:
            while self._waiting:
                self._write(self._waiting[0])
                self._uids.add(self._waiting[0]["uid"])
                self.documents.append(self._waiting.popleft())
        except OSError as problem:
            self.trouble = str(_cannot("write", self.path, problem))
        if self.trouble != trouble:
            for listener in self._listeners:
                listener()

    def _write(self, document: Document) -> None:
        line = (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode()
        os.ftruncate(self._file.fileno(), self._sound)  # an attempt that failed may have left half a line
        if self._file.write(line) < len(line):
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        os.fsync(self._file.fileno())
        self._sound += len(line)

    def saved(self, uid: str) -> bool:
        """True once the line is on the disk."""
        return uid in self._uids

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` when the disk refuses, and when it takes again."""
        self._listeners.append(listener)

    def keep(self, order: int, snapshot: bytes) -> None:
        """Not kept: a file is for the record."""

    def close(self) -> None:
        """Let go of the file; a Refusal when something could not be written."""
        self._file.close()
        if self._waiting:
            raise Refusal(self.trouble)


def read_file(path: str | Path) -> Contents:
    """The documents in a file; a Refusal names the first line that cannot be understood."""
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise _cannot("read", path, problem) from None
    contents = Contents()
    whole, _, rest = content.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else [], start=1):
        contents.documents.append(_understood(line, number, path))
    contents.lost = rest.decode(errors="replace")
    contents.sound_bytes = len(content) - len(rest)
    return contents


def _understood(line: bytes, number: int, path: Path) -> Any:
    try:
        return check(json.loads(line))
    except Refusal as problem:
        raise Refusal("Line {line} of {path}: {problem}", line=number, path=path.name, problem=problem) from None
    except ValueError:
        raise Refusal("Line {line} of {path} is damaged. Restore the file from a copy, or keep only the lines "
                      "before it.", line=number, path=path.name) from None


def _cannot(verb: str, path: Path, problem: OSError) -> Refusal:
    reason = problem.strerror or type(problem).__name__
    if verb == "read":
        return Refusal("Cannot read {path}: {reason}. Check the name and the permission.", path=path, reason=reason)
    return Refusal("Cannot write {path}: {reason}. Choose a folder that you may write to, with room on its disk.",
                   path=path, reason=reason)
