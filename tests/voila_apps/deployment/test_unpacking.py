"""A bundle is looked at before anything in it is run."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from engine.errors import Refusal
from voila_apps.deployment.unpacking import unpacked

WHOLE = {"install.sh": b"exit 0\n", "about.env": b"VERSION=9.1\nBUILD=abc\nLIBC=\n", "wheels/a.whl": b"wheel"}


def bundle(path: Path, files: dict[str, bytes], sums: str | None = None, root: str = "wanxiang-9.1-bundle/") -> Path:
    """A packed bundle with these files, and checksums that are right unless others are given."""
    listed = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    with tarfile.open(path, "w:gz") as packed:
        for name, content in {**files, "SHA256SUMS": (listed if sums is None else sums).encode()}.items():
            entry = tarfile.TarInfo(root + name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return path


def refused(path: Path, beside: Path) -> str:
    with pytest.raises(Refusal) as refusal, unpacked(path, beside):
        pytest.fail("it was taken for a good one")
    assert not list(beside.glob(".bundle-*")), "something was left behind"
    return str(refusal.value)


def test_a_whole_bundle_is_opened_and_gone_afterwards(tmp_path: Path) -> None:
    with unpacked(bundle(tmp_path / "b.tar.gz", WHOLE), tmp_path) as found:
        assert found.name == "9.1-abc" and (found.folder / "wheels" / "a.whl").read_bytes() == b"wheel"
    assert not found.folder.exists()


def test_one_changed_byte_is_found(tmp_path: Path) -> None:
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in WHOLE.items())
    path = bundle(tmp_path / "b.tar.gz", WHOLE | {"wheels/a.whl": b"whee!"}, sums)
    assert refused(path, tmp_path) == "The bundle is damaged (b.tar.gz: wheels/a.whl). Copy it again. " \
        "Nothing was changed."


@pytest.mark.parametrize("sums", ["", "0" * 64 + "  install.sh\n"])
def test_a_file_that_nobody_vouches_for_is_refused(tmp_path: Path, sums: str) -> None:
    assert "is damaged" in refused(bundle(tmp_path / "b.tar.gz", WHOLE, sums), tmp_path)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.98])
def test_a_copy_that_broke_off_is_refused(tmp_path: Path, keep: float) -> None:
    path = bundle(tmp_path / "b.tar.gz", WHOLE | {"wheels/b.whl": bytes(range(256)) * 400})
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    assert "is damaged" in refused(path, tmp_path)


@pytest.mark.parametrize("root", ["../outside/", "/tmp/outside/"])
def test_nothing_is_written_outside(tmp_path: Path, root: str) -> None:
    below = tmp_path / "below"
    below.mkdir()
    refused(bundle(tmp_path / "b.tar.gz", WHOLE, root=root), below)
    assert not (tmp_path / "outside").exists() and not (below / "outside").exists()
    assert not Path("/tmp/outside").exists()


def test_something_else_is_not_taken_for_a_bundle(tmp_path: Path) -> None:
    assert "is not a bundle" in refused(bundle(tmp_path / "b.tar.gz", {"a.txt": b"a"}), tmp_path)
    assert "There is no bundle" in refused(tmp_path / "nowhere.tar.gz", tmp_path)
    (tmp_path / "text.tar.gz").write_text("not packed at all")
    assert "is damaged" in refused(tmp_path / "text.tar.gz", tmp_path)
