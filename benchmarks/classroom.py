"""A whole class on this machine: how soon benches are usable, how fluent they are, what they cost.

    python -m benchmarks.classroom [--students 40] [--browsers 1] [--plain 12] [--seconds 55] [--json]

The real server; one or two real Chromium pages (with software graphics they eat the cores that are measured, so no
more) and for the rest clients that do on the wire what a page does: load its files, give credits for frames, move the
piston, read. Arrivals are spread over ten seconds. Beside it, in the same run, a plain standalone Voilà serves the same
scenario to a smaller class of the same clients, which load no files there. *pss* is a kernel's own share of memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks._processes import cpu, kernels, prepares
from benchmarks.page_cost import served
from benchmarks.pages import CHROMIUM, ROOT, chromium, plain_voila

SCENARIO = "gas_isotherm"
SPREAD = 10.0  # seconds over which forty students arrive; fewer arrive at the same pace
CLASS = 40
MOVING = 20.0  # seconds at the end in which everybody moves the piston
GOALS = {"usable_p95_s": ("<=", 10.0), "frames_min": (">=", 10.0), "control_p95_ms": ("<=", 300.0),
         "pss_max_MB": ("<=", 60.0), "gauge_last_s": ("<=", 30.0)}


class Costs:
    """Processor time of a server and all that it started, by part."""

    def __init__(self, server: psutil.Process) -> None:
        self.server = server
        self.began, self.used = time.perf_counter(), self._used()

    def _used(self) -> dict[str, float]:
        used = {"server": cpu(self.server), "kernels": 0.0, "nursery": 0.0}
        for child in self.server.children(recursive=True):
            try:
                used["nursery" if prepares(child) else "kernels"] += cpu(child)
            except psutil.NoSuchProcess:
                continue
        return used

    def since(self) -> dict[str, float]:
        """Cores used by each part since the beginning."""
        now, span = self._used(), time.perf_counter() - self.began
        return {part: round((now[part] - self.used[part]) / span, 3) for part in now}


def memory(server: psutil.Process) -> list[float]:
    """PSS of every kernel at work, in MB."""
    return [one.memory_full_info().pss / 1e6 for one in kernels(server)]


def files_of(address: str, path: str) -> list[str]:
    """What a browser loads for a page that it has never seen, as a first visitor finds out."""
    loaded = list[str]()
    with chromium() as browser:
        page = browser.new_page()
        page.on("request", lambda asked: loaded.append(asked.url))
        page.goto(address + path)
        page.wait_for_function("globalThis.wanxiangBench?.draws > 0", timeout=120_000)
        kernel = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
        page.evaluate("""kernel => fetch(`/voila/api/shutdown/${kernel}`, {method: "POST", body: "end=yes",
                         headers: {"Content-Type": "application/x-www-form-urlencoded"}})""", kernel)
    return [url.removeprefix(address) for url in dict.fromkeys(loaded) if url.startswith(address + "/static/")]


@contextmanager
def watchers(address: str, path: str, count: int) -> Iterator[dict[str, Any]]:
    """Real pages among the class; they run for as long as the context lasts."""
    seen: dict[str, Any] = {"usable": [], "frames": []}
    if not count:
        yield seen
        return
    with chromium() as browser:
        pages = []
        for _ in range(count):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.add_init_script(
                "window.frames_ = 0; document.addEventListener('wanxiang:frame', () => { window.frames_++; });")
            began = time.perf_counter()
            page.goto(address + path)
            page.wait_for_function("globalThis.wanxiangBench?.draws > 0 && window.frames_ > 0", timeout=120_000)
            seen["usable"].append(time.perf_counter() - began)
            page.keyboard.press(" ")
            pages.append(page)
        began, before = time.perf_counter(), [page.evaluate("window.frames_") for page in pages]
        yield seen
        span = time.perf_counter() - began
        seen["frames"] = [(page.evaluate("window.frames_") - count) / span
                          for page, count in zip(pages, before, strict=True)]


def attend(server: psutil.Process, settings: dict[str, Any]) -> dict[str, Any]:
    """One lesson of clients: what they saw, and what it cost."""
    command = [sys.executable, "-m", "benchmarks._classroom_pupils", json.dumps(settings)]
    costs, cores, pss = Costs(server), dict[str, float](), list[float]()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as pupils:
        assert pupils.stdout is not None
        for line in pupils.stdout:
            said = json.loads(line)
            if said["event"] == "all there":
                opening, costs = costs.since(), Costs(server)
            elif said["event"] == "over":
                cores, pss = costs.since(), memory(server)
            else:
                return summary(said["pupils"], pss) | {"cores": cores | {"clients": round(said["cpu"], 3)},
                                                       "cores_while_opening": opening}
    raise RuntimeError("the clients did not finish")


def summary(pupils: list[dict[str, Any]], pss: list[float]) -> dict[str, Any]:
    """The figures of a class."""
    usable = [one["usable"] for one in pupils if one["usable"] is not None]
    delays = [1e3 * delay for one in pupils for delay in one["delays"]]
    good = [one["good"] for one in pupils if one["good"] is not None]
    frames, simulated = [one["frames"] for one in pupils], [1e12 * one["simulated"] for one in pupils]
    return {
        "students": len(pupils), "lost": sum(bool(one["failed"]) for one in pupils),
        "why_lost": sorted({one["failed"] for one in pupils if one["failed"]}),
        "usable_p50_s": rank(usable, 0.5), "usable_p95_s": rank(usable, 0.95), "usable_last_s": rank(usable, 1.0),
        "frames_min": min(frames), "frames_median": statistics.median(frames),
        "simulated_min_ps_per_s": min(simulated), "simulated_median_ps_per_s": statistics.median(simulated),
        "control_p50_ms": rank(delays, 0.5), "control_p95_ms": rank(delays, 0.95), "controls": len(delays),
        "gauge_median_s": rank(good, 0.5), "gauge_last_s": rank(good, 1.0) if len(good) == len(pupils) else None,
        "gauge_reached": len(good), "pss_median_MB": rank(pss, 0.5), "pss_max_MB": rank(pss, 1.0),
        "kB_per_s": statistics.mean(one["bytes"] for one in pupils) / 1e3,
    }  # fmt: skip


def rank(values: list[float], share: float) -> float | None:
    """The value that this share of all does not exceed; None of nothing."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else None


