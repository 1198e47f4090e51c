"""What a kernel has written is on the disk at once, and stays there until the server has it."""

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labs.bench.logbook import ServerLogbook
from labs.bench.run import Run
from labs.bench.spool import Spool, lock, token_print
from tests.labs.bench.test_logbook import ClassServer, with_server
from tests.labs.bench.tiny import KEY, scenario

TICKET = {"ticket": {"seat": "guest-1"}, "seal": "…"}


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path, "secret", TICKET)


def test_it_is_its_owners_alone_and_held_as_long_as_its_kernel_lives(spool: Spool) -> None:
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600 and "secret" not in spool.path.name
    assert spool.path.stem == token_print("secret") and lines(spool.path) == [TICKET]
    with spool.path.open("rb") as other:
        assert not lock(other.fileno())
        spool.close()
        assert lock(other.fileno())


def test_what_is_written_lies_there_until_the_server_has_it(spool: Spool) -> None:
    seen: list[int] = []

    async def play(server: ClassServer, book: ServerLogbook) -> None:
        book = ServerLogbook(book.url, "secret", first_wait=0.01, longest_wait=0.05, spool=spool)
        server.failing = 2
        run = Run(scenario(), KEY, book)
        run.act("read")
        assert lines(spool.path) == [TICKET, *run.documents]
        await book.drained()
        seen.append(len(lines(spool.path)))
        run.act("note", text="later")
        assert lines(spool.path) == [TICKET, run.documents[-1]]
        await book.drained()
        seen.append(len(lines(spool.path)))
        assert server.saved == run.documents

    with_server(play)
    assert seen == [1, 1]


def test_the_disk_is_waited_for_only_while_the_server_is_away(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)

    async def play(server: ClassServer, book: ServerLogbook) -> None:
        book = ServerLogbook(book.url, "secret", first_wait=0.01, longest_wait=0.05, spool=spool)
        run = Run(scenario(), KEY, book)
        await book.drained()
        assert not waited
        server.failing = 2
        run.act("read")
        await book.drained()

    with_server(play)
    assert len(waited) == 2


def test_a_full_disk_stops_nobody_and_what_was_missing_is_written_once_there_is_room(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {"full": False}

    def write(number: int, block: bytes, real: Callable[[int, bytes], int] = os.write) -> int:
        if full["full"]:
            if len(block) > 20:
                real(number, block[:20])  # as far as the room goes
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(number, block)

    monkeypatch.setattr(os, "write", write)
    book = ServerLogbook("http://127.0.0.1:9", "secret", spool=spool)
    run = Run(scenario(), KEY, book)
    full["full"] = True
    run.act("note", text="one")
    run.act("note", text="two")
    assert lines(spool.path) == [TICKET, *run.documents[:2]] and book.pending == 4
    full["full"] = False
    run.act("note", text="three")
    assert lines(spool.path) == [TICKET, *run.documents]
