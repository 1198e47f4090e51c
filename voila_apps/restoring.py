"""Putting a backup back: checked first, nothing lost, and never under a running server."""

import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Refusal
from voila_apps import backups
from voila_apps.backups import RECORD
from voila_apps.database import known_form
from voila_apps.home import DataFolder
from voila_apps.occupancy import STOP_FIRST, occupied

SQLITE = b"SQLite format 3\0"
KEPT_SUFFIXES = ("", "-wal", "-shm")  # the files of an open or crashed record
GUARDED = ("secret.key", "teacher.json")  # which there is one of; the backup's takes its place


@dataclass(frozen=True)
class Restored:
    """What was put back, and where that lies which it replaced."""

    record: Path
    sha256: str
    files: list[str]
    replaced: Path | None
    left: list[str] = field(default_factory=list)  # of the backup's files, those that differ from what is there


def restore(path: Path, folder: DataFolder) -> Restored:
    """Put back a backup, or a bare copy of a record. What it replaces is kept in a folder beside it."""
    if not path.is_file():
        raise Refusal("There is no file {file}. Check the name.", file=path)
    folder.prepare()
    with (
        occupied(folder.root, STOP_FIRST),
        tempfile.TemporaryDirectory(prefix=".restoring-", dir=folder.root) as workplace,
    ):
        files = _unpacked(path, Path(workplace))
        known_form(path, backups.check(files[RECORD]))
        digest = backups.sha256(files[RECORD])
        aside = _set_aside(folder, files)
        for suffix in KEPT_SUFFIXES[1:]:  # the log of another record must not be applied to this one
            folder.record.with_name(folder.record.name + suffix).unlink(missing_ok=True)
        done, left = _put(folder, files)
        backups.settle(folder.root)
    return Restored(folder.record, digest, done, aside, left)


def _unpacked(path: Path, workplace: Path) -> dict[str, Path]:
    """The files of a backup by their names, all checked before anything is touched."""
    with path.open("rb") as file:
        bare = file.read(len(SQLITE)) == SQLITE
    if bare:
        for suffix in KEPT_SUFFIXES[:2]:  # one that was set aside after a crash has a log
            if (beside := path.with_name(path.name + suffix)).is_file():
                shutil.copyfile(beside, workplace / (RECORD + suffix))
        return {RECORD: workplace / RECORD}
    backup = backups.look(path)
    files = {}
    for number, name in enumerate(backup.files):
        if _expected(name):
            files[name] = backups.unpack(backup, name, workplace / str(number))
    return files


def _expected(name: str) -> bool:
    """Whether a name is one of those that a backup carries; others are not even looked at."""
    folder, _, last = name.rpartition("/")
    plain = bool(last) and not last.startswith(".") and not set(last) & set('\\:*?"<>|\0')
    if not folder:
        return name in (RECORD, *GUARDED)
    return plain and (folder, Path(last).suffix) in (("scenarios", ".ipynb"), ("classes", ".csv"))


def _set_aside(folder: DataFolder, files: dict[str, Path]) -> Path | None:
    """Keep what will be replaced; None when there is nothing."""
    record = folder.record
    old = [record.with_name(record.name + suffix) for suffix in KEPT_SUFFIXES]
    old += [folder.root / name for name in GUARDED if name in files]
    old = [path for path in old if path.is_file()]
    if not any(path == record for path in old):
        return None
    aside = folder.root / time.strftime("replaced-%Y%m%dT%H%M%SZ", time.gmtime())
    number = 1
    while aside.exists():
        number += 1
        aside = aside.with_name(f"{aside.name.partition('Z')[0]}Z-{number}")
    aside.mkdir(mode=0o700)
    for path in old:
        shutil.copy2(path, aside / path.name)
    backups.settle(aside)
    return aside


def _put(folder: DataFolder, files: dict[str, Path]) -> tuple[list[str], list[str]]:
    """Put the files where they belong, the record last; a scenario or class list that is there already stays."""
    done, left = [], []
    for name, path in sorted(files.items(), key=lambda item: item[0] == RECORD):
        target = _target(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if "/" in name and target.exists():
            left += [name] if target.read_bytes() != path.read_bytes() else []
            continue
        if name.startswith("classes/"):
            target.parent.chmod(0o700)
        shutil.move(path, target)
        done.append(name)
    return done, left


def _target(folder: DataFolder, name: str) -> Path:
    kind, _, last = name.partition("/")
    if not last:
        return folder.root / name
    return (folder.scenarios if kind == "scenarios" else folder.classes) / last