def ours(given: argparse.Namespace) -> dict[str, Any]:
    """The class server with a full class."""
    path = f"/lab/{SCENARIO}"
    browsers = given.browsers if CHROMIUM else 0
    with served("--benches", str(given.students + 4)) as (address, server):
        _wait_for_nursery(address)
        files = files_of(address, path) if CHROMIUM else []
        _settle()
        with watchers(address, path, browsers) as seen:
            told = attend(server, _lesson(address, path, given.students - browsers, given.seconds, files))
    return told | {"browsers": browsers, "browser_usable_s": seen["usable"], "browser_frames": seen["frames"],
                   "files": len(files)}


def plain(given: argparse.Namespace) -> dict[str, Any]:
    """Plain Voilà with the same scenario and fewer students."""
    with TemporaryDirectory() as folder:
        book = json.loads((ROOT / "scenarios" / f"{SCENARIO}.ipynb").read_text("utf-8"))
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                cell["source"] = [f"import sys; sys.path.insert(0, {str(ROOT)!r})\n", *cell["source"]]
        Path(folder, "gas.ipynb").write_text(json.dumps(book), "utf-8")
        with plain_voila(Path(folder)) as address:
            host, _, path = address.removeprefix("http://").partition("/")
            server = next(one for one in psutil.Process().children() if "voila" in one.cmdline())
            return attend(server, _lesson(f"http://{host}", f"/{path}/gas.ipynb", given.plain, given.seconds - 20, []))


def _lesson(address: str, path: str, students: int, seconds: float, files: list[str]) -> dict[str, Any]:
    return {"address": address, "path": path, "students": students, "spread": SPREAD * students / CLASS,
            "seconds": seconds, "moving": MOVING, "move": True, "files": files}


def _wait_for_nursery(address: str) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        with urllib.request.urlopen(address + "/health", timeout=10) as answer:
            if json.load(answer).get("nursery") != "preparing":
                return
        time.sleep(0.5)


def _settle() -> None:
    """Let what was started before come to rest."""
    time.sleep(4.0)


def verdicts(told: dict[str, Any]) -> dict[str, bool]:
    """Which goals are met."""
    return {name: told[name] is not None and (told[name] <= goal if sign == "<=" else told[name] >= goal)
            for name, (sign, goal) in GOALS.items()}


def show(told: dict[str, Any]) -> None:
    """Two columns and the goals."""
    ours_, plain_ = told["wanxiang"], told.get("plain_voila") or {}
    print(f"load average {told['load_before']} before, {told['load_after']} after; {os.cpu_count()} cores")
    print(f"{'':>26s}{'wanxiang':>12s}{'plain Voilà':>12s}   goal")
    for name, value in ours_.items():
        if isinstance(value, int | float | None):
            goal = GOALS.get(name)
            met = "" if goal is None else f"{goal[0]} {goal[1]:g}: {'met' if verdicts(ours_)[name] else 'missed'}"
            both = value, plain_.get(name)
            cells = [f"{one:12.4g}" if isinstance(one, int | float) else f"{'—':>12s}" for one in both]
            print(f"{name:>26s}{''.join(cells)}   {met}")
    for name in ("cores", "cores_while_opening", "browser_usable_s", "browser_frames", "why_lost"):
        print(f"{name:>26s}  {ours_.get(name)}   {plain_.get(name, '')}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A whole class on this machine")
    parser.add_argument("--students", type=int, default=CLASS)
    parser.add_argument("--browsers", type=int, default=1)
    parser.add_argument("--plain", type=int, default=12, help="students of plain Voilà; 0 leaves it out")
    parser.add_argument("--seconds", type=float, default=55.0, help="after the last arrival")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told: dict[str, Any] = {"load_before": os.getloadavg(), "wanxiang": ours(given)}
    if given.plain:
        told["plain_voila"] = plain(given)
    told |= {"load_after": os.getloadavg(), "goals": verdicts(told["wanxiang"])}
    if given.json:
        print(json.dumps(told))
    else:
        show(told)


if __name__ == "__main__":
    main()
