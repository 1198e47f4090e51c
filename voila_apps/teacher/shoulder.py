"""A look over a student's shoulder: the student's own page on the student's own kernel, for a socket that cannot speak.

What such a socket may say is what a page needs to show what is there: it asks for the states of all widgets, and what
kernel this is. Everything else is dropped here, whatever the page's script was made to send: no order, no credit for a
frame, no change of a trait ever reaches the bench. The answer to its question is for it alone, and a teacher's slow
line loses frames before it costs the server memory, so the student notices nothing.
"""

import json
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from voila_apps.benches import Bench, Benches
from voila_apps.classroom.cookies import is_teacher, own_origin
from voila_apps.gate import CONTENT, HEADER, OwnChannels, OwnKernel, part_of, well_formed

CONTROL = "jupyter.widget.control"  # the comm on which a page asks for the states of all widgets
ASKED = {"kernel_info_request", "comm_info_request"}
CHANNEL = 0  # the place of its name in a message
MOST_BEHIND = 40  # messages on their way to a slow teacher; beyond, frames are left out
MOST_COMMS = 20  # questions of one socket
TEACHERS_SEAT = "teacher"


def watched_bench(handler: JupyterHandler, kernel_id: str) -> Bench:
    """The bench of this kernel, for the teacher; for everybody else there is no such kernel."""
    benches: Benches = handler.settings["benches"]
    bench = benches.with_kernel(kernel_id) if is_teacher(handler) and own_page(handler) else None
    if bench is None:
        raise HTTPError(404, "No such kernel")
    return bench


def own_page(handler: JupyterHandler) -> bool:
    """Whether a page of ours asks; a socket always names where it comes from."""
    return handler.request.headers.get("Upgrade", "").lower() != "websocket" or own_origin(handler)


class WatchedKernel(OwnKernel):
    """What the watching page asks about the kernel before it connects."""

    user_name = TEACHERS_SEAT

    def bench_of(self, kernel_id: str) -> Bench:
        """Any student's bench."""
        return watched_bench(self, kernel_id)


class TeachersKernel(OwnKernel):
    """The kernel of the teacher's own trial run."""

    user_name = TEACHERS_SEAT

    def bench_of(self, kernel_id: str) -> Bench:
        """The teacher's own bench only."""
        return teachers_bench(self, kernel_id)


class TeachersChannels(OwnChannels):
    """The socket of the teacher's own trial run: that of a student, behind the teacher's door."""

    user_name = TEACHERS_SEAT
    of_student = False

    def bench_of(self, kernel_id: str) -> Bench:
        """The teacher's own bench only."""
        return teachers_bench(self, kernel_id)


def teachers_bench(handler: JupyterHandler, kernel_id: str) -> Bench:
    """The bench of this kernel if it is the teacher's own."""
    bench = watched_bench(handler, kernel_id)
    if bench.sitting.seat != TEACHERS_SEAT:
        raise HTTPError(404, "No such kernel")
    return bench


class WatchChannels(OwnChannels):
    """The socket of a page that watches."""

    user_name = TEACHERS_SEAT
    sits = of_student = False

    def bench_of(self, kernel_id: str) -> Bench:
        """Any student's bench."""
        return watched_bench(self, kernel_id)

    def open(self, *arguments: Any, **named: Any) -> Any:
        """Begin with no question asked."""
        self.comms: set[str] = set()
        self.behind = 0
        return super().open(*arguments, **named)

    def on_message(self, ws_message: Any) -> None:
        """Pass on a question for states; drop everything else."""
        if well_formed(ws_message) and self._asks(ws_message):
            super().on_message(ws_message)

    def _asks(self, message: bytes) -> bool:
        try:
            kind = str(json.loads(part_of(message, HEADER))["msg_type"])
            content = json.loads(part_of(message, CONTENT))
            comm = str(content.get("comm_id", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        if part_of(message, CHANNEL) != b"shell":
            return False
        if kind == "comm_open" and content.get("target_name") == CONTROL:
            return self._note(comm)
        if kind == "comm_msg" and comm in self.comms:
            return bool(content.get("data") == {"method": "request_states"})
        return kind in ASKED

    def _note(self, comm: str) -> bool:
        """A comm of its own. A page's names for comms have hyphens; a kernel's names for its widgets have none."""
        if not 8 <= len(comm) <= 64 or "-" not in comm or len(self.comms) >= MOST_COMMS:
            return False
        self.comms.add(comm)
        self.bench.asked_by_watchers.add(comm)
        return True

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send, unless this teacher is far behind; states, once asked for, are always sent."""
        if self.behind > MOST_BEHIND and not self._answers(message):
            return None
        sent = super().write_message(message, binary)
        if sent is not None:
            self.behind += 1
            sent.add_done_callback(self._arrived)
        return sent

    def _answers(self, message: Any) -> bool:
        return isinstance(message, bytes) and any(comm.encode() in part_of(message, CONTENT) for comm in self.comms)

    def _arrived(self, sent: Any) -> None:
        self.behind -= 1
        sent.cancelled() or sent.exception()  # a teacher who went away is no fault

    def meant_for_others(self, message: bytes) -> bool:
        """Nothing is kept from who watches but answers to other watchers."""
        others = self.bench.asked_by_watchers - self.comms
        return bool(others) and any(comm.encode() in part_of(message, CONTENT) for comm in others)

    def on_close(self) -> None:
        """The teacher has gone."""
        self.bench.asked_by_watchers -= self.comms
        super().on_close()
