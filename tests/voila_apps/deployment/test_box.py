"""The files of a school's box: those who read them find nothing wrong, and nginx lets a lesson through."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import Refusal
from tests.voila_apps.conftest import House, Visitor
from voila_apps.deployment.box import Box
from voila_apps.deployment.certificates import Certificates
from voila_apps.home import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder with certificates."""
    found = DataFolder(tmp_path / "data", tmp_path / "scenarios")
    Certificates(found.tls).issue(["lab.school", "10.0.0.5"])
    return found


def tool(name: str) -> str:
    """A program of the system; a test that needs it says so when it is not there."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"no {name} here: what it would read was not checked")
    return found


def text(paths: list[Path], name: str) -> str:
    return next(path for path in paths if path.name == name).read_text("utf-8")


@pytest.mark.parametrize(("box", "line"), [
    ({}, "serve --classroom --host 0.0.0.0 --port 8866"),
    ({"port": 443, "http_port": 80}, "serve --classroom --host 0.0.0.0 --port 443 --http-port 80"),
    ({"proxy": True}, "serve --classroom --port 8866 --no-tls")])
def test_systemd_reads_the_unit(folder: DataFolder, tmp_path: Path, box: dict[str, int], line: str) -> None:
    paths = Box(folder, **box).written(tmp_path / "files")  # type: ignore[arg-type]
    unit = text(paths, "wanxiang.service")
    assert re.search(rf"(?m)^ExecStart=\S+/bin/wanxiang {line}$", unit)
    for wanted in ("Delegate=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=on-failure"):
        assert f"\n{wanted}\n" in unit
    assert ("CAP_NET_BIND_SERVICE" in unit) == (box.get("port") == 443)
    assert f"ReadWritePaths={folder.root}\n" in unit
    done = subprocess.run([tool("systemd-analyze"), "verify", "--man=no", str(tmp_path / "files" / "wanxiang.service")],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_data_folder_below_var_lib_is_systemds_to_make(tmp_path: Path) -> None:
    unit = text(Box(DataFolder(Path("/var/lib/wanxiang"), tmp_path)).written(tmp_path), "wanxiang.service")
    assert "StateDirectory=wanxiang\n" in unit and "ReadWritePaths" not in unit


def test_a_path_that_systemd_would_take_apart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="has a space"):
        Box(DataFolder(tmp_path / "my data", tmp_path)).written(tmp_path / "files")


def test_caddy_reads_its_file(folder: DataFolder, tmp_path: Path) -> None:
    paths = Box(folder, proxy=True).written(tmp_path / "files")
    sites = ", ".join(f"https://{name}" for name in ("lab.school", "10.0.0.5"))
    assert f"\n{sites} {{\n" in text(paths, "Caddyfile")
    done = subprocess.run([tool("caddy"), "validate", "--adapter", "caddyfile", "--config",
                           str(tmp_path / "files" / "Caddyfile")], capture_output=True, text=True, check=False,
                          env={**os.environ, "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def nginx(folder: DataFolder, tmp_path: Path, house: House) -> Iterator[int]:
    """The port of an nginx with our file before the server of all tests of this folder."""
    port, program = free_port(), tool("nginx")
    site = text(Box(folder, port=house.port, proxy=True).written(tmp_path / "files"), "nginx.conf")
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("listen 80", f"listen {free_port()}")
    (tmp_path / "site.conf").write_text(site)
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{name}_temp_path {tmp_path}/{name};" for name in temporary)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}}\n"
        f"http {{ access_log off; {own} include {tmp_path}/site.conf; }}\n")
    running = subprocess.Popen([program, "-e", f"{tmp_path}/errors", "-c", f"{tmp_path}/nginx.conf"])
    end = time.monotonic() + 20
    while True:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert running.poll() is None and time.monotonic() < end, (tmp_path / "errors").read_text()
        time.sleep(0.1)
    yield port
    running.terminate()
    running.wait(10)


@pytest.mark.xdist_group("server")
def test_a_lesson_behind_nginx(house: House, nginx: int, folder: DataFolder,
                               within: Callable[[float, Callable[[], object]], None]) -> None:
    """A page with a cookie for TLS alone; the kernel's socket opens; what kernels ask for stays inside."""
    websocket = pytest.importorskip("websocket")
    trust = ssl.create_default_context(cafile=Certificates(folder.tls).authority)
    visitor = Visitor(house.port)
    visitor.cookies["passed"] = "through"

    def ask(path: str) -> tuple[str, str]:
        with socket.create_connection(("127.0.0.1", nginx)) as plain, \
                trust.wrap_socket(plain, server_hostname="localhost") as opened:
            opened.settimeout(60)
            opened.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {visitor.cookie_header}\r\n"
                           "Connection: close\r\n\r\n".encode())
            content = b"".join(iter(lambda: opened.recv(65536), b"")).decode()
        head, _, body = content.partition("\r\n\r\n")
        return head, body

    head, _ = ask("/")
    assert head.startswith("HTTP/1.1 200") and "Secure" in next(
        line for line in head.splitlines() if line.startswith("Set-Cookie: wanxiang_seat"))
    visitor.cookies["wanxiang_seat"] = head.partition("Set-Cookie: wanxiang_seat=")[2].split(";")[0]
    _, page = ask("/lab/swing")
    found = re.search(r'"kernelId": "([0-9a-f-]{36})"', page)
    assert found, page
    opened = websocket.create_connection(
        f"wss://localhost:{nginx}/api/kernels/{found[1]}/channels?session_id=behind-nginx", timeout=60,
        socket=trust.wrap_socket(socket.create_connection(("127.0.0.1", nginx)), server_hostname="localhost"),
        subprotocols=["v1.kernel.websocket.jupyter.org"], cookie=visitor.cookie_header, host="localhost",
        origin="https://localhost")
    assert opened.getstatus() == 101
    opened.close()
    for path in ("/api/run", "/api/documents", "/api/snapshot", "/api/intercom"):
        assert ask(path)[0].startswith("HTTP/1.1 404")
    visitor.leave(found[1])
