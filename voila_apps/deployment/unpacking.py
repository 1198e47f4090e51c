"""A bundle, looked at before anything in it is run: it is whole, and nothing in it reaches outside its folder."""

import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.errors import Refusal

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Bundle:
    """An unpacked bundle whose checksums are right."""

    folder: Path
    about: dict[str, str]

    @property
    def name(self) -> str:
        """The name of the version, as its folder will be called."""
        return f"{self.about['VERSION']}-{self.about['BUILD']}"


@contextmanager
def unpacked(path: Path, beside: Path) -> Iterator[Bundle]:
    """Unpack a bundle into a folder that is gone afterwards; refuse what is none, or is damaged."""
    if not path.is_file():
        raise Refusal("There is no bundle {file}. Check the name.", file=path)
    with TemporaryDirectory(dir=beside, prefix=".bundle-") as place:
        folder = _extract(path, Path(place))
        _check_sums(path, folder)
        yield Bundle(folder, _about(folder))


def _extract(path: Path, place: Path) -> Path:
    """The one folder that a bundle holds."""
    try:
        with tarfile.open(path, "r:gz") as packed:
            packed.extractall(place, filter="data")
    except OSError as problem:
        if problem.strerror is None:  # gzip's own complaints have no number
            raise _damaged(path) from problem
        raise Refusal(
            "The bundle {file} cannot be unpacked ({problem}). Make room on the disk of {folder}, "
            "and allow writing there.",
            file=path.name, problem=problem.strerror, folder=place.parent,
        ) from problem
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as problem:
        raise _damaged(path) from problem
    found = [one for one in place.iterdir() if (one / SUMS).is_file() and (one / "install.sh").is_file()]
    if len(found) != 1 or len(list(place.iterdir())) != 1:
        raise Refusal("{file} is not a bundle of Wanxiang. Make one with `make bundle`.", file=path.name)
    return found[0]


def _check_sums(path: Path, folder: Path) -> None:
    """Every file is listed, and every listed file is as it was when the bundle was made."""
    listed = {}
    for line in (folder / SUMS).read_text("utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        listed[name] = wanted
    there = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()} - {SUMS}
    if there != set(listed):
        raise _damaged(path)
    for name, wanted in listed.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise _damaged(path, name)


def _about(folder: Path) -> dict[str, str]:
    lines = (folder / "about.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _damaged(path: Path, name: str = "") -> Refusal:
    where = f"{path.name}: {name}" if name else path.name
    return Refusal("The bundle is damaged ({where}). Copy it again. Nothing was changed.", where=where)
