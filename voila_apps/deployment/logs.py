"""A log that many processes append to, kept small: what kernels complain of while the server runs.

Kernels hold the file open for as long as they live, so it cannot be renamed under them. It is opened for appending
by everybody; its last part is copied aside and the file is emptied, and whoever writes next begins at its start.
"""

import asyncio
from pathlib import Path
from typing import BinaryIO

from tornado.log import app_log

LIMIT = 2_000_000  # bytes, as of the server's own log
LOOK_SECONDS = 30.0


def open_log(path: Path) -> BinaryIO:
    """The log, begun anew; the one of the last time is kept beside it."""
    trim(path, 0)
    return path.open("ab")


def trim(path: Path, limit: int = LIMIT) -> None:
    """When the log is larger than the limit, keep its last part beside it and empty it."""
    if not path.is_file() or path.stat().st_size <= limit:
        return
    with path.open("rb+") as file:
        file.seek(max(0, path.stat().st_size - LIMIT))
        path.with_name(path.name + ".1").write_bytes(file.read())
        file.truncate(0)


async def keep_small(path: Path) -> None:
    """Look at the log every now and then, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            trim(path)
        except OSError as problem:
            app_log.warning("The log %s could not be made smaller: %s", path.name, problem)
