"""How a kernel reaches the record: with a token for its own run, over HTTP, never by opening the database.

"Saved" is answered only after the commit. Everything that writes goes through one thread, so the
event loop never waits for the disk.
"""

import asyncio
import base64
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

from sqlalchemy.exc import SQLAlchemyError
from tornado.log import app_log
from tornado.web import HTTPError, RequestHandler

from engine.errors import Refusal
from voila_apps.benches import Bench, Benches
from voila_apps.classroom.lessons import Lessons
from voila_apps.database import TROUBLES, trouble_of
from voila_apps.store import RecordStore

DOCUMENTS_AT_ONCE = 1000
POST_BYTES = 8 * 1024 * 1024
ORDER_DIGITS = 9
LONGEST_LOOK = 3.0  # s


class KernelRequest(RequestHandler):
    """A request that carries the token of a run."""

    bench: Bench
    trouble = ""

    def prepare(self) -> None:
        """Find the bench that holds this token; everybody else is turned away."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        benches: Benches = self.settings["benches"]
        bench = benches.of_token(token) if scheme == "Bearer" and token else None
        if bench is None:
            self.set_header("WWW-Authenticate", "Bearer")
            raise HTTPError(401)
        self.bench = bench

    def write_error(self, status_code: int, **_: Any) -> None:
        """Errors are JSON too."""
        self.finish({"error": self._reason} | ({"trouble": self.trouble} if self.trouble else {}))

    async def in_writer(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do something with the store in its one writing thread; a full disk and a refusal have their own answers."""
        return await self._in(self.settings["writer"], work, *arguments)

    async def in_reader(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Read from the store without waiting for those who write."""
        return await self._in(None, work, *arguments)

    async def _in(self, threads: ThreadPoolExecutor | None, work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)
        except Refusal as refusal:
            self.refuse(409, str(refusal))
        except SQLAlchemyError as problem:
            self.trouble = trouble_of(problem)
            app_log.error("The record could not be used (%s): %s", self.trouble, problem)
            self.refuse(507, TROUBLES[self.trouble])

    def refuse(self, status: int, why: str) -> NoReturn:
        """End this request with a status and a sentence."""
        raise HTTPError(status, reason=" ".join(why.split())[:300].encode("ascii", "replace").decode())


class RunRequest(KernelRequest):
    """What a kernel needs to begin or to go on."""

    async def get(self) -> None:
        """The run's uid, the draw key, the seat, and the documents so far."""
        sitting = self.bench.sitting
        store: RecordStore = self.settings["store"]
        saved = await self.in_reader(store.documents, sitting.run) if sitting.run else []
        kept = await self.in_reader(store.snapshot, sitting.run) if sitting.run else None
        snapshot = base64.b64encode(kept[1]).decode() if kept else None
        lessons: Lessons | None = self.settings["lessons"]
        lesson = lessons.get(sitting.lesson) if lessons else None
        self.finish({"run": sitting.run, "draw_key": sitting.draw_key.hex(), "seat": sitting.seat, "documents": saved,
                     "snapshot": snapshot, "ticket": self.settings["spool"].ticket(sitting),
                     "mode": lesson.mode if lesson else ""})


class DocumentsRequest(KernelRequest):
    """Documents on their way into the record."""

    async def post(self) -> None:
        """Save all of them or none; answers with their uids once they are on the disk."""
        store: RecordStore = self.settings["store"]
        posted = self._posted()
        self.finish({"saved": await self.in_writer(store.append, self.bench.sitting, posted)})

    def _posted(self) -> list[Any]:
        if len(self.request.body) > POST_BYTES:
            self.refuse(413, f"More than {POST_BYTES} bytes in one post.")
        try:
            body = json.loads(self.request.body, parse_constant=_no_constant)
            posted = body["documents"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self.refuse(400, "Not a list of documents.")
        if not isinstance(posted, list) or len(posted) > DOCUMENTS_AT_ONCE:
            self.refuse(400, "Not a list of documents, or too long a one.")
        return posted


class SnapshotRequest(KernelRequest):
    """The newest snapshot of a run: spares a kernel that goes on with it the computing."""

    async def post(self) -> None:
        """Keep it; `order` is how many documents the run had by then."""
        store: RecordStore = self.settings["store"]
        run, order = self.bench.sitting.run, self.get_query_argument("order", "")
        if run is None or not order.isdecimal() or len(order) > ORDER_DIGITS:
            self.refuse(400, "Not a snapshot of a run.")
        await self.in_writer(store.keep_snapshot, run, int(order), self.request.body)
        self.finish({"kept": int(order)})


class Health(RequestHandler):
    """Whether the server can do its work, for whoever watches it."""

    async def get(self) -> None:
        """Status, benches, free disk and what is wrong with the record, as JSON."""
        benches: Benches = self.settings["benches"]
        store: RecordStore = self.settings["store"]
        trouble = await self._trouble(store)
        told = {
            "status": "failing" if trouble else "ok",
            "version": self.settings["version"],
            "record": trouble or "ok",
            "benches": len(benches),
            "bench_limit": benches.limit,
            "disk_free_bytes": shutil.disk_usage(store.path.parent).free,
            **self.settings.get("certificate_state", dict)(),
            **self.settings["nursery"].state,
            **self.settings["upkeep"].told(),
        }
        self.set_header("Cache-Control", "no-store")
        self.set_status(503 if trouble else 200)
        self.finish(told | ({"record_problem": TROUBLES[trouble]} if trouble else {}))

    async def _trouble(self, store: RecordStore) -> str:
        """What the store says of itself; a writer that does not come to an end is waiting for another program."""
        writer: ThreadPoolExecutor = self.settings["writer"]
        asked = asyncio.get_running_loop().run_in_executor(writer, store.examine)
        try:
            return str(await asyncio.wait_for(asyncio.shield(asked), LONGEST_LOOK))
        except TimeoutError:
            return store.trouble or "locked"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that can be recorded")
