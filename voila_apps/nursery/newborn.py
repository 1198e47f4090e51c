"""A forked child becomes a kernel.

It boots before it knows whose it will be: sockets of its own in the server's folder, the shell, everything up to the
event loop. Then it waits for its errand (the environment with seat, scenario and token, and a working folder).
"""

import atexit
import contextlib
import gc
import json
import os
import random
import signal
import socket
import sys
import traceback
from typing import Any

import ipywidgets
import numpy as np
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

from voila_apps.nursery.lifeline import call_oneself, end_with
from voila_apps.nursery.limits import Limits

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "hb_port": 4, "control_port": 5}
ERRAND_BYTES = 256 * 1024
WAITING, WORKING = "wanxiang-spare", "wanxiang-bench"


def connection(folder: str, name: str, key: str) -> dict[str, Any]:
    """Where the kernel of this name listens, as Jupyter writes it."""
    return {"transport": "ipc", "ip": f"{folder}/{name}", "key": key, "signature_scheme": "hmac-sha256", **PORTS}


class QuietKernel(IPythonKernel):
    """Does not announce that it begins with a widget's message, only that it is done: half of what it would say."""

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        about = parent or self.get_parent(channel)
        if status == "idle" or about.get("header", {}).get("msg_type") != "comm_msg":
            super()._publish_status(status, channel, parent)


class BenchKernel(IPKernelApp):
    """Jupyter's kernel without what a student's bench does not use.

    No connection file (the server knows where it listens), no watch over the parent (the lifeline is that), no second
    copy of what native code prints, no debugger's and no user's start-up files, and no extra thread before the shell.
    """

    def init_connection_file(self) -> None:
        """None."""

    def write_connection_file(self, **_: Any) -> None:
        """None."""

    def init_poller(self) -> None:
        """None."""

    def init_pdb(self) -> None:
        """None."""

    def init_gui_pylab(self) -> None:
        """None."""

    def init_extensions(self) -> None:
        """None."""

    def init_code(self) -> None:
        """None."""

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """None: settings of the machine's users are theirs."""

    def init_control(self, context: Any) -> None:
        """The control channel, and the shell's messages straight to the thread that works on them."""
        super().init_control(context)
        self.shell_channel_thread = None


def live(errands: socket.socket, lifeline: int, where: dict[str, Any], limits: Limits) -> None:
    """Boot, wait for the errand, serve until told to stop. Never returns."""
    code = 1
    try:
        _begin(lifeline)
        limits.impose()
        kernel = _boot(where)
        with contextlib.suppress(OSError):  # nobody listens to one that was sent off while it booted
            errands.send(b"booted")
        given = errands.recv(ERRAND_BYTES)
        if given:
            errands.close()
            _take(json.loads(given))
            kernel.start()
            code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        try:
            atexit._run_exitfuncs()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _begin(lifeline: int) -> None:
    """A process of its own: session, signals, name, chance."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    end_with(lifeline)
    call_oneself(WAITING)
    fresh_chance()
    gc.enable()


def fresh_chance() -> None:
    """Random numbers of one's own: the generators' state is inherited with the rest of the memory."""
    random.seed()
    np.random.seed()  # noqa: NPY002 (numpy's global generator is what was inherited)


def _boot(where: dict[str, Any]) -> BenchKernel:
    settings = Config()
    settings.Session.key = where["key"].encode()
    settings.Session.signature_scheme = where["signature_scheme"]
    settings.IPKernelApp.kernel_class = QuietKernel
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.cache_size = 0  # nothing is kept for a prompt that nobody sees
    places = {name: where[name] for name in ("transport", "ip", *PORTS)}
    kernel: BenchKernel = BenchKernel.instance(config=settings, capture_fd_output=False, **places)
    kernel.initialize([])
    ipywidgets.register_comm_target(kernel.kernel)  # its import, in the forker, found no kernel to do it for
    return kernel


def _take(errand: dict[str, Any]) -> None:
    """The environment is replaced as a whole."""
    call_oneself(WORKING)
    os.environ.clear()
    os.environ.update(errand["env"])
    os.chdir(errand["cwd"])
