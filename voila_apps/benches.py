"""Benches: one living kernel per seat and scenario.

The page that a kernel's notebook rendered is kept beside it, and a reload or a second tab is
served that same page onto the same kernel: Voilà's widget manager restores every model from it.
Rendering goes on whether or not the browser that asked for it is still there.
"""

import asyncio
import hashlib
import json
import math
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from nbformat.v4 import new_code_cell, new_notebook
from tornado.log import app_log
from voila.notebook_renderer import NotebookRenderer

from voila_apps.admission import Queue, Taken
from voila_apps.catalogue import Scenario
from voila_apps.home import packages_folder
from voila_apps.spool import SpoolFolder
from voila_apps.store import RecordStore, Sitting

IDLE_SECONDS = 60 * 60.0  # a bench that nobody looks at is cleared; its run stays in the record
UNJOINED_SECONDS = 120.0  # a page that was fetched and never came to life
YIELDING_SECONDS = 5 * 60.0  # left for this long, a bench gives way to somebody who is waiting
HURRY_SECONDS = 20.0  # one that was never joined gives way sooner: perhaps nobody is there
AHEAD_SECONDS = 20 * 60.0  # one that was opened ahead of its student waits for so long, unless somebody else does
GRASPING_SECONDS = 5.0  # an address that holds most benches gives one that nobody joined to somebody elsewhere
BENCHES_PER_SEAT = 3
SWEEP_SECONDS = 5.0

# What a kernel is allowed to see of the server's environment. Everything else stays with the server.
INHERITED = (
    "PATH",
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "XDG_CACHE_HOME",
    "NUMBA_CACHE_DIR",
    "NUMBA_CPU_NAME",
    "NUMBA_CPU_FEATURES",
    "WANXIANG_BACKEND",
    "WANXIANG_LANG",
)
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "WANXIANG_THREADS"), "1"
)


@dataclass
class Bench:
    """One seat's apparatus: a kernel, its page so far, and what the kernel may write."""

    sitting: Sitting
    scenario: Scenario
    token: str
    kernel_id: str = ""
    snippets: list[str] = field(default_factory=list)
    rendered: bool = False
    failed: bool = False
    opened: float = field(default_factory=time.monotonic)
    joined: bool = False
    pages: int = 0  # open pages of whoever sits here; who only watches is not counted
    asked_by_watchers: set[str] = field(default_factory=set)  # comms on which the teacher's pages asked for states
    ahead: bool = False  # opened before its student came
    address: str = ""  # where it was asked for
    left: float = field(default_factory=time.monotonic)
    growing: asyncio.Condition = field(default_factory=asyncio.Condition)

    def come(self) -> None:
        """A page of whoever sits here has come to life."""
        self.pages += 1
        self.joined, self.left = True, time.monotonic()

    def go(self) -> None:
        """It is gone."""
        self.pages -= 1
        self.left = time.monotonic()

    def away(self, now: float) -> float:
        """Seconds for which nobody has been here."""
        return 0.0 if self.pages > 0 else now - self.left

    @property
    def kept_until(self) -> float:
        """Until when it is not given to somebody else."""
        if self.pages > 0:
            return math.inf
        if self.ahead and not self.joined:
            return self.left
        return self.left + (YIELDING_SECONDS if self.joined else HURRY_SECONDS)

    async def page(self) -> AsyncIterator[str]:
        """The page from its beginning, as it is rendered."""
        served = 0
        while not self.rendered or served < len(self.snippets):
            async with self.growing:
                while not self.rendered and served == len(self.snippets):
                    await self.growing.wait()
                fresh, served = "".join(self.snippets[served:]), len(self.snippets)
            yield fresh

    async def grow(self, snippet: str) -> None:
        """Add to the page."""
        async with self.growing:
            self.snippets.append(snippet)
            self.growing.notify_all()

    async def finish(self) -> None:
        """Nothing more will be added."""
        async with self.growing:
            self.rendered = True
            self.growing.notify_all()


class BenchRenderer(NotebookRenderer):
    """Voilà's renderer for a scenario known to the catalogue: its code alone, on our kernel, in our template."""

    async def load_notebook(self, path: str) -> Any:
        """The notebook's code cells. Text cells are the teacher's, and stay in JupyterLab."""
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
        code = ["".join(cell["source"]) for cell in stored["cells"] if cell["cell_type"] == "code"]
        return new_notebook(
            cells=[new_code_cell(source) for source in code],
            metadata={
                "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"},
                "language_info": {"name": "python"},
            },
        )


