"""A class server as a process of its own, and browsers without a screen that visit it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
VARIABLES = ("WANXIANG_", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PATIENCE = 60.0  # s, for a machine that does other things too

PENDULUM = """from labs.bench import Control, Scenario, Step
from labs.pendulum import PendulumLab

Scenario(
    title={"en": "A swing", "zh": "摆一摆"}, summary={"en": "Time a swing.", "zh": "测一次摆动。"},
    subject={"en": "Physics", "zh": "物理"}, level={"en": "Test", "zh": "测试"}, minutes=5, lab=PendulumLab(),
    controls=[Control("length")], instruments=["ruler", "photogate"],
    steps=[Step({"en": "Look.", "zh": "看一看。"})],
)
"""


def notebook(code: str) -> str:
    """A notebook with a note and a cell of code."""
    note = {"cell_type": "markdown", "id": "note", "metadata": {}, "source": "A note for teachers."}
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "code",
        "metadata": {},
        "source": code,
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"cells": [note, cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visitor:
    """Somebody with a browser: keeps cookies, follows nothing."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, method: str = "GET", body: bytes | str | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.putrequest(method, path, skip_accept_encoding=True)
        content = body.encode() if isinstance(body, str) else body or b""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Cookie": self.cookie_header, "Content-Length": str(len(content)), **given}.items():
            connection.putheader(name, value)
        connection.endheaders(content)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition("=")
            self.cookies[name] = value.split(";")[0]
        return answer

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def open_bench(self, scenario: str = "swing") -> str:
        """The kernel id of the bench that this visitor is given."""
        page = self.ask(f"/lab/{scenario}")
        assert page.status == 200, page.text
        found = re.search(r'"kernelId": "([0-9a-f-]{36})"', page.text)
        assert found, page.text
        return found.group(1)

    def leave(self, kernel: str) -> None:
        """End a bench, so that others find a free one."""
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        assert self.ask(f"/voila/api/shutdown/{kernel}", "POST", body="end=yes", **form).status == 204

    def socket(self, kernel: str, *, subprotocols: list[str] | None = None, session: str = "test-session") -> Any:
        """A websocket to a kernel, spoken as Jupyter's newest protocol unless told otherwise."""
        websocket = pytest.importorskip("websocket")
        return websocket.create_connection(
            f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?session_id={session}",
            timeout=PATIENCE,
            subprotocols=["v1.kernel.websocket.jupyter.org"] if subprotocols is None else subprotocols,
            cookie=self.cookie_header,
            origin=f"http://127.0.0.1:{self.port}",
        )


