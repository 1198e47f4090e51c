"""Documents on their way, on this machine's disk: what a kernel has written and the server has not acknowledged.

One file per kernel, in a folder that only this user can enter: the first line is the ticket under which the server
will know whose run it is, each further line one document. The kernel holds a lock on its file as long as it lives;
a file without one is for the server to take up. The operating system keeps what was written when a process dies,
so that a line costs no wait for the disk; `settle` waits for it.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from errno import ENOSPC
from pathlib import Path
from typing import Any

from labs.bench.documents import Document

SUFFIX = ".jsonl"
UNFINISHED = ".new"  # until it is locked and has its first line


class Spool:
    """The spool of one kernel; raises OSError where it cannot be had."""

    def __init__(self, folder: Path, token: str, ticket: Any) -> None:
        self.path = folder / (token_print(token) + SUFFIX)
        begun = self.path.with_suffix(UNFINISHED)
        self._file = os.open(begun, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        self._first = _line(ticket)
        self._length, self._missing = 0, 0
        lock(self._file)
        self._write(self._first)
        begun.rename(self.path)

    def append(self, waiting: Sequence[Document]) -> None:
        """Write the newest of those that wait, and before it those that could not be written when they came."""
        self._missing += 1
        place, fresh = self._length, list(waiting)[-self._missing :]
        try:
            self._write(b"".join(_line(one) for one in fresh))
        except OSError:
            self._cut(place)
            raise
        self._missing = 0

    def settle(self) -> None:
        """Wait until the disk has everything."""
        os.fsync(self._file)

    def clear(self) -> None:
        """Everything has arrived."""
        if self._length > len(self._first):
            self._cut(len(self._first))
        self._missing = 0

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _write(self, block: bytes) -> None:
        if os.write(self._file, block) < len(block):
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        self._length += len(block)

    def _cut(self, length: int) -> None:
        os.ftruncate(self._file, length)
        os.lseek(self._file, length, os.SEEK_SET)
        self._length = length


def _line(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def token_print(token: str) -> str:
    """What a token is known by where it must not stand itself."""
    return hashlib.sha256(token.encode()).hexdigest()


def lock(file: int) -> bool:
    """Hold an open file until it is closed or this process ends; False when somebody else holds it."""
    try:
        import fcntl
    except ImportError:  # Windows: an open file cannot be renamed there, which says the same
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
