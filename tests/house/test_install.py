"""The installer looks before it leaps, and says in both languages what is missing. Only its looking is tried here."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
HERE = {"VERSION": "9.1", "BUILD": "abc", "PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "SYSTEM": platform.system(), "MACHINE": platform.machine(), "LIBC": "", "MEGABYTES": "1"}


def bundle(folder: Path, **about: str) -> Path:
    """An unpacked bundle with nothing to install in it, for a computer as `about` says."""
    folder.mkdir()
    shutil.copy(HOUSE / ".ci" / "install.sh", folder)
    (folder / "about.env").write_text("".join(f"{name}={value}\n" for name, value in (HERE | about).items()))
    (folder / "requirements.lock").write_text("")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums))
    return folder


def run(folder: Path, *words: str, python: str | None = sys.executable) -> subprocess.CompletedProcess[str]:
    named = ["--python", python] if python else []
    return subprocess.run(["sh", str(folder / "install.sh"), *named, *words], capture_output=True, text=True,
                          check=False, env={**os.environ, "HOME": str(folder.parent)})


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """One sentence in English, one in Chinese, and nothing else."""
    english, chinese = done.stderr.splitlines()
    assert done.returncode == 2 and english.isascii() and not chinese.isascii()
    return english


@pytest.mark.parametrize(("about", "words"), [
    ({"PYTHON": "3.99"}, "needs Python 3.99; found here: Python 3"),
    ({"MACHINE": "riscv64"}, "is for Linux on riscv64; this computer is Linux"),
    ({"LIBC": "9.99"}, "needs the GNU C library 9.99"),
    ({"MEGABYTES": "999999999"}, "Wanxiang needs 999999999 MB in")])
@pytest.mark.skipif(platform.system() != "Linux", reason="words of the test are Linux's")
def test_a_computer_that_does_not_fit_is_told(tmp_path: Path, about: dict[str, str], words: str) -> None:
    assert words in refused(run(bundle(tmp_path / "bundle", **about)))
    assert not list(tmp_path.glob("wanxiang/versions/*"))


def test_no_python_at_all(tmp_path: Path) -> None:
    done = run(bundle(tmp_path / "bundle"), python="no-such-python")
    assert "found here: none" in refused(done)


def test_a_damaged_bundle_is_not_installed(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "bundle")
    (folder / "requirements.lock").write_text("changed on its way")
    assert "The bundle is damaged (requirements.lock)" in refused(run(folder))
    (folder / "requirements.lock").unlink()
    assert "The bundle is damaged (requirements.lock)" in refused(run(folder))


def test_an_option_that_it_does_not_have(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "bundle")
    assert "no option --too" in refused(run(folder, "--too", "x"))
    assert "--to needs a value" in refused(run(folder, "--to"))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(bundle(tmp_path / "bundle"), "--to", str(tmp_path / "file" / "x"))
    assert "Nothing can be written in" in refused(done)


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """There is no pip in this bundle: the environment is made, and taken away again."""
    done = run(bundle(tmp_path / "bundle"), "--to", str(tmp_path / "box"))
    assert done.returncode == 2 and "could not be installed" in done.stderr
    assert not list((tmp_path / "box" / "versions").iterdir()) and not (tmp_path / "box" / "current").exists()
