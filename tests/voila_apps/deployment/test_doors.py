"""A server with TLS: tablets over TLS, kernels beside it, and a plain door that hands out the certificate."""

import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
from cryptography.hazmat.primitives import serialization

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.test_student import Lesson
from tests.voila_apps.conftest import REPOSITORY
from voila_apps.deployment.certificates import Certificates, fingerprint, load

pytestmark = pytest.mark.xdist_group("tls")


@dataclass
class Box:
    """A server with TLS."""

    certificates: Certificates
    port: int
    plain: int
    process: subprocess.Popen[str]

    def ask(self, path: str, port: int | None = None, *, tls: bool = True,
            headers: dict[str, str] | None = None) -> Any:
        """An answer and its body."""
        context = ssl.create_default_context(cafile=self.certificates.authority)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context) if tls else \
            http.client.HTTPConnection("127.0.0.1", port or self.plain, timeout=30)
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    @property
    def listening(self) -> set[tuple[str, int]]:
        return {(one.laddr.ip, one.laddr.port) for one in psutil.Process(self.process.pid).net_connections("tcp")
                if one.status == psutil.CONN_LISTEN}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """As `wanxiang tls lab.school` and `wanxiang serve --http-port` leave it."""
    data = tmp_path_factory.mktemp("tls")
    environment = {**os.environ, "WANXIANG_LANG": "en"}
    command = [sys.executable, "-m", "voila_apps.cli"]
    subprocess.run([*command, "tls", "lab.school", "--data", str(data)], cwd=REPOSITORY, env=environment, check=True,
                   capture_output=True)
    process = subprocess.Popen([*command, "serve", "--port", "0", "--http-port", "0", "--data", str(data)],
                               cwd=REPOSITORY, env=environment, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    found = re.search(r"https://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    assert found
    opened = Box(Certificates(data / "tls"), int(found[1]), 0, process)
    others = [port for _, port in opened.listening if port != opened.port]
    assert len(others) == 2
    opened.plain = next(port for port in others if opened.ask("/tablet", port, tls=False)[0].status == 200)
    yield opened
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_cookies_travel_over_tls_only(box: Box) -> None:
    answer, _ = box.ask("/")
    assert answer.status == 200
    assert all("Secure" in one for one in answer.headers.get_all("Set-Cookie"))


def test_the_plain_door_hands_out_the_certificate_and_sends_on(box: Box) -> None:
    answer, body = box.ask("/ca.crt", tls=False)
    assert answer.getheader("Content-Type") == "application/x-x509-ca-cert"
    assert body == box.certificates.authority.read_bytes() and b"PRIVATE" not in body
    page = box.ask("/tablet", tls=False, headers={"Accept-Language": "zh"})[1].decode()
    assert fingerprint(load(box.certificates.authority)) in page and "lab.school" in page
    answer, _ = box.ask("/lab/gas_isotherm?x=1", tls=False)
    assert answer.status == 307
    assert answer.getheader("Location") == f"https://127.0.0.1:{box.port}/lab/gas_isotherm?x=1"
    for path in ("/api/run", "/health", "/teacher", "/api/kernels"):
        assert box.ask(path, tls=False)[0].status == 307
    assert box.ask("/", tls=False, headers={"Host": "a b/@evil"})[0].status == 400


def test_the_kernels_door_is_for_kernels_alone(box: Box) -> None:
    host, port = next((host, port) for host, port in box.listening if port not in (box.port, box.plain))
    assert host == "127.0.0.1"
    health = json.loads(box.ask("/health", port, tls=False)[1])
    assert health["status"] == "ok" and 365 < health["certificate_days"] <= 397
    assert box.ask("/api/run", port, tls=False)[0].status == 401
    kernel = "/api/kernels/01234567-89ab-cdef-0123-456789abcdef"
    for path in ("/", "/lab/gas_isotherm", "/teacher", "/teacher/login", kernel, kernel + "/channels", "/ca.crt"):
        assert box.ask(path, port, tls=False)[0].status == 404, path


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_leaflets_need_nothing_but_this_box(box: Box, lang: str) -> None:
    for path in ("/tablet", "/privacy"):
        answer, body = box.ask(path, headers={"Accept-Language": lang})
        assert answer.status == 200 and "default-src 'self'" in answer.getheader("Content-Security-Policy")
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", body.decode())


@pytest.mark.browser
def test_a_lesson_over_tls(box: Box) -> None:
    """Chromium is told this one key and no other; page, socket and record all work through TLS."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: the lesson was not held")
    if CHROMIUM is None:
        pytest.skip("no Chromium: the lesson was not held")
    public = load(box.certificates.certificate).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    known = b64encode(hashlib.sha256(public).digest()).decode()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, f"--ignore-certificate-errors-spki-list={known}"])
        tab = Lesson(browser.new_page(locale="en-US"), f"https://127.0.0.1:{box.port}")
        tab.open("gas_isotherm")
        tab.ahead("40")
        tab.read()
        tab.page.reload()
        tab.ready()
        assert tab.rows() == 1, "what was recorded came back from the record"
        assert tab.hosts <= {f"127.0.0.1:{box.port}", ""} and not tab.complaints
        browser.close()
