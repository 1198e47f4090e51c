"""What one student's page costs: time to the first picture and frame, bytes loaded, memory and time of the kernel.

    python -m benchmarks.page_cost [SCENARIO] [--json] [--times 3]

Opens a shipped scenario on a server of its own, in headless Chromium with software graphics, as a stranger would. The
first opening compiles and fills caches and is told apart. *pss* is the kernel's own share of memory: what it shares
with others is counted in parts.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks._processes import cpu, kernels
from benchmarks.pages import CHROMIUM, ROOT, chromium

SCENARIO = "gas_isotherm"
WATCHED = 5.0  # seconds during which the run is let go, to see what a running bench costs
PATIENCE = 120_000  # ms; the first opening compiles kernels
WATCH = """
  window.first = {};
  document.addEventListener("wanxiang:frame", () => { window.first.frame ??= performance.now(); });
"""


@contextmanager
def served(*options: str) -> Iterator[tuple[str, psutil.Process]]:
    """A server of our own with an empty record."""
    with TemporaryDirectory() as data:
        command = [sys.executable, "-m", "voila_apps.cli", "serve", "--port", "0", "--data", data, *options]
        server = subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, env={**os.environ, "WANXIANG_LANG": "en"}
        )
        assert server.stdout is not None
        try:
            found = re.search(r"http://\S+?:\d+", server.stdout.readline())
            if found is None:
                raise RuntimeError("the server did not start")
            yield found.group(0), psutil.Process(server.pid)
        finally:
            server.terminate()
            server.wait(30)


def open_page(browser: Any, address: str, server: psutil.Process) -> dict[str, float]:
    """One stranger opens the page, looks at it, lets it run and leaves."""
    before = set(kernels(server))
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    loaded: list[int] = []
    page.on("response", lambda answer: loaded.append(int(answer.headers.get("content-length") or 0)))
    page.add_init_script(WATCH)
    began = time.perf_counter()
    try:
        page.goto(address)
        page.wait_for_function("globalThis.wanxiangBench?.draws > 0", timeout=PATIENCE)
        picture = time.perf_counter() - began
        page.wait_for_function("window.first.frame > 0", timeout=PATIENCE)
        frame = time.perf_counter() - began
        (own,) = set(kernels(server)) - before
        rest = own.memory_full_info()
        used, steps = cpu(own), page.evaluate("wanxiangBench.draws")
        page.keyboard.press(" ")
        page.wait_for_timeout(1000 * WATCHED)
        told = {
            "first_picture_s": picture, "first_frame_s": frame, "loaded_MB": sum(loaded) / 1e6,
            "kernel_pss_MB": rest.pss / 1e6, "kernel_uss_MB": rest.uss / 1e6, "kernel_cpu_to_first_frame_s": used,
            "running_kernel_share": (cpu(own) - used) / WATCHED,
            "running_pictures_per_second": (page.evaluate("wanxiangBench.draws") - steps) / WATCHED,
            "running_pss_MB": own.memory_full_info().pss / 1e6,
        }  # fmt: skip
    finally:
        context.close()
    return told


def main() -> None:
    """Print what a page costs."""
    parser = argparse.ArgumentParser(description="What one student's page costs")
    parser.add_argument("scenario", nargs="?", default=SCENARIO)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("No Chromium here: nothing was measured.")
    with served() as (address, server), chromium() as browser:
        rows = [open_page(browser, f"{address}/lab/{given.scenario}", server) for _ in range(given.times + 1)]
    told = {"first": rows[0], "later": rows[1:]}
    if given.json:
        print(json.dumps({"scenario": given.scenario, **told}))
        return
    print(f"{given.scenario}: {'first':>10s}" + "".join(f"{f'later {n + 1}':>10s}" for n in range(given.times)))
    for name in rows[0]:
        print(f"{name:>32s}" + "".join(f"{row[name]:10.2f}" for row in rows))


if __name__ == "__main__":
    main()
