"""Updating a box: what is good is switched to, what is not leaves the old one serving, and there is a way back."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from engine.errors import Refusal
from voila_apps.deployment.installation import Installation, this_installation
from voila_apps.deployment.trial import copy_record, unused
from voila_apps.deployment.update import roll_back
from voila_apps.home import data_folder
from voila_apps.occupancy import occupied
from voila_apps.store import RecordStore, Sitting

BROKEN = '"""A lab that somebody left half written."""\n\nimport no_such_module\n'


def pretend(root: Path, *names: str) -> Installation:
    """Folders of versions that are whole."""
    for name in names:
        (root / "versions" / name).mkdir(parents=True)
        (root / "versions" / name / "complete").touch()
    return Installation(root)


def test_a_switch_remembers_the_one_before(tmp_path: Path) -> None:
    box = pretend(tmp_path, "1-a", "2-b", "3-c")
    for name in ("1-a", "2-b", "2-b"):
        box.switch(name)
    assert (box.pointed("current"), box.pointed("previous")) == ("2-b", "1-a")
    assert (tmp_path / "current").resolve() == box.folder("2-b")
    box.switch("3-c")
    assert box.clear_out() == ["1-a"] and box.has("2-b") and box.has("3-c")
    assert [one["to"] for one in box.switches()] == ["1-a", "2-b", "2-b", "3-c"]


def test_a_version_that_is_not_whole_is_none(tmp_path: Path) -> None:
    box = pretend(tmp_path, "1-a")
    box.switch("1-a")
    (box.folder("1-a") / "complete").unlink()
    assert box.pointed("current") is None


def test_only_what_a_bundle_installed_updates_itself(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="was not installed from a bundle"):
        this_installation(tmp_path)


def test_without_an_earlier_version_there_is_no_way_back(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no earlier version"):
        roll_back(pretend(tmp_path, "1-a"), data_folder(tmp_path), with_record=False, tell=print)


def test_a_copy_of_the_record_is_whole_while_it_is_written(tmp_path: Path) -> None:
    store = a_record(tmp_path)
    copy = copy_record(tmp_path / "record.sqlite", tmp_path / "copy.sqlite")
    store.close()
    other = RecordStore(copy)
    assert other.check() == "ok" and [row.seat for row in other.runs()] == ["3-2/17"]
    other.close()
    assert copy.stat().st_mode & 0o077 == 0
    assert unused(copy).name == "copy-2.sqlite"


def test_a_damaged_record_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "record.sqlite").write_bytes(b"no record at all, but long enough to be one" * 40)
    with pytest.raises(Refusal, match="could not be copied"):
        copy_record(tmp_path / "record.sqlite", tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite").exists()


def a_record(folder: Path) -> RecordStore:
    """A record with one run of one seat."""
    store = RecordStore(folder / "record.sqlite", b"s" * 32)
    sitting = Sitting("3-2/17", "gas_isotherm", "hash", "open:gas_isotherm", 1, b"k" * 32)
    store.append(sitting, [{"kind": "start", "uid": "start-of-a-run", "run": "start-of-a-run", "seq": 0}])
    return store


@dataclass
class Box:
    """A school's box: an installation and a data folder."""

    root: Path
    data: Path

    @property
    def environment(self) -> dict[str, str]:
        # The widgets' scripts are no Python, and lie where the packages lie that the light bundle points to.
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        return kept | {"HOME": str(self.root), "JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter")),
                       "WANXIANG_LANG": "en", "WANXIANG_DATA": str(self.data)}

    def install(self, bundle: Path) -> None:
        subprocess.run(["tar", "-xf", bundle, "-C", self.root], check=True)
        folder = self.root / bundle.name.removesuffix(".tar.gz")
        subprocess.run(["sh", "install.sh", "--python", sys.executable], cwd=folder, env=self.environment, check=True)

    def wanxiang(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.root / "wanxiang" / "wanxiang", *words], cwd=self.root, env=self.environment,
                              capture_output=True, text=True, check=False)

    def version(self, link: str = "current") -> str:
        return (self.root / "wanxiang" / link).readlink().name.split("-")[0]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address of a server that is stopped afterwards."""
        server = subprocess.Popen([self.root / "wanxiang" / "wanxiang", "serve", "--port", "0"], cwd=self.root,
                                  text=True, env=self.environment, stdout=subprocess.PIPE)
        assert server.stdout is not None
        found = re.search(r"http://[\d.:]+", server.stdout.readline())
        assert found
        yield found[0]
        server.terminate()
        server.communicate(timeout=30)
        assert server.returncode == 0

    def runs(self) -> list[str]:
        with closing(sqlite3.connect(self.data / "record.sqlite")) as record:
            return [uid for (uid,) in record.execute("SELECT uid FROM runs")]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, make_bundle: Callable[..., Path]) -> Box:
    """A box on which 9.1 is installed, with a record."""
    opened = Box(tmp_path_factory.mktemp("box"), tmp_path_factory.mktemp("data"))
    a_record(opened.data).close()
    opened.install(make_bundle("9.1"))
    return opened


@pytest.fixture
def serving(box: Box) -> Iterator[str]:
    """The address of the old version's server, which goes on meanwhile."""
    with box.serving() as address:
        yield address


