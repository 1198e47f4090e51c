"""What one odd socket does to plain Voilà, beside our server: the reason why such sockets are refused."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.voila_apps.classroom.conftest import Room
from tests.voila_apps.conftest import notebook

websocket = pytest.importorskip("websocket")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("classroom")]
PORT = 18_901
GIGABYTE = 2**30


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[psutil.Process]:
    """Voilà as it comes, with a notebook that shows a picture: a widget whose state holds bytes."""
    book = json.loads(notebook("import ipywidgets\nipywidgets.Image(value=b'picture')"))
    book["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (tmp_path / "hello.ipynb").write_text(json.dumps(book), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "voila", "hello.ipynb", f"--port={PORT}", "--no-browser", "--ServerApp.ip=127.0.0.1"],
        cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    yield watched
    for one in [*watched.children(recursive=True), watched]:
        one.kill()
    process.wait()


def page(port: int, seconds: float = 60.0) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_plain_voila_hangs_on_a_socket_without_the_subprotocol(plain: psutil.Process, room: Room) -> None:
    """It asks for the widgets, as every page does. The answer holds bytes, and Voilà's parser counts to their length
    as if they were another form: the server answers nobody, at the full cost of a core, its memory growing.
    """
    end, shown = time.monotonic() + 60, ""
    while not shown:
        try:
            shown = page(PORT)
        except OSError:
            assert time.monotonic() < end, "plain Voilà did not start"
            time.sleep(0.5)
    found = re.search(r'"kernelId": "([0-9a-f-]{36})"', shown)
    assert found, shown[:2000]
    address = f"ws://127.0.0.1:{PORT}/api/kernels/{found[1]}/channels?session_id=a"
    socket = websocket.create_connection(address, timeout=20)
    socket.send(said("comm_open", {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {"widgets": None}},
                     version="1.0.0"))  # fmt: skip
    socket.send(said("comm_msg", {"comm_id": "c", "data": {"method": "request_states"}}))
    time.sleep(2.0)
    before = plain.cpu_times()
    time.sleep(4.0)
    share = (plain.cpu_times().user + plain.cpu_times().system - before.user - before.system) / 4.0
    with pytest.raises(OSError):
        page(PORT, 3.0)
    memory = plain.memory_info().rss / GIGABYTE
    plain.kill()
    print(f"plain Voilà: {100 * share:.0f} % of a core, {memory:.2f} GB, no answer")
    socket.shutdown()
    assert share > 0.3  # other work shares the machine
    ours_refuses_it(room)


def said(kind: str, content: dict[str, Any], **metadata: str) -> str:
    """A message in the older form, of text."""
    header = {"msg_id": kind, "msg_type": kind, "session": "a", "username": "", "version": "5.3",
              "date": "2026-01-01T00:00:00Z"}  # fmt: skip
    return json.dumps({"channel": "shell", "header": header, "parent_header": {}, "metadata": metadata,
                       "content": content})  # fmt: skip


def ours_refuses_it(room: Room) -> None:
    """The same to our server: refused with 400, and everybody else is served."""
    student = room.sit("3-1", 33)
    with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
        student.socket(student.open_bench(), subprotocols=[])
    began: Any = time.monotonic()
    assert room.visitor().ask("/health").status == 200 and time.monotonic() - began < 5.0
    room.post(student, "/seat/leave")
