"""A school's box with the cable out: run inside a network namespace without a route, by test_bundle.

Installs from the bundle into an empty home, serves, and does a lesson in a browser: four settings of the
piston, a fit, an answer, a report. Prints what it found as one line of JSON.
"""

import csv
import errno
import fcntl
import io
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.test_student import Lesson

UP = 1  # IFF_UP of linux/if.h
GET_FLAGS, SET_FLAGS = 0x8913, 0x8914  # SIOCGIFFLAGS, SIOCSIFFLAGS


def loopback_alone() -> None:
    """Bring up `lo`, and make sure that nothing else leads anywhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, GET_FLAGS, request))[1]
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", flags | UP))
    assert len(Path("/proc/net/route").read_text().splitlines()) <= 1
    with socket.socket() as outside:
        assert outside.connect_ex(("192.0.2.1", 80)) == errno.ENETUNREACH


def environment(home: Path) -> dict[str, str]:
    """What an account on a fresh system has: nothing of the checkout, no settings for pip."""
    return {"HOME": str(home), "PATH": f"{Path(sys.executable).resolve().parent}:/usr/bin:/bin", "WANXIANG_LANG": "en"}


def install(bundle: Path, home: Path) -> float:
    """Unpack and install as READ-ME.txt says; the seconds it took."""
    with tarfile.open(bundle) as packed:
        packed.extractall(home, filter="data")
    began = time.monotonic()
    unpacked = next(home.glob("wanxiang-*-bundle"))
    subprocess.run(["sh", "install.sh"], cwd=unpacked, env=environment(home), check=True, stdout=sys.stderr)
    return time.monotonic() - began


def serve(home: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the installed server; the address it names."""
    server = subprocess.Popen([home / "wanxiang" / "wanxiang", "serve", "--port", "0"], cwd=home, text=True,
                              env=environment(home), stdout=subprocess.PIPE)
    assert server.stdout is not None
    line = server.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return server, found[0]


def do_a_lesson(page: Any, address: str) -> dict[str, Any]:
    """From the catalogue to the report; what was measured on the way."""
    began = time.monotonic()
    tab = Lesson(page, address)
    tab.page.goto(address)
    tab.page.locator("a[href='/lab/gas_isotherm']").first.click()
    tab.ready()
    usable = time.monotonic() - began
    tab.page.get_by_label("twice").check()
    tab.page.get_by_role("button", name="Answer", exact=True).click()
    for place in ("30", "24", "19", "15"):
        tab.control("piston", place)
        tab.ahead("120")
        tab.read()
    tab.page.get_by_label("Curve").select_option("inverse")
    tab.page.locator(".results").get_by_text(re.compile("±")).first.wait_for()
    table = list(csv.reader(io.StringIO(tab.download("CSV").decode("utf-8-sig"))))
    report = tab.download("Report").decode()
    pressure, volume = table[0].index("pressure (MPa)"), table[0].index("volume (nm³)")
    return {"usable_seconds": usable, "products": [float(row[pressure]) * float(row[volume]) for row in table[1:]],
            "title_in_report": "Squeezing a gas" in report, "hosts": sorted(tab.hosts - {""}),
            "complaints": tab.complaints}


def main(bundle: Path, home: Path) -> None:
    """The whole way, and the outcome on standard output."""
    from playwright.sync_api import sync_playwright

    os.environ["HOME"] = str(home)
    loopback_alone()
    seconds = install(bundle, home)
    server, address = serve(home)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US", accept_downloads=True)
            found = do_a_lesson(page, address)
            browser.close()
    finally:
        server.terminate()
        found_code = server.wait(30)
    print(json.dumps(found | {"install_seconds": seconds, "address": address, "exit": found_code}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