def health(address: str) -> dict[str, str]:
    with urlopen(f"{address}/health", timeout=20) as answer:
        return dict(json.load(answer))


slow = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("update")]


class TestOnABox:
    """One box's story, in order."""

    pytestmark = slow

    def test_an_update_beside_a_serving_server(self, box: Box, make_bundle: Callable[..., Path], serving: str) -> None:
        done = box.wanxiang("update", str(make_bundle("9.2")))
        assert done.returncode == 0, done.stdout + done.stderr
        assert (box.version(), box.version("previous")) == ("9.2", "9.1")
        assert health(serving)["version"] == "9.1", "a server keeps what it was started from"
        copies = list(box.data.glob("record-before-*.sqlite"))
        assert len(copies) == 1 and str(copies[0]) in done.stdout
        assert "systemctl restart wanxiang" in done.stdout

    def test_a_version_with_a_broken_lab_is_not_taken(self, box: Box, make_bundle: Callable[..., Path]) -> None:
        done = box.wanxiang("update", str(make_bundle("9.3", {"labs/pendulum/__init__.py": BROKEN})))
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].endswith("the lines above tell why. The old version stays in use.")
        assert "pendulum" in done.stderr
        self.is_as_before(box)

    def test_a_version_that_does_not_serve_is_not_taken(self, box: Box, make_bundle: Callable[..., Path]) -> None:
        text = (Path(__file__).parents[3] / "voila_apps" / "server.py").read_text("utf-8")
        done = box.wanxiang("update", str(make_bundle("9.4", {"voila_apps/server.py": text + "\n1 / 0\n"})))
        assert done.returncode == 2, done.stdout
        assert "did not pass its trial" in done.stderr and "ZeroDivisionError" in done.stderr
        assert "Traceback" not in done.stderr
        self.is_as_before(box)

    def is_as_before(self, box: Box) -> None:
        assert (box.version(), box.version("previous")) == ("9.2", "9.1")
        assert {path.name[:3] for path in (box.root / "wanxiang" / "versions").iterdir()} == {"9.1", "9.2"}
        assert not [path for path in box.data.iterdir() if path.name.startswith(".")]
        with box.serving() as address:
            assert health(address)["version"] == "9.2"

    def test_back_to_the_version_before(self, box: Box) -> None:
        done = box.wanxiang("update", "--rollback")
        assert done.returncode == 0, done.stderr
        assert (box.version(), box.version("previous")) == ("9.1", "9.2")
        done = box.wanxiang("update", "--rollback")
        assert (box.version(), box.version("previous")) == ("9.2", "9.1")

    def test_back_although_the_record_is_of_a_newer_form(self, box: Box) -> None:
        with closing(sqlite3.connect(box.data / "record.sqlite")) as record:
            record.execute("PRAGMA user_version = 99")
        done = box.wanxiang("update", "--rollback")
        assert done.returncode == 2 and "cannot read the record as it is now" in done.stderr
        assert box.version() == "9.2"
        with occupied(box.data):
            done = box.wanxiang("update", "--rollback", "--with-record")
        assert done.returncode == 2 and "is serving" in done.stderr and "Stop it first" in done.stderr
        done = box.wanxiang("update", "--rollback", "--with-record")
        assert done.returncode == 0, done.stderr
        assert box.version() == "9.1" and box.runs() == ["start-of-a-run"]
        with closing(sqlite3.connect(next(box.data.glob("replaced-*/record.sqlite")))) as kept:
            assert kept.execute("PRAGMA user_version").fetchone() == (99,)
        with box.serving() as address:
            assert health(address)["record"] == "ok"
