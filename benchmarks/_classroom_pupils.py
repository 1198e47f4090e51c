"""A class of students without screens, in one process of its own: each does on the wire what a page does.

Started by `benchmarks.classroom` with its settings as JSON; prints one JSON object to a line: when everybody has a
picture, when the watched time is over, and what each of them saw.
"""

import asyncio
import json
import re
import resource
import struct
import sys
import time
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

WORD = 8  # bytes of the little-endian integers that a message begins with
PROTOCOL = "v1.kernel.websocket.jupyter.org"
KERNEL = re.compile(r'"kernelId":\s*"([0-9a-f-]{36})"')
HEADER = """{"msg_id": "%s-%d-%d", "msg_type": "%s", "session": "pupil", "username": "", "version": "5.3",
 "date": "2026-01-01T00:00:00Z"}"""
CREDIT = """{"comm_id": "%s", "data": {"method": "custom", "content":
 {"do": "credit", "tab": "%s", "frame": %s, "run": %s}}}"""
FRAME = re.compile(rb'"say": ?"frame", ?"frame": ?(?P<frame>\d+), ?"run": ?(?P<run>\d+)')
LOOKS = 5  # frames from one look at clock and gauge to the next
SHOWN_AFTER = 0.016  # seconds until a frame is drawn and its credit goes back
GOOD = 0.02  # relative uncertainty of the gauge that is waited for
PLACES = (20, 24, 28, 32, 26, 22)  # where pistons are moved to, in the unit of the lesson


