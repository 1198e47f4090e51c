"""Calls of Linux that tie processes together: the lifeline, a name, the adoption of orphans. No-ops elsewhere."""

import ctypes
import os
import select
import signal
import sys
from pathlib import Path

PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
F_SETSIG = 10  # the fcntl module of Python 3.11 does not know its number
NAME_BYTES = 15


def supported() -> bool:
    """Whether this system can fork a nursery and hold its children: Linux with pidfds and /proc."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and Path("/proc/self/fd").is_dir()


def end_with(lifeline: int) -> int:
    """End this process by SIGTERM as soon as nobody holds the other end of the pipe; the descriptor to keep open.

    No thread watches: the system sends the signal itself, even while a solver computes. Each process opens the pipe
    anew, for the owner of such signals belongs to the open file, which a fork would share.
    """
    import fcntl  # not on Windows, where there is no nursery

    own = os.open(f"/proc/self/fd/{lifeline}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.fcntl(own, F_SETSIG, signal.SIGTERM)
    fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(own, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    watch = select.poll()
    watch.register(own, 0)
    if watch.poll(0):  # it was cut before we listened
        os._exit(1)
    return own


def call_oneself(name: str) -> None:
    """What lists of processes show."""
    _prctl(PR_SET_NAME, ctypes.c_char_p(name.encode()[:NAME_BYTES]))


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that their end can be waited for."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: object) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
