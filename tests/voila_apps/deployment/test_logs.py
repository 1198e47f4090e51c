"""What kernels complain of cannot fill the disk."""

import subprocess
import sys
from pathlib import Path

from voila_apps.deployment.logs import LIMIT, open_log, trim

LOUD = "import sys\nfor n in range(%d): sys.stderr.write('x' * 99 + '\\n')\nsys.stderr.write('the end\\n')"


def complain(log: object, lines: int) -> None:
    subprocess.run([sys.executable, "-c", LOUD % lines], stderr=log, check=True)  # type: ignore[call-overload]


def test_it_is_emptied_under_those_who_hold_it_open(tmp_path: Path) -> None:
    path = tmp_path / "benches.log"
    with open_log(path) as log:
        complain(log, 50_000)
        assert path.stat().st_size > 2 * LIMIT
        trim(path)
        assert path.stat().st_size == 0
        kept = (tmp_path / "benches.log.1").read_bytes()
        assert len(kept) == LIMIT and kept.endswith(b"the end\n")
        complain(log, 1)  # through the handle that was opened before: no hole, no lost line
        assert path.read_bytes() == b"x" * 99 + b"\nthe end\n"


def test_a_small_one_stays_and_the_last_time_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "benches.log"
    path.write_bytes(b"of yesterday\n")
    trim(path)
    assert path.read_bytes() == b"of yesterday\n"
    with open_log(path):
        assert path.read_bytes() == b"" and (tmp_path / "benches.log.1").read_bytes() == b"of yesterday\n"
