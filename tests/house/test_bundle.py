"""The bundle installs with the network unplugged, and a lesson can be held on what it installed."""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import CHROMIUM

HOUSE = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.xdist_group("bundle")]


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The bundle, made from the checkout and this machine's package index."""
    told = subprocess.run([sys.executable, str(HOUSE / ".ci" / "bundle.py")], cwd=HOUSE, text=True, capture_output=True,
                          check=False)
    assert told.returncode == 0, told.stderr
    return HOUSE / told.stdout.splitlines()[-1].split()[0]


@pytest.fixture
def unplugged() -> list[str]:
    """The command that runs another in a network namespace without a route."""
    ways = [["unshare", "--net"], ["unshare", "--map-root-user", "--net"]] if shutil.which("unshare") else []
    for words in ways:
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    pytest.skip("network namespaces are not allowed here: the bundle was NOT tried with the network unplugged")


def test_the_bundle_names_no_host_and_every_file_has_a_checksum(bundle: Path) -> None:
    with tarfile.open(bundle) as packed:
        names = {name.split("/", 1)[1] for name in packed.getnames()}
        root = packed.getnames()[0].split("/")[0]

        def text(name: str) -> str:
            file = packed.extractfile(f"{root}/{name}")
            assert file is not None
            return file.read().decode()

        sums = {line.split("  ")[1] for line in text("SHA256SUMS").splitlines()}
        assert names == sums | {"SHA256SUMS"}
        for name in ("requirements.lock", "install.sh", "about.env", "READ-ME.txt"):
            assert "://" not in text(name)
        wheels = [name for name in names if name.startswith("wheels/")]
        assert text("requirements.lock").count("--hash=sha256:") == len(wheels) > 100


def test_with_the_network_unplugged_a_class_can_be_taught(bundle: Path, unplugged: list[str], tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium: no lesson was held on what the bundle installed")
    words = [*unplugged, sys.executable, "-m", "tests.house.unplugged", str(bundle), str(tmp_path)]
    done = subprocess.run(words, cwd=HOUSE, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"installed in {found['install_seconds']:.0f} s, usable after {found['usable_seconds']:.1f} s")
    assert len(found["products"]) == 4 and max(found["products"]) / min(found["products"]) < 1.15
    assert found["title_in_report"] and not found["complaints"]
    assert [f"http://{host}" for host in found["hosts"]] == [found["address"]]
    assert found["exit"] == 0
