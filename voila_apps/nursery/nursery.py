"""The server's side of the nursery: keeps a forker alive and asks it for kernels.

A forker is replaced when it dies and when a file of the labs or the engine changes; kernels that it bore live on, for
this process then becomes their parent. Where no forker can be had, `launch` says so, and kernels are started plainly.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.log import app_log

from voila_apps.nursery.lifeline import adopt_orphans, supported
from voila_apps.nursery.limits import Limits, prepared
from voila_apps.nursery.settings import Settings

STOCK = 4  # kernels that wait
PATIENCE = 180.0  # seconds for a forker to be ready; the first one ever compiles all kernels
ATTEMPTS = 3  # forkers in a row that never became ready
LOOKS = 2.0  # seconds between looks at the files of labs and engine
BURIALS = 20  # tenths of a second for waiting children to end with their forker
MESSAGE_BYTES = 64 * 1024


class Closed(Exception):
    """There is no nursery: start the kernel plainly."""


@dataclass(frozen=True)
class Child:
    """A kernel that was born; `pidfd` belongs to whoever asked for it."""

    pid: int
    pidfd: int
    where: dict[str, Any]


class _Forker:
    """One forker process, and what it was asked for."""

    def __init__(self, process: subprocess.Popen[bytes], orders: socket.socket, stamp: str) -> None:
        self.process, self.orders, self.stamp = process, orders, stamp
        self.ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.asked: deque[asyncio.Future[Child]] = deque()
        self.spares: deque[int] = deque(maxlen=64)


class Nursery:
    """Kernels on demand, each with its errand."""

    def __init__(self, folder: Path, environment: dict[str, str], scenarios: Path, complaints: Any,
                 stamp: Callable[[], str], stock: int = STOCK) -> None:
        self.folder, self.environment, self.scenarios = folder, environment, scenarios
        self.complaints, self.stamp, self.stock = complaints, stamp, stock
        self.limits = Limits()
        self.told: dict[str, Any] = {}  # what the present forker said of itself
        self._forker: _Forker | None = None
        self._failures = 0
        self._keeping: asyncio.Task[None] | None = None
        self._lifeline: tuple[int, int] | None = None
        self._burials = set[asyncio.Task[None]]()

    @property
    def usable(self) -> bool:
        """Whether kernels can be expected from it: the system can fork, and no device is asked for."""
        wanted = self.environment.get("WANXIANG_BACKEND") or "cpu"
        return supported() and wanted == "cpu" and self._failures < ATTEMPTS

    @property
    def state(self) -> dict[str, Any]:
        """For whoever watches the server."""
        ready = self._forker is not None and self._forker.ready.done() and not self._forker.ready.cancelled()
        return {"nursery": "ready" if ready else "preparing" if self._forker else "off", "limits": self.limits.kind,
                **({key: self.told[key] for key in ("threads", "trouble") if key in self.told} if ready else {})}

    def open(self) -> None:
        """Start the first forker, and keep one from now on."""
        if not self.usable:
            return
        self._lifeline = os.pipe2(os.O_CLOEXEC)
        adopt_orphans()
        self.limits = prepared()
        self._start()
        self._keeping = asyncio.create_task(self._keep())

    async def launch(self, environment: dict[str, str], cwd: str) -> Child:
        """A kernel with this environment, in this folder."""
        forker = await self._present()
        answer: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        forker.asked.append(answer)
        try:
            forker.orders.send(json.dumps({"env": environment, "cwd": cwd}).encode())
        except OSError as problem:
            raise Closed from problem
        return await answer

    async def close(self) -> None:
        """End the forker and the kernels that wait. Kernels at work end with this process at the latest."""
        if self._keeping is not None:
            self._keeping.cancel()
        if self._forker is not None:
            self._retire()
        await asyncio.gather(*self._burials)
        if self._lifeline is not None:
            for end in self._lifeline:
                os.close(end)
            self._lifeline = None

    async def _present(self) -> _Forker:
        """A forker that is ready and has the code as it is now."""
        if self._forker is not None and self._forker.ready.done():
            self._renew_when_changed()
        forker = self._forker
        if forker is None or not self.usable:
            raise Closed
        try:
            await asyncio.wait_for(asyncio.shield(forker.ready), PATIENCE)
        except (TimeoutError, asyncio.CancelledError, ConnectionError) as problem:
            if isinstance(problem, asyncio.CancelledError) and not forker.ready.cancelled():
                raise
            raise Closed from problem
        return forker

    async def _keep(self) -> None:
        """Look after the forker: replace one that died, or that holds old code."""
        while True:
            await asyncio.sleep(LOOKS)
            try:
                if self._forker is None and self.usable:
                    self._start()
                elif self._forker is not None and self._forker.ready.done():
                    self._renew_when_changed()
            except OSError as problem:
                app_log.error("The nursery could not be started: %s", problem)
                self._failures += 1

    def _renew_when_changed(self) -> None:
        if self._forker is not None and self._forker.stamp != self.stamp():
            app_log.info("Labs or engine have changed: the nursery begins anew")
            self._retire()
            self._start()

    def _start(self) -> None:
        assert self._lifeline is not None
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        settings = Settings(its.fileno(), self._lifeline[0], str(self.folder), str(self.scenarios), self.stock,
                            self.limits.groups)
        command = [sys.executable, "-m", "voila_apps.nursery.forker", settings.words()]
        with its:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=self.complaints, env=self.environment, cwd=self.folder,
                                       pass_fds=(its.fileno(), self._lifeline[0]), start_new_session=True)
        self._forker = _Forker(process, ours, self.stamp())
        asyncio.get_running_loop().add_reader(ours.fileno(), self._hear, self._forker)

    def _hear(self, forker: _Forker) -> None:
        try:
            block, descriptors, _, _ = socket.recv_fds(forker.orders, MESSAGE_BYTES, 1)
        except BlockingIOError:
            return
        except OSError:
            block, descriptors = b"", []
        if not block:
            self._lost(forker)
            return
        said = json.loads(block)
        if "born" in said:
            self._deliver(forker, Child(said["born"], descriptors[0], said["where"]))
        elif "spare" in said:
            forker.spares.append(said["spare"])
        else:
            self._note_ready(forker, said)

    def _deliver(self, forker: _Forker, child: Child) -> None:
        answer = forker.asked.popleft()
        if answer.done():  # whoever asked has gone; a child whose pidfd nobody holds would be nobody's
            os.kill(child.pid, 9)
            os.close(child.pidfd)
        else:
            answer.set_result(child)

    def _note_ready(self, forker: _Forker, said: dict[str, Any]) -> None:
        self._failures, self.told = 0, said
        forker.ready.set_result(said)
        for trouble in said["trouble"]:
            app_log.warning("The nursery goes without %s", trouble)
        if said["threads"] != 1 or said["unwanted"]:
            app_log.error("The nursery has %d threads and has loaded %s", said["threads"], said["unwanted"])

    def _retire(self) -> None:
        """Hang up on the forker, which then ends, as do the children that wait."""
        forker, self._forker = self._forker, None
        assert forker is not None
        self._part_with(forker)

    def _lost(self, forker: _Forker) -> None:
        """It died. One that had never been ready counts against trying again."""
        if not forker.ready.done():
            self._failures += 1
        app_log.error("The nursery has died; kernels at work go on")
        if self._forker is forker:
            self._forker = None
        self._part_with(forker)

    def _part_with(self, forker: _Forker) -> None:
        asyncio.get_running_loop().remove_reader(forker.orders.fileno())
        forker.orders.close()
        if not forker.ready.done():
            forker.ready.cancel()
        for answer in forker.asked:
            if not answer.done():
                answer.set_exception(Closed())
        burial = asyncio.create_task(_bury(forker))
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)


async def _bury(forker: _Forker) -> None:
    """Wait for a forker and for the children that waited in its stock, whose parent we are now."""
    left = set(forker.spares)
    for _ in range(BURIALS):
        if forker.process.poll() is not None:
            for pid in list(left):
                with suppress(ChildProcessError):  # it was another's, or is buried
                    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is None:
                        continue
                left.discard(pid)
            if not left:
                return
        await asyncio.sleep(0.1)
    if forker.process.poll() is None:
        forker.process.kill()
        forker.process.wait()


def stamp_once_in(seconds: float, stamp: Callable[[], str]) -> Callable[[], str]:
    """The same stamp, looked up at most once in so many seconds: forty arrivals need not walk the files forty times."""
    last: tuple[float, str] = (float("-inf"), "")

    def look() -> str:
        nonlocal last
        now = time.monotonic()
        if now - last[0] > seconds:
            last = (now, stamp())
        return last[1]

    return look
