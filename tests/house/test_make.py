"""`make` sets the house up on a machine with little on it, or says in plain words what is missing."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

HOUSE = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds until a server must answer


def an_old_python(folder: Path) -> Path:
    """A program that answers as an old Python would."""
    program = folder / "oldpython"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.1" && exit 0\nexit 1\n')
    program.chmod(0o755)
    return program


def test_an_old_python_is_refused_in_plain_words(tmp_path: Path) -> None:
    shutil.copytree(HOUSE / ".ci", tmp_path / ".ci")
    shutil.copy(HOUSE / "Makefile", tmp_path)
    told = subprocess.run(["make", "run", f"PYTHON={an_old_python(tmp_path)}"], cwd=tmp_path, capture_output=True,
                          text=True, check=False)
    assert told.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13; found here: Python 3.8.1" in told.stderr
    assert "Traceback" not in told.stderr and not (tmp_path / ".venv").exists()


def test_help_names_every_target() -> None:
    told = subprocess.run(["make", "-s", "-f", str(HOUSE / "Makefile")], cwd=HOUSE, capture_output=True, text=True,
                          check=True).stdout
    for target in ("run", "test", "test-all", "lint", "bench", "pictures", "bundle", "clean"):
        assert f"make {target} " in told


def test_what_the_continuous_test_runs_can_be_run() -> None:
    assert os.access(HOUSE / ".ci" / "run", os.X_OK)
    assert (HOUSE / ".ci" / "run").read_text("utf-8").rstrip().endswith("exec make test")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_clean_clone_sets_itself_up_and_serves(tmp_path: Path) -> None:
    """`make run` from the lock alone, with hashes; the second time there is nothing to install."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(HOUSE), str(clone)], check=True)
    subprocess.run(["make", ".venv/stamp-run"], cwd=clone, check=True)
    again = subprocess.run(["make", ".venv/stamp-run"], cwd=clone, capture_output=True, text=True, check=True)
    assert "up to date" in again.stdout
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = subprocess.Popen(["make", "run", f"PORT={port}"], cwd=clone, env={**os.environ, "HOME": str(tmp_path)},
                           start_new_session=True)
    try:
        wait(f"http://127.0.0.1:{port}/health", run)
    finally:
        os.killpg(run.pid, signal.SIGTERM)
        run.wait(20)


def wait(address: str, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers that it is well."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(address, timeout=5) as answer:
                assert answer.status == 200
            return
        except (URLError, ConnectionError, TimeoutError):
            assert server.poll() is None and time.monotonic() < end
            time.sleep(0.3)
