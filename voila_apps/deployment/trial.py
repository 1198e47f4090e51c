"""A version on trial, beside the one that serves: on a copy of the record, on a port of its own.

It has to find itself well, load every lab, bring the copy of the record to its own form, and serve a page.
"""

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from engine.errors import Refusal
from voila_apps.home import DataFolder

PATIENCE = 180.0  # s until a server on trial must answer
NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "WANXIANG_DATA", "WANXIANG_SERVER", "PORT")
ADDRESS = re.compile(r"https?://[\w.\[\]:]+/")


def unused(path: Path) -> Path:
    """This path, or one like it that no file has: a box without a clock battery has two mornings of the same second."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in range(2, 1000))
    return path if not path.exists() else next(one for one in names if not one.exists())


def copy_record(record: Path, target: Path) -> Path:
    """A whole copy of the record as it is at this moment, also while a server writes."""
    try:
        with closing(sqlite3.connect(record, timeout=30)) as source:
            source.execute("VACUUM INTO ?", (str(target),))
        target.chmod(0o600)
    except sqlite3.Error as problem:
        target.unlink(missing_ok=True)
        raise Refusal(
            "The record {file} could not be copied ({problem}). Make room on its disk, or look at it with "
            "`wanxiang doctor`. Nothing was changed.",
            file=record, problem=problem,
        ) from problem
    return target


@contextmanager
def trial_folder(folder: DataFolder) -> Iterator[Path]:
    """A data folder with a copy of the record, gone afterwards."""
    with TemporaryDirectory(dir=folder.root, prefix=".trial-") as place:
        if folder.record.is_file():
            copy_record(folder.record, Path(place, "record.sqlite"))
        yield Path(place)


def fit(program: Path, folder: DataFolder) -> None:
    """Refuse, with what went wrong, unless this version can take over."""
    with trial_folder(folder) as place:
        well(program, place)
        loads_all_labs(program)
        serves(program, place)


def well(program: Path, place: Path) -> None:
    """The version's own doctor finds nothing amiss."""
    told = _told(program, "doctor", "--data", str(place), "--port", "0", "--json")
    bad = [one for one in told["checks"] if not one["ok"]]
    if bad:
        raise Refusal("{part}: {problem}", part=bad[0]["name"], problem=bad[0]["advice"] or bad[0]["found"])


def reads(program: Path, folder: DataFolder) -> bool:
    """Whether a version can read the record as it is now."""
    with trial_folder(folder) as place:
        told = _told(program, "doctor", "--data", str(place), "--port", "0", "--json")
    return all(one["ok"] for one in told["checks"] if one["name"] == "record")


def loads_all_labs(program: Path) -> None:
    """Every lab can be imported."""
    broken = [lab["id"] for lab in _told(program, "labs", "--json")["labs"] if "error" in lab]
    if broken:
        raise Refusal("labs: {names}", names=", ".join(broken))


def serves(program: Path, place: Path) -> None:
    """It starts, calls itself healthy, shows the catalogue, and stops when told to."""
    output = place / "said"
    with output.open("wb") as file:
        server = subprocess.Popen([program, "serve", "--port", "0", "--data", str(place)], stdout=file, stderr=file,
                                  env=_environment(), cwd=place)
    try:
        address = _address(server, output)
        # Never through a proxy: the server is on this machine.
        opener = build_opener(ProxyHandler({}))
        for path in ("health", ""):
            with opener.open(address + path, timeout=PATIENCE) as answer:
                answer.read()
    except (URLError, OSError) as problem:
        raise Refusal("serve: {problem}", problem=problem) from problem
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _address(server: subprocess.Popen[bytes], output: Path) -> str:
    """The address that a starting server names, with this machine's own for its host."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        said = output.read_text("utf-8", errors="replace")
        found = ADDRESS.search(said)
        if found:
            return found[0]
        if server.poll() is not None:
            raise Refusal("serve: {problem}", problem=(said.strip().splitlines() or ["—"])[-1])
        time.sleep(0.2)
    raise Refusal("serve: {problem}", problem=f"{PATIENCE:.0f} s")


def _told(program: Path, *words: str) -> Any:
    """What a command of that version says as JSON."""
    done = subprocess.run([program, *words], capture_output=True, text=True, env=_environment(), check=False)
    try:
        return json.loads(done.stdout)
    except ValueError as problem:
        line = (done.stderr.strip().splitlines() or ["—"])[-1]
        raise Refusal("{part}: {problem}", part=words[0], problem=line) from problem


def _environment() -> dict[str, str]:
    """Ours, but nothing that leads back to this version or to the folder in use."""
    return {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
