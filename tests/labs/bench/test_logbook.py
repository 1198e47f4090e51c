"""What a logbook has acknowledged is there after a crash; what it has not, it says."""

import asyncio
import base64
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from engine.errors import Refusal
from labs.bench.logbook import FileLogbook, MemoryLogbook, ServerLogbook, fetch_run, read_file
from labs.bench.run import Run
from tests.labs.bench.tiny import KEY, scenario


def recorded(path: Path) -> list[Any]:
    book = FileLogbook(path)
    run = Run(scenario(), KEY, book)
    run.advance(5)
    run.act("read")
    book.close()
    return run.documents


def test_memory_never_claims_to_be_a_record() -> None:
    book = MemoryLogbook()
    run = Run(scenario(), KEY, book)
    assert not book.saved(run.uid) and book.pending == 2


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    documents = recorded(tmp_path / "run.jsonl")
    contents = read_file(tmp_path / "run.jsonl")
    assert contents.documents == documents and contents.lost == ""
    assert len((tmp_path / "run.jsonl").read_text("utf-8").splitlines()) == len(documents)


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_line_half_written_in_a_crash_is_told_and_the_file_goes_on(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "run.jsonl"
    documents = recorded(path)
    path.write_bytes(path.read_bytes()[:-cut])
    book = FileLogbook(path)
    assert book.documents == documents[:-1] and book.lost.startswith('{"kind": "event"')
    run = Run.resume(scenario(), KEY, book.documents, book)
    run.act("note", text="on")
    book.close()
    assert read_file(path).documents == run.documents and read_file(path).lost == ""


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    recorded(path)
    lines = path.read_bytes().split(b"\n")
    for broken, words in ((b'{"kind": "act', "Line 3 of run.jsonl is damaged"), (b"\xff\xfe", "Line 3"),
                          (b'{"kind": "acton"}', "Line 3 of run.jsonl: .*action"), (b"", "Line 3")):
        path.write_bytes(b"\n".join([*lines[:2], broken, *lines[3:]]))
        with pytest.raises(Refusal, match=words):
            FileLogbook(path)


def test_an_empty_file_is_an_empty_record(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").touch()
    assert read_file(tmp_path / "run.jsonl").documents == []


def test_places_that_cannot_be_used_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="Cannot read .*No such file"):
        read_file(tmp_path / "nothing.jsonl")
    with pytest.raises(Refusal, match="Cannot write .*No such file"):
        FileLogbook(tmp_path / "no folder" / "run.jsonl")
    with pytest.raises(Refusal, match="directory"):
        FileLogbook(tmp_path)


class ClassServer:
    """A class server that can be made to fail, and remembers what it was sent."""

    def __init__(self) -> None:
        self.saved: list[dict[str, Any]] = []
        self.posts, self.failing, self.lazy = 0, 0, 0
        self.tokens: set[str] = set()
        self.snapshot: tuple[int, bytes] | None = None
        server = self

        class Documents(RequestHandler):
            def post(self) -> None:
                server.posts += 1
                server.tokens.add(self.request.headers["Authorization"])
                if server.failing:
                    server.failing -= 1
                    self.send_error(503)
                    return
                known = {one["uid"] for one in server.saved}
                given = json.loads(self.request.body)["documents"]
                server.saved += [one for one in given if one["uid"] not in known]
                if server.lazy:  # committed, but the answer is lost on its way
                    server.lazy -= 1
                    self.send_error(502)
                    return
                self.write({"saved": [one["uid"] for one in given]})

        class Snapshot(RequestHandler):
            def post(self) -> None:
                server.snapshot = int(self.get_query_argument("order")), self.request.body
                self.write({"kept": 0})

        class TheRun(RequestHandler):
            def get(self) -> None:
                block = server.snapshot and base64.b64encode(server.snapshot[1]).decode()
                self.write({"run": None, "draw_key": KEY.hex(), "seat": "guest", "documents": server.saved,
                            "snapshot": block})

        routes = [("/api/documents", Documents), ("/api/run", TheRun), ("/api/snapshot", Snapshot)]
        self.application = Application(routes, log_function=lambda handler: None)

    def listen(self) -> str:
        socket, port = bind_unused_port()
        self.http = HTTPServer(self.application)
        self.http.add_socket(socket)
        return f"http://127.0.0.1:{port}"


def with_server(play: Callable[[ClassServer, ServerLogbook], Any]) -> ClassServer:
    """Play a scene in an event loop with a class server and a logbook that posts to it."""
    server = ClassServer()

    async def scene() -> None:
        book = ServerLogbook(server.listen(), "secret", first_wait=0.01, longest_wait=0.05)
        await play(server, book)
        server.http.stop()
        await server.http.close_all_connections()
    asyncio.run(scene())
    return server


def test_documents_arrive_in_order_and_once() -> None:
    told: list[int] = []

    async def play(server: ClassServer, book: ServerLogbook) -> None:
        book.on_change(lambda: told.append(book.pending))
        run = Run(scenario(), KEY, book)
        for _ in range(150):
            run.advance(1)
            run.act("read")
        assert book.pending == 302 and not book.saved(run.uid)
        await book.drained()
        assert book.pending == 0 and book.saved(run.uid) and book.trouble == ""
    server = with_server(play)
    assert [one["seq"] for one in server.saved] == list(range(302)) and server.posts == 4
    assert told[:3] == [1, 2, 3] and told[-1] == 0 and server.tokens == {"Bearer secret"}


def test_a_server_that_fails_is_asked_again_and_nothing_is_lost_or_doubled() -> None:
    troubles: list[str] = []

    async def play(server: ClassServer, book: ServerLogbook) -> None:
        server.failing, server.lazy = 3, 1
        book.on_change(lambda: troubles.append(book.trouble))
        run = Run(scenario(), KEY, book)
        await asyncio.sleep(0.03)
        assert book.pending == 2 and "503" in book.trouble
        run.act("note", text="meanwhile")
        await book.drained()
        assert book.trouble == ""
    server = with_server(play)
    assert [one["seq"] for one in server.saved] == [0, 1, 2] and server.posts >= 5
    assert any("502" in one for one in troubles)


def test_a_run_goes_on_from_what_the_server_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labs.bench.run.KEPT_EVERY", 0.0)
    steps: list[int] = []

    async def play(server: ClassServer, book: ServerLogbook) -> None:
        run = Run(scenario(), KEY, book)
        run.act("set", name="push", value=2.0)
        run.advance(70)
        await book.drained()
        given = await asyncio.to_thread(fetch_run, book.url, "secret")
        steps.append(Run.resume(scenario(), given.draw_key, given.documents, snapshot=given.snapshot).step)
        steps.append(Run.resume(scenario(), given.draw_key, given.documents).step)
    server = with_server(play)
    assert steps == [70, 0] and server.snapshot is not None and server.snapshot[0] == 3


def test_what_is_written_while_a_snapshot_travels_arrives_too() -> None:
    async def play(server: ClassServer, book: ServerLogbook) -> None:
        run = Run(scenario(), KEY, book)
        await book.drained()
        book.keep(2, bytes(3_000_000))
        await asyncio.sleep(0)  # the snapshot is under way
        run.act("note", text="meanwhile")
        for _ in range(200):
            await asyncio.sleep(0.01)
            if not book.pending:
                break
        assert book.pending == 0 and len(server.saved) == 3
    with_server(play)


def test_without_an_event_loop_documents_wait() -> None:
    book = ServerLogbook("http://127.0.0.1:9", "secret")
    Run(scenario(), KEY, book)
    assert book.pending == 2 and book.trouble == ""


def test_the_server_hands_out_the_run() -> None:
    async def play(server: ClassServer, book: ServerLogbook) -> None:
        given = await asyncio.to_thread(fetch_run, book.url, "secret")
        assert given.draw_key == KEY and given.seat == "guest" and given.run is None and given.documents == []
    with_server(play)
    with pytest.raises(Refusal, match="did not hand out"):
        fetch_run("http://127.0.0.1:9", "secret")


def test_a_full_disk_is_told_and_everything_is_written_when_there_is_room_again(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = FileLogbook(tmp_path / "run.jsonl")
    told: list[str] = []
    book.on_change(lambda: told.append(book.trouble))
    run = Run(scenario(), KEY, book)
    full = {"full": True}

    def fsync(number: int, real: Callable[[int], None] = os.fsync) -> None:
        if full["full"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)
    monkeypatch.setattr(os, "fsync", fsync)
    run.act("note", text="one")
    run.act("read")
    assert book.pending == 3 and "No space left" in book.trouble and not book.saved(run.documents[2]["uid"])
    full["full"] = False
    run.act("note", text="two")
    book.close()
    assert book.pending == 0 and told == [told[0], ""] and read_file(book.path).documents == run.documents


def test_closing_with_documents_unwritten_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = FileLogbook(tmp_path / "run.jsonl")

    def fsync(number: int) -> None:
        raise OSError(errno.EIO, "Input/output error")
    monkeypatch.setattr(os, "fsync", fsync)
    Run(scenario(), KEY, book)
    with pytest.raises(Refusal, match="Input/output"):
        book.close()
