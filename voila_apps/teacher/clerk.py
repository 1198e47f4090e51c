"""The clerk: a process of its own that knows what is accepted, and writes the teacher's reports.

`python -m voila_apps.teacher.clerk`: jobs as lines of JSON on standard input, answers as lines on standard output.
Labs, solvers and compilers are loaded there, at low priority, when the first teacher asks; the server stays light and
the benches keep their share of the processor. Draw keys travel over the pipe only.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.log import app_log

from engine.errors import Refusal

PATIENCE = 90.0  # s for one job: a lab may have to compute its true value
IDLE = 120.0  # s without a job after which the clerk goes home
LINE_BYTES = 32 * 1024 * 1024
LESS_URGENT = 10  # of nice


class Clerk:
    """The server's side: jobs one after the other, accepted values kept by run."""

    def __init__(self, environment: Callable[[], dict[str, str]]) -> None:
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._busy = asyncio.Lock()
        self._known: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._leaving: asyncio.TimerHandle | None = None

    async def accepted(self, path: Path, run: str, key: bytes) -> dict[str, Any]:
        """Everything hidden in a run, computed once."""
        found = self._known.get(run)
        if found is None or (found.done() and (found.cancelled() or found.exception())):
            found = asyncio.ensure_future(self._do({"do": "accepted", "path": str(path), "key": key.hex()}))
            self._known[run] = found
        return await asyncio.shield(found)

    async def truths(self, path: Path, keys: dict[str, bytes], seconds: float) -> dict[str, dict[str, Any]]:
        """The truths of several runs, as many as are known after so many seconds; the others are on their way."""
        asked = {run: asyncio.ensure_future(self.accepted(path, run, key)) for run, key in keys.items()}
        if asked:
            await asyncio.wait(asked.values(), timeout=seconds)
        for one in asked.values():
            one.add_done_callback(lambda done: done.cancelled() or done.exception())
        return {run: one.result()["truths"] for run, one in asked.items() if one.done() and not one.exception()}

    async def report(self, path: Path, documents: list[Any], key: bytes, name: str) -> str:
        """A student's report with every accepted value in it."""
        told = await self._do({"do": "report", "path": str(path), "key": key.hex(), "documents": documents, "id": name})
        return str(told["html"])

    async def close(self) -> None:
        """Send the clerk home."""
        if self._leaving is not None:
            self._leaving.cancel()
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _do(self, job: dict[str, Any]) -> dict[str, Any]:
        async with self._busy:
            if self._leaving is not None:
                self._leaving.cancel()
            try:
                line = await asyncio.wait_for(self._exchange(job), PATIENCE)
                told: dict[str, Any] = json.loads(line)
            except (TimeoutError, OSError, ValueError) as problem:
                app_log.warning("The clerk could not do %r: %r", job["do"], problem)
                await self.close()
                raise Refusal("The accepted values could not be computed. Try again in a moment.") from None
            self._leaving = asyncio.get_running_loop().call_later(IDLE, lambda: asyncio.ensure_future(self.close()))
        if "problem" in told:
            app_log.warning("The clerk failed at %r: %s", job["do"], told["problem"])
            raise Refusal("The accepted values could not be computed. Try again in a moment.")
        return told

    async def _exchange(self, job: dict[str, Any]) -> bytes:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "voila_apps.teacher.clerk", stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=self._environment(),
                limit=LINE_BYTES)
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(job, ensure_ascii=False).encode() + b"\n")
        await process.stdin.drain()
        return await process.stdout.readline()


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job."""
    from labs.bench.scenario import load
    from voila_apps.teacher import answers

    scenario, key = load(Path(job["path"])), bytes.fromhex(job["key"])
    scenario.id = job.get("id", "")
    if job["do"] == "report":
        return {"html": answers.teachers_report(job["documents"], scenario, key, "")}
    return answers.accepted(scenario, key)


def main() -> None:
    """Do jobs until the server is done."""
    if hasattr(os, "nice"):
        os.nice(LESS_URGENT)
    out, sys.stdout = sys.stdout, sys.stderr  # whatever a lab prints is no answer
    for line in sys.stdin:
        try:
            told = answer(json.loads(line))
        except Exception as problem:
            told = {"problem": f"{type(problem).__name__}: {problem}"}
        out.write(json.dumps(told, ensure_ascii=False) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