class Benches:
    """All benches of this server."""

    def __init__(
        self,
        kernels: Any,
        store: RecordStore,
        renderer: Callable[[Bench], BenchRenderer],
        write: Callable[..., Awaitable[Any]],
        *,
        limit: int,
        spool: SpoolFolder,
        complaints: Any = subprocess.DEVNULL,
        per_seat: int = BENCHES_PER_SEAT,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.spool = spool
        self.kernels = kernels
        self.store = store
        self.write = write
        self.renderer = renderer
        self.limit = limit
        self.per_seat = per_seat
        self.idle_seconds = idle_seconds
        self.queue = Queue()
        self.complaints = complaints  # where kernels write what goes wrong in them
        self.address = ""  # where kernels reach the record; known once the server listens
        self._benches: dict[tuple[str, str], Bench] = {}
        self._tokens: dict[str, Bench] = {}
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._workplace = tempfile.TemporaryDirectory(prefix="wanxiang-")

    def __len__(self) -> int:
        return len(self._benches)

    async def open(self, seat: str, scenario: Scenario, lesson: str = "", address: str = "") -> Bench:
        """The seat's bench for this scenario: the living one, or a new one that resumes its run.

        Outside lessons `lesson` is empty. Raises Taken when there is no place: who then joins the queue is let in
        in turn.
        """
        async with self._opening:
            bench = self.living(seat, scenario, lesson)
            if bench is None:
                await self._clear_if_any(seat, scenario)
                await self._make_room(seat, address)
                bench = await self._start(seat, scenario, lesson)
                bench.address = address
            else:
                bench.ahead, bench.left = False, time.monotonic()  # its page is on its way to somebody
            self.queue.leave(seat)
            return bench

    async def open_ahead(self, seat: str, scenario: Scenario, lesson: str) -> Bench | None:
        """A bench for somebody who has not come yet; None when there is one, or no place to spare."""
        async with self._opening:
            now, mine = time.monotonic(), self.of_seat(seat)
            if any(one.sitting.lesson == lesson or now < one.kept_until for one in mine):
                return None
            for one in mine:
                await self.clear(one)
            if len(self.queue) or len(self._benches) >= self.limit:
                return None
            bench = await self._start(seat, scenario, lesson)
            bench.ahead = True
            return bench

    def living(self, seat: str, scenario: Scenario, lesson: str = "") -> Bench | None:
        """The bench that the seat can go on at, without a new kernel."""
        bench = self._benches.get((seat, scenario.id))
        wanted = lesson or f"open:{scenario.id}"
        if bench is None or not self.alive(bench) or bench.sitting.lesson != wanted:
            return None
        return bench if bench.scenario.content_hash == scenario.content_hash else None

    def of_seat(self, seat: str) -> list[Bench]:
        """The seat's benches."""
        return [bench for bench in self._benches.values() if bench.sitting.seat == seat]

    def of_lesson(self, lesson: str) -> list[Bench]:
        """The benches of a lesson."""
        return [bench for bench in self._benches.values() if bench.sitting.lesson == lesson]

    def busy(self) -> bool:
        """Whether a page is being rendered for somebody who waits before it."""
        return any(not bench.rendered and not bench.ahead for bench in self._benches.values())

    def places(self) -> int:
        """Benches to be had now: free ones, and those that were left long enough."""
        now = time.monotonic()
        return self.limit - len(self._benches) + sum(now >= bench.kept_until for bench in self._benches.values())

    def wait(self, seat: str) -> float:
        """Seconds until somebody in the queue may expect a bench."""
        now = time.monotonic()
        left = [bench.kept_until - now for bench in self._benches.values() if bench.pages == 0]
        return max(0.0, self.queue.wait(seat, sorted(left)))

    def alive(self, bench: Bench) -> bool:
        """Whether the kernel is there and its page did not fail."""
        return not bench.failed and bench.kernel_id in self.kernels

    def of_token(self, token: str) -> Bench | None:
        """The bench whose kernel holds this token."""
        return self._tokens.get(_hash(token))

    def of_kernel(self, kernel_id: str, seat: str | None) -> Bench | None:
        """The bench with this kernel, if it is the seat's own."""
        return next(
            (bench for bench in self._benches.values() if bench.kernel_id == kernel_id and bench.sitting.seat == seat),
            None,
        )

    def with_kernel(self, kernel_id: str) -> Bench | None:
        """The bench with this kernel, whoever sits there."""
        return next((bench for bench in self._benches.values() if bench.kernel_id == kernel_id), None)

    def present(self) -> set[str]:
        """The seats whose page is open."""
        return {bench.sitting.seat for bench in self._benches.values() if bench.pages > 0}

    async def clear(self, bench: Bench) -> None:
        """End a bench's kernel. The run stays in the record and can be taken up again."""
        if self._benches.pop((bench.sitting.seat, bench.scenario.id), None) is not None:
            self.queue.note_freed()
        if bench.kernel_id in self.kernels:
            try:
                await ensure_async(self.kernels.shutdown_kernel(bench.kernel_id, now=False))
            except Exception as problem:
                app_log.warning("Kernel %s did not end cleanly: %s", bench.kernel_id, problem)
        self._tokens.pop(_hash(bench.token), None)

    async def _clear_if_any(self, seat: str, scenario: Scenario) -> None:
        bench = self._benches.get((seat, scenario.id))
        if bench is not None:
            await self.clear(bench)

    async def start_again(self, seat: str, scenario: Scenario, lesson: str = "") -> None:
        """Put the seat's run of this scenario aside: the next bench begins a new attempt."""
        async with self._opening:
            bench = self._benches.get((seat, scenario.id))
            if bench is not None and bench.sitting.lesson != (lesson or f"open:{scenario.id}"):
                bench = None
            sitting = (
                bench.sitting if bench else self.store.sit(seat, scenario.id, scenario.content_hash, lesson=lesson)
            )
            if bench is not None:
                await self.clear(bench)
                await self.write(self.spool.take_up, self.store)  # the run may have come no further than there
            run, _ = self.store.place(sitting)
            if run is not None:
                await self.write(self.store.end, run)

    async def clear_all(self) -> None:
        """End every kernel and remove what they left behind."""
        await asyncio.gather(*(self.clear(bench) for bench in list(self._benches.values())))
        self._workplace.cleanup()

    async def sweep(self) -> None:
        """Clear benches that died, that nobody joined, or that nobody has looked at for long."""
        now = time.monotonic()
        self.queue.tidy(now)
        for bench in list(self._benches.values()):
            lost = bench.rendered and not self.alive(bench)
            patience = self.idle_seconds if bench.joined else AHEAD_SECONDS if bench.ahead else UNJOINED_SECONDS
            if lost or (bench.rendered and bench.away(now) > min(patience, self.idle_seconds)):
                await self.clear(bench)

    async def sweep_forever(self) -> None:
        """Sweep every few seconds until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except Exception:
                app_log.exception("Clearing benches failed")

    async def _make_room(self, seat: str, address: str) -> None:
        """Clear the seat's longest-left bench beyond its share; when all are taken, the longest-left of all."""
        places, now = self.places(), time.monotonic()
        mine = sorted(self.of_seat(seat), key=lambda bench: (bench.pages, bench.left))
        if len(mine) >= self.per_seat:
            await self.clear(mine[0])
            places += now < mine[0].kept_until
        if not self.queue.may_enter(seat, places):
            grasped = self._grasped(address, now) if self.queue.may_enter(seat, places + 1) else None
            if grasped is None:
                raise Taken
            await self.clear(grasped)
        if len(self._benches) >= self.limit:
            await self.clear(min(self._benches.values(), key=lambda bench: bench.kept_until))

    def _grasped(self, address: str, now: float) -> Bench | None:
        """A bench that nobody joined, of another address that holds more than half of all."""
        held = Counter(bench.address for bench in self._benches.values())
        idle = [
            bench
            for bench in self._benches.values()
            if bench.address != address
            and not bench.joined
            and 2 * held[bench.address] > self.limit
            and now - bench.opened > GRASPING_SECONDS
        ]
        return min(idle, key=lambda bench: bench.opened, default=None)

    async def _start(self, seat: str, scenario: Scenario, lesson: str = "") -> Bench:
        token = secrets.token_urlsafe(32)
        await self.write(self.spool.take_up, self.store)  # what the seat's last kernel left comes before a new one's
        sitting = self.store.sit(seat, scenario.id, scenario.content_hash, _hash(token), lesson)
        bench = Bench(sitting, scenario, token)
        self._tokens[_hash(token)] = bench
        bench.kernel_id = await ensure_async(
            self.kernels.start_kernel(
                kernel_name="python3",
                cwd=self._workplace.name,
                env=self._environment(bench),
                stdout=subprocess.DEVNULL,
                stderr=self.complaints,
            )
        )
        self._benches[(seat, scenario.id)] = bench
        task = asyncio.create_task(self._render(bench))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return bench

    async def _render(self, bench: Bench) -> None:
        try:
            renderer = self.renderer(bench)
            await renderer.initialize()
            kernel = self.kernels.get_kernel(bench.kernel_id)
            async for snippet, _ in renderer.generate_content_generator(bench.kernel_id, kernel):
                await bench.grow(snippet)
            outputs = [output for cell in renderer.notebook.cells for output in cell.outputs]
            bench.failed = any(output.output_type == "error" for output in outputs)
        except Exception:
            app_log.exception("The page of %s could not be rendered", bench.scenario.id)
            bench.failed = True
            await bench.grow("<script>window.wanxiang && wanxiang.failed()</script></body></html>")
        finally:
            bench.left = time.monotonic()
            await bench.finish()

    def _environment(self, bench: Bench) -> dict[str, str]:
        return kernel_environment(self._workplace.name) | {
            "WANXIANG_SERVER": self.address,
            "WANXIANG_TOKEN": bench.token,
            "WANXIANG_SCENARIO": bench.scenario.id,
            "WANXIANG_SPOOL": str(self.spool.path),
        }


def kernel_environment(workplace: str) -> dict[str, str]:
    """What every process that runs a scenario gets: no secret, one thread, our packages, an empty home for IPython."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return (
        environment
        | ONE_THREAD
        | {
            "PYTHONPATH": str(packages_folder()),
            "PYTHONUTF8": "1",
            "IPYTHONDIR": str(Path(workplace, "ipython")),
            "PYTHONDONTWRITEBYTECODE": "" if os.access(packages_folder(), os.W_OK) else "1",
        }
    )


def kernel_command() -> list[str]:
    """The command line of a kernel: this Python, no history file."""
    return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
