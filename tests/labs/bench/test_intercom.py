"""The bench's end of the intercom, on a real line that breaks; and what a desk makes of the teacher's orders."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from labs.bench.intercom import AT_REST, NOTES, Intercom, TeacherSaid


class Line(RequestHandler):
    """A server that says what it is told to, then hangs up, or turns away."""

    async def get(self) -> None:
        visits = self.settings["visits"]
        visits.append(self.request.headers["Authorization"])
        if len(visits) > len(self.settings["blocks"]):
            self.set_status(self.settings["last"])
            return
        for block in self.settings["blocks"][len(visits) - 1]:
            self.write(block)
            await self.flush()
            await asyncio.sleep(0.01)
        self.request.connection.stream.close()  # type: ignore[union-attr]


def talk(blocks: list[list[bytes]], last: int = 204) -> tuple[list[dict[str, Any]], list[str]]:
    """What a bench heard on a line that says these blocks, one list for each time it joins."""

    async def go() -> tuple[list[dict[str, Any]], list[str]]:
        visits: list[str] = []
        server = HTTPServer(Application([("/api/intercom", Line)], visits=visits, blocks=blocks, last=last))
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        heard: list[dict[str, Any]] = []
        line = Intercom(f"http://127.0.0.1:{sockets[0].getsockname()[1]}", "secret", heard.append, first_wait=0.01)
        line.listen()
        line.listen()  # once is enough
        assert line._listening is not None
        await asyncio.wait_for(line._listening, 20)
        server.stop()
        await server.close_all_connections()
        return heard, visits

    return asyncio.run(go())


def test_orders_arrive_whole_however_they_were_cut() -> None:
    one = json.dumps({"do": "say", "id": "1", "text": "你好"}, ensure_ascii=False).encode() + b"\n"
    heard, _ = talk([[one[:9], one[9:27], one[27:] + b'{"do":"pause","on":true}\n{"do":"ping"}\nnonsense\n[1]\n']])
    assert heard == [{"do": "say", "id": "1", "text": "你好"}, {"do": "pause", "on": True}]


def test_a_broken_line_is_joined_again_with_the_runs_token() -> None:
    pause = b'{"do":"pause","on":true}\n'
    heard, visits = talk([[pause], [b'{"do":"pa'], [pause]])
    assert len(heard) == 2 and visits == ["Bearer secret"] * 4


@pytest.mark.parametrize("status", [204, 401, 404])
def test_who_is_turned_away_stays_away(status: int) -> None:
    assert talk([], status) == ([], ["Bearer secret"])


def test_an_order_that_fails_does_not_end_the_line() -> None:
    heard = list[str]()

    def hear(order: dict[str, Any]) -> None:
        heard.append(order["do"])
        raise RuntimeError("the bench is in trouble")

    line = Intercom("http://127.0.0.1:1", "", hear)
    line._take(b'{"do":"pause"}\n{"do":"say"}\n')
    assert heard == ["pause", "say"]


def said(*orders: dict[str, Any]) -> TeacherSaid:
    found = TeacherSaid()
    for order in orders:
        found.heed(order)
    return found


def test_messages_are_kept_once_cut_and_few() -> None:
    note: Callable[[int], dict[str, Any]] = lambda number: {"do": "say", "id": number, "text": "x" * 5000}  # noqa: E731
    found = said(*(note(number) for number in (1, 1, *range(2, 12))))
    assert [one["id"] for one in found.notes] == [str(number) for number in range(12 - NOTES, 12)]
    assert len(found.notes[0]["text"]) == 1000
    found.dismiss("11")
    assert "11" not in [one["id"] for one in found.notes]


def test_a_pause_stops_all_but_looking() -> None:
    found = said({"do": "pause", "on": True})
    assert all(found.stops(do) for do in ("set", "read", "play", "step", "ahead", "answer", "undo", "press", "measure"))
    assert not any(found.stops(do) for do in AT_REST)
    found.heed({"do": "pause", "on": False})
    assert not found.stops("set")
    found.heed({"do": "fly"})
    assert found.public() == {"paused": False, "notes": []}
