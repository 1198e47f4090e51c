"""One server to a data folder: whoever serves it holds a lock, which ends with the process however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import Refusal
from voila_apps.speaking import _

SERVED = _("Another Wanxiang (process {pid}) serves {folder}. Stop it, or name another folder with --data.")
STOP_FIRST = _("Wanxiang (process {pid}) is serving {folder}. Stop it first, then try again.")


@contextmanager
def occupied(folder: Path, otherwise: str = SERVED) -> Iterator[None]:
    """Hold the folder; a Refusal with the sentence `otherwise` when a server does."""
    with (folder / "serving.lock").open("a+b") as file:
        if not _take(file.fileno()):
            file.seek(0)
            pid = file.read(20).decode(errors="replace").strip() or "?"
            raise Refusal(otherwise, pid=pid, folder=folder)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield


def _take(number: int) -> bool:
    # A POSIX lock belongs to the process: kernels that are forked later do not hold it when the server has died.
    try:
        import fcntl
    except ImportError:
        return _take_on_windows(number)
    try:
        fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _take_on_windows(number: int) -> bool:
    import msvcrt

    system: Any = msvcrt
    far = 1 << 30  # a byte that is not there: the ones that are can still be read by others
    os.lseek(number, far, os.SEEK_SET)
    try:
        system.locking(number, system.LK_NBLCK, 1)
    except OSError:
        return False
    return True