@dataclass
class Pupil:
    """One student: arrives, lets the bench run, later moves the piston again and again."""

    number: int
    settings: dict[str, Any]
    arrived: float = 0.0
    usable: float | None = None
    began: float | None = None
    good: float | None = None
    frames: list[float] = field(default_factory=list)
    clock: list[tuple[float, float]] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    failed: str = ""
    tab: str = "pupil.1"
    orders: int = 0
    page: str = ""
    stream: str = ""
    gauge: tuple[float, float] = (0.0, 0.0)
    heard: int = 0
    _asked: tuple[int, float] | None = None
    _between: int = 0
    _awaited: float | None = None

    async def live(self) -> None:
        """Everything, from the door to the end of the lesson."""
        await asyncio.sleep(self.settings["spread"] * self.number / max(1, self.settings["students"] - 1))
        self.arrived = time.perf_counter()
        try:
            await self._enter()
            await asyncio.gather(self._hear(), self._work())
        except (OSError, WebSocketClosedError, RuntimeError) as problem:
            self.failed = f"{type(problem).__name__}: {problem}"

    async def _enter(self) -> None:
        client, address = AsyncHTTPClient(), self.settings["address"]
        answer = await client.fetch(address + self.settings["path"], request_timeout=120)
        cookies = "; ".join(line.split(";")[0] for line in answer.headers.get_list("Set-Cookie"))
        found = KERNEL.search(answer.body.decode())
        if found is None:
            raise RuntimeError("no kernel in the page")
        for path in self.settings["files"]:
            await client.fetch(address + path, request_timeout=120, headers={"Accept-Encoding": "gzip"},
                               decompress_response=False)
        channels = f"{address.replace('http', 'ws', 1)}/api/kernels/{found[1]}/channels?session_id=pupil"
        self.socket = await websocket_connect(
            HTTPRequest(channels, headers={"Cookie": cookies, "Origin": address}, request_timeout=60),
            subprotocols=[PROTOCOL], max_message_size=64 * 2**20)
        self._send("comm_open", '{"comm_id": "all", "target_name": "jupyter.widget.control", "data": {}}', "1.0.0")
        self._tell("all", {"method": "request_states"})

    def _send(self, kind: str, content: str, version: str = "2.1.0") -> None:
        header = HEADER % (kind, self.number, time.monotonic_ns(), kind)
        pieces = [b"shell", header.encode(), b"{}", b'{"version": "%s"}' % version.encode(), content.encode()]
        ends = accumulate((len(piece) for piece in pieces), initial=WORD * (len(pieces) + 2))
        head = struct.pack(f"<{len(pieces) + 2}Q", len(pieces) + 1, *ends)
        self.socket.write_message(head + b"".join(pieces), binary=True)

    def _tell(self, comm: str, data: Any) -> None:
        self._send("comm_msg", json.dumps({"comm_id": comm, "data": data}))

    def _credit(self, frame: str, run: str) -> None:
        self._send("comm_msg", CREDIT % (self.stream, self.tab, frame, run))

    def order(self, do: str, **fields: Any) -> None:
        """An order of the page, as its buttons give them."""
        self.orders += 1
        self._tell(self.page, {"method": "custom", "content": {"do": do, "n": self.orders, "tab": self.tab, **fields}})

    async def _hear(self) -> None:
        end = self.settings["end"]
        while time.time() < end:
            try:
                block = await asyncio.wait_for(self.socket.read_message(), max(0.1, end - time.time()))
            except TimeoutError:
                return
            if block is None:
                raise RuntimeError("the line was closed")
            if isinstance(block, bytes):
                self.heard += len(block)
                self._mind(block)

    def _mind(self, block: bytes) -> None:
        """Of a frame no more is understood than a student sees: browsers have processors of their own."""
        begin, end = struct.unpack_from("<2Q", block, WORD * 5)
        found = FRAME.search(block, begin, end)
        if found:
            frame, run = found["frame"].decode(), found["run"].decode()
            asyncio.get_running_loop().call_later(SHOWN_AFTER, self._credit, frame, run)
            self._saw(block[begin:end], time.perf_counter())
        elif b'"comm_msg"' in block[slice(*struct.unpack_from("<2Q", block, WORD * 2))]:
            content = json.loads(block[begin:end])
            data = content["data"]
            if data.get("method") == "update_states":
                self._greet(data["states"])
            elif data.get("method") == "custom":
                self._listen(data["content"], time.perf_counter())

    def _greet(self, models: dict[str, Any]) -> None:
        self.page = next(name for name, one in models.items() if "given" in one["state"])
        self.stream = next(name for name, one in models.items() if "plan" in one["state"])
        self.order("hello", lang="en")
        self._tell(self.stream, {"method": "custom", "content": {"do": "ready", "tab": self.tab}})

    def _listen(self, said: dict[str, Any], now: float) -> None:
        if said.get("say") in ("everything", "state"):
            self._between += 1
        elif said.get("say") == "ack" and self._asked is not None and said["n"] == self._asked[0]:
            self._answered(now)

    def _saw(self, content: bytes, now: float) -> None:
        """One picture; now and then, what its clock and its gauge say."""
        self.usable = self.usable or now
        self.frames.append(now)
        self._between = 0
        if self._awaited is not None:
            self.delays.append(now - self._awaited)
            self._awaited = None
        if len(self.frames) % LOOKS == 1:
            frame = json.loads(content)["data"]["content"]
            self.clock.append((now, frame["time"]))
            self._look(frame["live"].get("pressure"), now)

    def _look(self, face: dict[str, Any] | None, now: float) -> None:
        if face and face["uncertainty"] and self.began is not None and self.good is None:
            value = float(re.sub(r"[^\d.eE+-]", "", face["text"].replace("\u2212", "-")) or 0)
            if value and face["uncertainty"] / abs(value) <= GOOD:
                self.good = now - self.began

    def _answered(self, now: float) -> None:
        """The order was obeyed. Its own frame came just before, followed by one state; else it is yet to come."""
        assert self._asked is not None
        _, sent = self._asked
        self._asked = None
        if self.frames and self.frames[-1] > sent and self._between == 1:
            self.delays.append(self.frames[-1] - sent)
        else:
            self._awaited = sent

    async def _work(self) -> None:
        """Run; from the middle of the lesson on, move the piston now and then, and read."""
        while self.usable is None:
            if time.time() > self.settings["end"]:
                return
            await asyncio.sleep(0.05)
        self.began = time.perf_counter()
        self.order("play", on=True)
        if self.settings["move"]:
            await asyncio.sleep(max(0.0, self.settings["busy_from"] - time.time()) + 0.1 * (self.number % 20))
            while time.time() < self.settings["end"] - 1:
                self.order("set", name="piston", value=PLACES[self.orders % len(PLACES)])
                self._asked = self.orders, time.perf_counter()
                await asyncio.sleep(1.5)
                self.order("read")
                await asyncio.sleep(0.5)

    def told(self, begin: float, end: float) -> dict[str, Any]:
        """What this student saw, with rates over a window of time."""
        inside = [at for at in self.frames if begin <= at <= end]
        clock = [(at, time) for at, time in self.clock if begin <= at <= end]
        span = clock[-1][0] - clock[0][0] if len(clock) > 1 else 0.0
        return {
            "usable": None if self.usable is None else self.usable - self.arrived, "good": self.good,
            "frames": len(inside) / (end - begin), "delays": self.delays, "failed": self.failed, "bytes": self.heard,
            "simulated": (clock[-1][1] - clock[0][1]) / span if span > 0 else 0.0,
        }  # fmt: skip


async def lesson(settings: dict[str, Any]) -> None:
    """All of them, until the end."""
    AsyncHTTPClient.configure(None, max_clients=100)
    settings["end"] = time.time() + settings["spread"] + settings["seconds"]
    settings["busy_from"] = settings["end"] - settings["moving"]
    class_ = [Pupil(number, settings) for number in range(settings["students"])]
    at_work = asyncio.gather(*(one.live() for one in class_))
    while not all(one.usable or one.failed for one in class_) and time.time() < settings["end"] - 5:
        await asyncio.sleep(0.1)
    begin, before = time.perf_counter(), _cpu()
    _say(event="all there")
    while time.time() < settings["end"] - 0.5:
        await asyncio.sleep(0.1)
    end, after = time.perf_counter(), _cpu()
    _say(event="over")
    await at_work
    _say(event="told", cpu=(after - before) / (end - begin), pupils=[one.told(begin, end) for one in class_])


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(lesson(json.loads(sys.argv[1])))
