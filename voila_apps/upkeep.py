"""What a server does for its record while nobody asks: takes up what kernels left behind."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from voila_apps.spool import SpoolFolder
from voila_apps.store import RecordStore

LOOK_SECONDS = 5.0

log = logging.getLogger("wanxiang")


class Upkeep:
    """The caretaker of one record. `write` does something in the writing thread."""

    def __init__(self, store: RecordStore, spool: SpoolFolder, write: Callable[..., Awaitable[Any]]) -> None:
        self.store, self.spool, self.write = store, spool, write

    async def begin(self) -> None:
        """Before anybody is let in."""
        await self.write(self.spool.take_up, self.store)

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

    def told(self) -> dict[str, Any]:
        """How the upkeep stands, for /health."""
        return {"spools_set_aside": self.spool.aside()}
