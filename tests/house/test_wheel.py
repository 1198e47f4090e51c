"""The built wheel, installed somewhere else, is the whole laboratory."""

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

HOUSE = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds until a server must answer
pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout with the builder that is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=HOUSE,
                   check=True, capture_output=True)
    return next(folder.glob("wanxiang-*.whl"))


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment outside the checkout: our wheel, and the dependencies that are installed here."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    program = folder / "bin" / "python"
    asked = [str(program), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    # A folder named in a .pth file is searched last, and .pth files inside it are not read: the checkout stays out.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (folder / "share").symlink_to(Path(sys.prefix) / "share")  # the widgets' scripts, which are no Python
    subprocess.run([sys.executable, "-m", "pip", "--python", str(program), "install", "--quiet", "--no-deps",
                    "--no-index", "--disable-pip-version-check", str(wheel)], check=True, capture_output=True)
    return program.parent


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the checkout, a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}


def test_the_wheel_carries_everything_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"engine", "labs", "voila_apps", "wanxiang-0.1.0.dist-info"}
    shipped = {name for name in names if name.startswith("voila_apps/shipped_scenarios/")}
    assert {Path(name).name for name in shipped} == {path.name for path in (HOUSE / "scenarios").iterdir()
                                                    if path.is_file()}
    assert "labs/locale/zh/LC_MESSAGES/wanxiang.po" in names and "labs/bench/report.html.j2" in names
    ours = [path for floor in ("engine", "labs", "voila_apps") for path in (HOUSE / floor).rglob("*") if path.is_file()]
    carried = {path.relative_to(HOUSE).as_posix() for path in ours if "__pycache__" not in path.parts}
    assert carried <= set(names)


def test_it_lists_the_labs_and_scenarios(elsewhere: Path, tmp_path: Path) -> None:
    told = subprocess.run([elsewhere / "wanxiang", "labs", "--json"], cwd=tmp_path, env=environment(tmp_path),
                          capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    labs = {lab["id"]: {one["id"] for one in lab["scenarios"]} for lab in json.loads(told.stdout)["labs"]}
    assert labs == {"gas_piston": {"gas_isotherm", "dense_gas"}, "pendulum": {"pendulum_gravity"}}


def test_it_is_the_installed_one_that_runs(elsewhere: Path, tmp_path: Path) -> None:
    told = subprocess.run([elsewhere / "python", "-c", "import engine, labs, voila_apps; print(labs.__file__)"],
                          cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=True)
    assert Path(told.stdout.strip()).is_relative_to(elsewhere.parent)


def test_it_serves(elsewhere: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([elsewhere / "wanxiang", "serve", "--port", str(port)], cwd=tmp_path,
                                  env=environment(tmp_path), stdout=log, stderr=log)
    try:
        wait(f"http://127.0.0.1:{port}/health", server, tmp_path / "log")
        with urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            page = answer.read().decode()
        assert "gas_isotherm" in page and "pendulum_gravity" in page
    finally:
        server.terminate()
        server.wait(20)


def wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers that it is well."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(address, timeout=5) as answer:
                assert answer.status == 200
            return
        except (URLError, ConnectionError, TimeoutError):
            assert server.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.3)
