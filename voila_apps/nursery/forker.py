"""The process from which kernels are forked: `python -m voila_apps.nursery.forker SETTINGS`, started by the server.

It has one thread and no event loop of a library, only a `select` over three kinds of things: the server's orders, the
death of children, and waiting children that say they have booted. A few wait in stock; more are forked while nobody
asks for any, one at a time, so that opening pages goes first.
"""

import gc
import json
import os
import secrets
import selectors
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voila_apps.nursery import newborn
from voila_apps.nursery.lifeline import call_oneself, end_with
from voila_apps.nursery.limits import Limits
from voila_apps.nursery.preload import preload, threads, unwanted
from voila_apps.nursery.settings import Settings

NAME = "wanxiang-nursery"
ORDER_BYTES = 256 * 1024
QUIET = 0.7  # seconds without an order after which the stock is filled up


@dataclass
class Spare:
    """A child that waits for its errand."""

    pid: int
    pidfd: int
    where: dict[str, Any]
    errands: socket.socket
    booted: bool = False


class Forker:
    """Hears the server, forks, and buries."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.limits = settings, Limits(settings.groups)
        self.orders = socket.socket(fileno=settings.orders)
        self.stock = deque[Spare]()
        self.born = 0
        self.last_order = 0.0
        self.letter = bytearray(ORDER_BYTES)
        self.watch = selectors.DefaultSelector()
        self.bell, ring = socket.socketpair()
        self.bell.setblocking(False)
        ring.setblocking(False)
        self.ring = ring

    def serve(self) -> None:
        """Until the server hangs up."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.ring.fileno(), warn_on_full_buffer=False)
        self.watch.register(self.orders, selectors.EVENT_READ)
        self.watch.register(self.bell, selectors.EVENT_READ)
        while True:
            for key, _ in self.watch.select(self._patience()):
                if key.fileobj is self.orders:
                    if not self._obey():
                        return
                elif key.fileobj is self.bell:
                    self._bury()
                else:
                    self._note_booted(key.data)
            if self._patience() == 0:
                self._lay_in()

    def _patience(self) -> float | None:
        """Seconds until the next child is forked ahead; None when none is wanted."""
        if len(self.stock) >= self.settings.stock or any(not spare.booted for spare in self.stock):
            return None
        return max(0.0, self.last_order + QUIET - time.monotonic())

    def _obey(self) -> bool:
        """One order: a child with this errand. False when the server has gone."""
        try:
            length = self.orders.recv_into(self.letter)
        except OSError:
            return False
        if not length:
            return False
        self.last_order = time.monotonic()
        with memoryview(self.letter)[:length] as errand:
            spare = self._hire(errand)
            errand[:] = bytes(length)  # a token in it is one kernel's, and the next child inherits this memory
        self.tell({"born": spare.pid, "where": spare.where}, spare.pidfd)
        os.close(spare.pidfd)
        return True

    def _hire(self, errand: memoryview) -> Spare:
        """The child that has waited longest, or a new one; given its errand, which it finds when it has booted."""
        while True:
            spare = self.stock.popleft() if self.stock else self._fork()
            self._forget(spare)
            try:
                spare.errands.send(errand)
            except OSError:  # it died while it waited
                os.close(spare.pidfd)
                continue
            finally:
                spare.errands.close()
            return spare

    def _lay_in(self) -> None:
        spare = self._fork()
        self.stock.append(spare)
        self.watch.register(spare.errands, selectors.EVENT_READ, spare)
        self.tell({"spare": spare.pid})

    def _fork(self) -> Spare:
        self.born += 1
        where = newborn.connection(self.settings.folder, f"k{os.getpid()}-{self.born}", secrets.token_hex(32))
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            self._let_go(ours)
            newborn.live(its, self.settings.lifeline, where, self.limits)
        its.close()
        return Spare(pid, os.pidfd_open(pid), where, ours)

    def _let_go(self, ours: socket.socket) -> None:
        """In a child: close what is the forker's."""
        for spare in self.stock:
            spare.errands.close()
            os.close(spare.pidfd)
        for one in (ours, self.orders, self.bell, self.ring):
            one.close()
        self.watch.close()

    def _note_booted(self, spare: Spare) -> None:
        """It says so, or its socket is closed: then it has died."""
        try:
            spare.booted = bool(spare.errands.recv(16))
        except OSError:
            spare.booted = False
        self.watch.unregister(spare.errands)
        if not spare.booted:
            self.stock.remove(spare)
            spare.errands.close()
            os.close(spare.pidfd)

    def _forget(self, spare: Spare) -> None:
        if not spare.booted and spare.errands in {key.fileobj for key in self.watch.get_map().values()}:
            self.watch.unregister(spare.errands)

    def _bury(self) -> None:
        """End what dead children left in their process groups, then let go of them."""
        try:
            while self.bell.recv(4096):
                pass
        except BlockingIOError:
            pass
        while True:
            try:
                dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if dead is None:
                return
            end_group(dead.si_pid)
            os.waitpid(dead.si_pid, 0)
            self.limits.lift(dead.si_pid)

    def tell(self, what: dict[str, Any], *descriptors: int) -> None:
        """Something to the server, descriptors with it."""
        try:
            socket.send_fds(self.orders, [json.dumps(what).encode()], list(descriptors))
        except OSError:
            return  # the server has gone; the next look at its socket says so


def end_group(leader: int) -> None:
    """Kill what remains of the group of a dead leader that nobody has waited for yet: until then the number is its."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def main() -> None:
    """Prepare everything, say so, and serve."""
    settings = Settings.of(sys.argv[1])
    kept = end_with(settings.lifeline)
    call_oneself(NAME)
    began = time.monotonic()
    gc.disable()
    trouble = preload(Path(settings.scenarios) if settings.scenarios else None)
    gc.collect()
    gc.freeze()
    forker = Forker(settings)
    forker.tell({"ready": True, "threads": threads(), "unwanted": unwanted(), "trouble": trouble,
                  "seconds": round(time.monotonic() - began, 2)})
    forker.serve()
    os.close(kept)


if __name__ == "__main__":
    main()
