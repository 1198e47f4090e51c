"""What a server does for its record while nobody asks: takes up what kernels left behind, makes the hourly backup,
erases what is older than the school keeps.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from voila_apps.backups import Backups
from voila_apps.erasing import erase_older
from voila_apps.spool import SpoolFolder
from voila_apps.store import RecordStore

LOOK_SECONDS = 5.0
BACKUP_SECONDS = 3600.0
FIRST_BACKUP_SECONDS = 120.0  # after the start, when the first class has come in
RETENTION_SECONDS = 24 * 3600.0

log = logging.getLogger("wanxiang")


class Upkeep:
    """The caretaker of one record. `write` does something in the writing thread.

    Parameters
    ----------
    backups
        Where backups go; none are made without it.
    retention
        Days after which a run that is over is erased; 0 keeps all.

    """

    def __init__(
        self,
        store: RecordStore,
        spool: SpoolFolder,
        write: Callable[..., Awaitable[Any]],
        backups: Backups | None = None,
        retention: int = 0,
    ) -> None:
        self.store, self.spool, self.write = store, spool, write
        self.backups, self.retention = backups, retention
        self.backup_problem, self.backed_up = "", 0.0
        self._changes = -1
        now = time.monotonic()
        self._backup_due, self._retention_due = now + FIRST_BACKUP_SECONDS, now

    async def begin(self) -> None:
        """Before anybody is let in."""
        await self.write(self.spool.take_up, self.store)
        await self._retain()

    async def go_on(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:
                log.exception("The upkeep of the record failed")

    async def look(self) -> None:
        """Do what is due."""
        if self.spool.files():
            await self.write(self.spool.take_up, self.store)
        if time.monotonic() >= self._backup_due:
            self._backup_due = time.monotonic() + BACKUP_SECONDS
            await self.back_up()
        if time.monotonic() >= self._retention_due:
            await self._retain()

    async def back_up(self) -> None:
        """Make a backup, in a thread of its own: it reads, so nobody who writes waits for it."""
        if self.backups is None:
            return
        changes = self.store.changes
        try:
            if changes != self._changes:
                await asyncio.to_thread(self.backups.make, self.store, only_new=True)
            await asyncio.to_thread(self.backups.rotate)
        except Exception as problem:  # the lesson goes on; whoever watches /health reads it
            self.backup_problem = f"{type(problem).__name__}: {problem}"
            log.exception("There is no new backup")
            return
        self.backup_problem, self.backed_up, self._changes = "", time.time(), changes

    async def _retain(self) -> None:
        self._retention_due = time.monotonic() + RETENTION_SECONDS
        if self.retention:
            erased = await self.write(erase_older, self.store, self.retention)
            if erased.runs:
                log.info("%d runs were older than %d days and were erased.", erased.runs, self.retention)

    def told(self) -> dict[str, Any]:
        """How the upkeep stands, for /health."""
        told = {"spools_set_aside": self.spool.aside(), "backup": "off" if self.backups is None else "ok"}
        if self.backup_problem:
            told["backup"] = "failing"
        return told | {"backed_up": self.backed_up or None}
