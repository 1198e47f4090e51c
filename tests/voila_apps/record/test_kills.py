"""Whoever was told "saved" finds it again, however often the process that said so is killed in mid-write."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.voila_apps.record.killed import RUN, document
from voila_apps.store import RecordStore

PROGRAM = Path(__file__).with_name("killed.py")
ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is not a signal there")


@pytest.mark.parametrize(
    "kills", [20, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "record.sqlite"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(path), str(kills), "20261125"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    acknowledged = json.loads(done.stdout)["acknowledged"]
    begun = time.perf_counter()
    store = RecordStore(path)
    recovered = time.perf_counter() - begun
    kept = store.documents(RUN)
    verdict = store.check()
    store.close()
    assert verdict == "ok" and recovered < 5.0
    assert len(acknowledged) > 2 * kills and set(acknowledged) <= {one["seq"] for one in kept}
    assert [one["seq"] for one in kept] == list(range(len(kept)))  # and nothing half of a post
    assert all(one["uid"] == document(one["seq"], "")["uid"] for one in kept)
    print(f"{kills} kills, {len(acknowledged)} documents acknowledged, {len(kept)} kept")
