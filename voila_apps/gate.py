"""The gate between browsers and kernels: who may talk to which kernel, and in what form.

A kernel is reached by the seat that owns it and by nobody else. Only widget traffic passes, so a
page can never make a kernel execute code. A message is looked at before Jupyter's own parser is:
that one takes the number of parts from the message and counts up to it, however large.
"""

import json
import re
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.log import app_log
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from voila_apps.benches import Bench, Benches
from voila_apps.classroom.cookies import seat_of

__all__ = ["KERNEL_ID", "PASSING", "EndBench", "OwnChannels", "OwnKernel", "SeatIdentity", "close_strangers", "seat_of"]

PROTOCOL = "v1.kernel.websocket.jupyter.org"
KERNEL_ID = r"(?P<kernel_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
PASSING = ["comm_open", "comm_msg", "comm_info_request", "kernel_info_request"]
SPOKEN = {"comm_open", "comm_close", "comm_msg", "comm_info_reply", "kernel_info_reply", "status", "iopub_welcome"}
NOTED = 4000  # characters of a kernel's complaint that go into the log
SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
PARTS = 64  # of one message; Jupyter needs six and one per buffer
HEADER, CONTENT = 1, 4  # places of a message's parts
SEAT_MOVED = 4001
WORD = 8  # bytes of the little-endian integers that a message begins with


class SeatIdentity(IdentityProvider):
    """Who is asking: a seat. There are no accounts, no tokens in addresses, no login page."""

    def get_user(self, handler: RequestHandler) -> User | None:
        """The seat of the signed cookie; nobody without one. The teacher's own doors name who may come."""
        seat = getattr(handler, "user_name", "") or seat_of(handler)
        return User(username=seat) if seat else None

    def get_handlers(self) -> list[tuple[str, object]]:
        """No pages of its own."""
        return []

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Never: only cookies count here."""
        return False


def own_bench(handler: JupyterHandler, kernel_id: str) -> Bench:
    """The bench of this kernel, if it belongs to the seat that asks; otherwise there is no such kernel."""
    benches: Benches = handler.settings["benches"]
    bench = benches.of_kernel(kernel_id, seat_of(handler))
    if bench is None:
        raise HTTPError(404, "No such kernel")
    return bench


class OwnKernel(KernelHandler):
    """What the page asks about its kernel before it connects."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse strangers."""
        await super().prepare()
        self.bench_of(self.path_kwargs["kernel_id"])

    def bench_of(self, kernel_id: str) -> Bench:
        """The bench that may be asked about."""
        return own_bench(self, kernel_id)


class OwnChannels(VoilaKernelWebsocketHandler):
    """The socket between a page and its own kernel."""

    sits = True  # at this bench, and does not only watch
    of_student = True  # not one of the teacher's
    bench: Bench

    def bench_of(self, kernel_id: str) -> Bench:
        """The bench that this socket may speak with."""
        return own_bench(self, kernel_id)

    async def pre_get(self) -> None:
        """Refuse strangers, and sockets in a form that Voilà's header parser cannot end on."""
        self.bench = self.bench_of(self.kernel_id)
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise HTTPError(400, f"This socket speaks {PROTOCOL} only")
        if not SESSION.fullmatch(self.get_argument("session_id", "")):
            raise HTTPError(400, "No proper session_id")
        await super().pre_get()

    def open(self, *arguments: Any, **named: Any) -> Any:
        """Somebody is here; a student's socket may have to be closed when its seat moves to another tablet."""
        if self.sits:
            self.bench.come()
        if self.of_student:
            self.settings.setdefault("sockets", set()).add(self)
        return super().open(*arguments, **named)

    def on_close(self) -> None:
        """It is gone."""
        if self.sits:
            self.bench.go()
        self.settings.get("sockets", set()).discard(self)
        super().on_close()

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send, unless the browser has gone: Voilà's parser never ends on what arrives then, in another form."""
        if self.ws_connection is None:
            raise WebSocketClosedError
        if isinstance(message, bytes) and (self.meant_for_others(message) or not self._may_be_heard(message)):
            return None
        return KernelWebsocketHandler.write_message(self, message, binary)  # Voilà would read the header again

    def meant_for_others(self, message: bytes) -> bool:
        """An answer to a page that watches: large, and of no use here."""
        asked = self.bench.asked_by_watchers
        return bool(asked) and any(comm.encode() in part_of(message, CONTENT) for comm in asked)

    def _may_be_heard(self, message: bytes) -> bool:
        """Widget traffic only: what a kernel prints, and above all its tracebacks, is for the log of the server."""
        if json.loads(part_of(message, HEADER))["msg_type"] in SPOKEN:
            return True
        content = json.loads(part_of(message, CONTENT))
        complaint = "\n".join(content.get("traceback", [])) or content.get("text", "")
        if complaint:
            app_log.warning("The bench %s complained: %s", self.kernel_id, complaint[:NOTED])
        return False

    def on_message(self, ws_message: Any) -> None:
        """Pass on a message that is one."""
        if not well_formed(ws_message):
            self.close(1003, "Not a kernel message")
            return
        try:
            super().on_message(ws_message)
        except (ValueError, KeyError, TypeError, IndexError):
            self.close(1003, "Not a kernel message")


def close_strangers(sockets: set[OwnChannels]) -> None:
    """Close the sockets of browsers whose seat is theirs no more."""
    for socket in list(sockets):
        benches: Benches = socket.settings["benches"]
        if benches.of_kernel(socket.kernel_id, seat_of(socket)) is None:
            socket.close(SEAT_MOVED, "This seat has moved")


def well_formed(message: Any) -> bool:
    """Whether the offsets that a message begins with are few, rising and inside it."""
    if not isinstance(message, bytes) or len(message) < WORD:
        return False
    count = int.from_bytes(message[:WORD], "little")
    if not 6 <= count <= PARTS or len(message) < WORD * (count + 1):
        return False
    offsets = [int.from_bytes(message[WORD * i : WORD * (i + 1)], "little") for i in range(1, count + 1)]
    return offsets[0] == WORD * (count + 1) and offsets == sorted(offsets) and offsets[-1] <= len(message)


def part_of(message: bytes, place: int) -> bytes:
    """One part of a message; the first number tells how many offsets follow."""
    begin, end = (int.from_bytes(message[WORD * (place + n) : WORD * (place + n + 1)], "little") for n in (1, 2))
    return message[begin:end]


class EndBench(RequestHandler):
    """Voilà's page ends its kernel whenever it is left. Here a kernel ends when its owner says so, and only then."""

    async def post(self, kernel_id: str) -> None:
        """End one's own bench, when asked to in so many words."""
        benches: Benches = self.settings["benches"]
        bench = benches.of_kernel(kernel_id, seat_of(self))
        if bench is not None and self.get_body_argument("end", "") == "yes":
            await benches.clear(bench)
        self.set_status(204)