def name_of(process: psutil.Process) -> str:
    try:
        return Path(f"/proc/{process.pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_kernel(process: psutil.Process) -> bool:
    try:
        return name_of(process) == "wanxiang-bench" or "ipykernel_launcher" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


class Kernel(psutil.Process):
    """A kernel; one that was forked has its environment in its memory, not where the system shows a first one."""

    def environ(self) -> dict[str, str]:
        if name_of(self) != "wanxiang-bench":
            return super().environ()
        memory, found = self.memory(), dict[str, str]()
        for begin in VARIABLES:  # each by a plain search: a pattern takes seconds for a hundred megabytes
            place = -1
            while (place := memory.find(f"\0{begin}".encode(), place + 1)) >= 0:
                if match := re.compile(rb"([A-Z_]+)=([^\0\n]{0,400})\0").match(memory, place + 1):
                    found[match[1].decode()] = match[2].decode(errors="replace")
        return found

    def memory(self) -> bytes:
        """Everything that it could write to."""
        pieces = []
        with Path(f"/proc/{self.pid}/mem").open("rb", buffering=0) as file:
            for line in Path(f"/proc/{self.pid}/maps").read_text().splitlines():
                span, rights, *_ = line.split()
                begin, end = (int(edge, 16) for edge in span.split("-"))
                if rights.startswith("rw"):
                    file.seek(begin)
                    try:
                        pieces.append(file.read(end - begin))
                    except OSError:
                        continue
        return b"".join(pieces)


@dataclass
class House:
    """A running server."""

    process: subprocess.Popen[str]
    port: int
    data: Path

    def visitor(self) -> Visitor:
        return Visitor(self.port)

    def kernels(self) -> list["Kernel"]:
        """Kernels at work, from the nursery or started plainly; those that wait are not among them."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [Kernel(one.pid) for one in family if is_kernel(one)]

    def named(self, name: str) -> list[psutil.Process]:
        """Processes of this server by the name that they give themselves."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in family if name_of(one) == name]

    def close(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


def start(data: Path, *options: str, checkout: Path = REPOSITORY, **environment: str) -> House:
    """Start a server and wait until it says where it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "voila_apps.cli", "serve", "--port", "0", "--data", str(data), *options],
        cwd=checkout,
        env={**os.environ, "WANXIANG_LANG": "en", **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
    if not found:
        process.kill()
        pytest.fail(f"the server did not start: {line} {process.communicate()[1]}")
    return House(process, int(found.group(1)), data)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One server for all tests of this folder, with a good scenario, two bad ones and one with a Chinese name."""
    data = tmp_path_factory.mktemp("house")
    own = data / "scenarios"
    own.mkdir()
    for name in ("swing", "秋千"):
        (own / f"{name}.ipynb").write_text(notebook(PENDULUM), encoding="utf-8")
    (own / "intruder.ipynb").write_text(notebook("from os import path\n"), encoding="utf-8")
    (own / "misspelt.ipynb").write_text(notebook(PENDULUM.replace('"length"', '"lenght"')), encoding="utf-8")
    opened = start(data, "--benches", "6", SERVER_PASSWORD="not for kernels")
    yield opened
    kernels = opened.kernels()
    assert opened.close() == 0
    assert not psutil.wait_procs(kernels, timeout=5)[1]  # no orphans


@pytest.fixture
def visitor(house: House) -> Visitor:
    """Somebody who comes for the first time."""
    return house.visitor()


@dataclass
class Seated:
    """Somebody at an open bench."""

    visitor: Visitor
    kernel: str
    process: Kernel
    token: dict[str, str]  # what the kernel says to the record


def sit_down(house: House) -> Seated:
    visitor, before = house.visitor(), {one.pid for one in house.kernels()}
    kernel = visitor.open_bench()
    process = next(one for one in house.kernels() if one.pid not in before)
    token = {"Authorization": f"Bearer {process.environ()['WANXIANG_TOKEN']}"}
    visitor.socket(kernel, session="sitting-down").close()  # a bench that nobody joins is soon cleared
    return Seated(visitor, kernel, process, token)


@pytest.fixture(scope="session")
def student(house: House) -> Seated:
    """A student at a bench, who stays for all tests."""
    return sit_down(house)


@pytest.fixture(scope="session")
def neighbour(house: House) -> Seated:
    """Another student at a bench of the same experiment."""
    return sit_down(house)


@pytest.fixture
def newcomer(house: House) -> Iterator[Seated]:
    """A student at a new bench, which is cleared afterwards."""
    seated = sit_down(house)
    yield seated
    seated.visitor.leave(seated.visitor.open_bench())


@pytest.fixture
def within() -> Callable[..., None]:
    """Wait until something holds; fail when it does not in time."""

    def wait(seconds: float, holds: Callable[[], Any]) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "it did not come about in time"
            time.sleep(0.1)

    return wait


@pytest.fixture
def start_house() -> Iterator[Callable[..., House]]:
    """Start another server, which is closed after the test."""
    opened = list[House]()

    def start_one(data: Path, *options: str, checkout: Path = REPOSITORY, **environment: str) -> House:
        opened.append(start(data, *options, checkout=checkout, **environment))
        return opened[-1]

    yield start_one
    for one in opened:
        if one.process.poll() is None:
            one.close()
