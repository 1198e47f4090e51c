"""A student's page without a browser: speaks with a kernel as Voilà's script does, and keeps all that it is sent."""

import http.client
import json
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import websocket

WORD = 8  # bytes of the little-endian integers that a message begins with
PATIENCE = 60.0  # s
PROTOCOL = "v1.kernel.websocket.jupyter.org"
VERSION = {"version": "2.1.0"}  # of the widget protocol
KERNEL = re.compile(rb'"kernelId": "([0-9a-f-]{36})"')


@dataclass
class Message:
    """One message of a kernel."""

    channel: str
    kind: str
    content: dict[str, Any]
    parent: dict[str, Any]
    metadata: dict[str, Any]
    buffers: list[bytes]

    @property
    def comm(self) -> str:
        """The comm that it belongs to."""
        return str(self.content.get("comm_id", ""))

    @property
    def custom(self) -> dict[str, Any]:
        """What a widget says to its page."""
        data = self.content.get("data", {})
        return dict(data["content"]) if data.get("method") == "custom" else {}


def packed(channel: str, kind: str, content: dict[str, Any], **more: Any) -> bytes:
    """A message as the browser sends it."""
    header = {"msg_id": f"{kind}-{time.monotonic_ns()}", "msg_type": kind, "session": "page", "username": "",
              "version": "5.3", "date": "2026-01-01T00:00:00Z"}
    pieces = [channel.encode(), *(json.dumps(part).encode() for part in (header, {}, more, content))]
    offsets = [WORD * (len(pieces) + 2)]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return b"".join(number.to_bytes(WORD, "little") for number in (len(offsets), *offsets)) + b"".join(pieces)


def unpacked(block: bytes) -> Message:
    """A message as the browser reads it."""
    count = int.from_bytes(block[:WORD], "little")
    offsets = [int.from_bytes(block[WORD * n : WORD * (n + 1)], "little") for n in range(1, count + 1)]
    channel, *parts = [block[one:two] for one, two in pairwise(offsets)]
    header, parent, metadata, content = (json.loads(part) for part in parts[:4])
    return Message(channel.decode(), header["msg_type"], content, parent, metadata, parts[4:])


@dataclass
class Pupil:
    """Somebody at an open page who sends orders and keeps every byte that comes."""

    port: int
    cookie: str
    scenario: str
    tab: str = "window.load"
    kernel: str = ""
    html: bytes = b""
    blocks: list[bytes] = field(default_factory=list)
    heard: list[Message] = field(default_factory=list)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    buffers: dict[str, list[bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    orders: int = 0
    awake: bool = True  # whether frames are drawn, and credits given for them

    def sit_down(self) -> "Pupil":
        """Open the page; listen from the moment on when the kernel is named, while the page still grows."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", f"/lab/{self.scenario}", headers={"Cookie": self.cookie})
        response = connection.getresponse()
        assert response.status == 200
        while not (named := KERNEL.search(self.html)):
            piece = response.read1(65536)
            assert piece, self.html
            self.html += piece
        self.kernel = named[1].decode()
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{self.port}/api/kernels/{self.kernel}/channels?session_id=page", timeout=PATIENCE,
            subprotocols=[PROTOCOL], sockopt=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),), cookie=self.cookie,
            origin=f"http://127.0.0.1:{self.port}")
        self.html += response.read()
        connection.close()
        self.ask_for_states()
        self.page = next(name for name, one in self.models.items() if "given" in one["state"])
        self.stream = next(name for name, one in self.models.items() if "plan" in one["state"])
        self.order("hello", lang="en")
        self.say(self.stream, {"do": "ready", "tab": self.tab})
        return self

    def leave(self) -> None:
        """Close the page."""
        self.socket.close()

    def order(self, do: str, /, **fields: Any) -> list[Message]:
        """Give an order; everything that came until it was acknowledged."""
        self.orders += 1
        number, before = self.orders, len(self.heard)
        self.say(self.page, {"do": do, "n": number, "tab": self.tab, **fields})
        self.listen(lambda one: one.custom.get("say") == "ack" and one.custom["n"] == number)
        return self.heard[before:]

    def notices(self, do: str, /, **fields: Any) -> list[dict[str, Any]]:
        """What an order is answered with, apart from the state of things."""
        return [one.custom for one in self.order(do, **fields) if one.custom.get("say") == "notice"]

    def say(self, model: str, content: Any) -> None:
        """A custom message to a widget."""
        self.tell(model, {"method": "custom", "content": content})

    def change(self, model: str, **traits: Any) -> None:
        """Set traits of a widget, as every browser can."""
        self.tell(model, {"method": "update", "state": traits, "buffer_paths": []})

    def tell(self, model: str, data: Any) -> None:
        """Any message to a widget's comm."""
        self.socket.send_binary(packed("shell", "comm_msg", {"comm_id": model, "data": data}, **VERSION))

    def close_comm(self, model: str) -> None:
        """Say that a widget is closed."""
        self.socket.send_binary(packed("shell", "comm_close", {"comm_id": model, "data": {}}, **VERSION))

    def listen(self, until: Callable[[Message], bool], seconds: float = PATIENCE) -> Message:
        """Hear messages up to one that `until` waits for."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            block = self.socket.recv()
            assert isinstance(block, bytes), block
            self.blocks.append(block)
            self.heard.append(unpacked(block))
            self._mind(self.heard[-1])
            if until(self.heard[-1]):
                return self.heard[-1]
        raise AssertionError("what was waited for did not come")

    def listen_for(self, seconds: float) -> None:
        """Hear whatever comes for a while: a ping is answered when all before it was heard."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.say(self.page, {"do": "ping", "n": 0, "tab": self.tab})
            self.listen(lambda one: one.custom.get("say") == "pong")
            time.sleep(0.05)

    def _mind(self, message: Message) -> None:
        said = message.custom
        if said.get("say") == "frame":
            self.state |= {"time": said["time"], "live": said["live"]}
        if said.get("say") == "frame" and self.awake:
            self.say(message.comm, {"do": "credit", "tab": self.tab, "frame": said["frame"], "run": said["run"]})
        elif said.get("say") in ("everything", "state"):
            self.state |= said["state"]
        elif said.get("say") == "file":
            self.files[said["name"]] = message.buffers[0]

    def ask_for_states(self) -> None:
        """What the widget manager of a page does first: ask for the state of every widget there is."""
        comm = "control-comm"
        self.socket.send_binary(packed("shell", "comm_open", {
            "comm_id": comm, "target_name": "jupyter.widget.control", "data": {"widgets": None}}, version="1.0.0"))
        self.tell(comm, {"method": "request_states"})
        answer = self.listen(lambda one: one.comm == comm and one.content["data"].get("method") == "update_states")
        self.models = answer.content["data"]["states"]
        for path, buffer in zip(answer.content["data"]["buffer_paths"], answer.buffers, strict=True):
            self.buffers.setdefault(path[0], []).append(buffer)
