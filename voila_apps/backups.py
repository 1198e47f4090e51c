"""Backups: one file that holds all that a laboratory needs to go on elsewhere, and beside it its SHA-256.

A backup is a zip: the record as SQLite itself copies it (whole, checked, free of what was erased), the server's
secret, the hash of the teacher's password, teachers' own scenarios, and a manifest with a SHA-256 of each. Names of
students are in it only when asked for. Backups are numbered, because a box without a battery forgets the time.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import Refusal
from voila_apps.database import keep_copy
from voila_apps.home import DataFolder
from voila_apps.store import RecordStore

RECORD, SECRET, PASSWORD, MANIFEST = "record.sqlite", "secret.key", "teacher.json", "manifest.json"
NAME = re.compile(r"wanxiang-(\d{6,})-(\d{8})T(\d{6})Z\.zip")
# Copies of the record that migrations, updates and restores leave in the data folder.
STRAYS = ("record-*.sqlite", "backups/*.sqlite", "replaced-*/record.sqlite")
DAY = 86400.0
HOURLY_KEPT = 24  # the newest ones, whenever they were made
BLOCK = 1 << 20  # bytes read at once
QUICK = 1  # zlib's level: a record shrinks eightfold at 100 MB/s

# What a damaged or hostile zip can raise.
NO_ZIP = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Backup:
    """A backup file and what its manifest says."""

    path: Path
    sha256: str
    files: dict[str, str]
    made: str

    @property
    def record(self) -> str:
        """The SHA-256 of the record in it."""
        return self.files[RECORD]


class Backups:
    """The backups of one data folder."""

    def __init__(self, folder: DataFolder, days: int = 30) -> None:
        self.folder, self.days = folder, days
        self.place = folder.root / "backups"

    def kept(self) -> list[Path]:
        """All that lie in the folder, the newest first."""
        found = [path for path in self.place.glob("wanxiang-*.zip") if NAME.fullmatch(path.name)]
        return sorted(found, key=lambda path: int(NAME.fullmatch(path.name)[1]), reverse=True)  # type: ignore[index]

    def make(
        self, store: RecordStore, to: Path | None = None, *, names: bool = False, only_new: bool = False
    ) -> Backup:
        """Write a backup: into the folder of backups, or where it is wanted. Safe while the record is written to.

        With `only_new` none is written when the newest one holds the same record; that one is returned.
        """
        target = to or self._next()
        target.parent.mkdir(parents=True, exist_ok=True)
        if to is None:
            self.place.chmod(0o700)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=target.parent) as workplace:
            copy = keep_copy(store.engine, Path(workplace, RECORD))
            check(copy)
            newest = self._newest() if only_new else None
            if newest and newest.record == sha256(copy):
                return newest
            packed = pack(self._contents(copy, names), Path(workplace, target.name))
            return deliver(packed, target)

    def rotate(self) -> list[Path]:
        """Remove what need not be kept: beyond the newest ones, all but the last of each day, for so many days; and
        copies from before a migration, an update or a restore that are older than that.
        """
        kept = self.kept()
        last_of_day: dict[str, Path] = {}
        for path in kept:
            last_of_day.setdefault(NAME.fullmatch(path.name)[2], path)  # type: ignore[index]
        stay = {*kept[:HOURLY_KEPT], *list(last_of_day.values())[: self.days]}
        gone = [path for path in kept if path not in stay]
        for path in gone:
            remove(path)
        for path in self.strays():
            if self.days * DAY < time.time() - path.stat().st_mtime < 20 * 365 * DAY:  # else a clock is wrong
                remove_record(path)
                gone.append(path)
        return gone

    def strays(self) -> list[Path]:
        """Bare copies of the record that lie about from before a migration, an update or a restore."""
        return [path for pattern in STRAYS for path in sorted(self.folder.root.glob(pattern)) if path.is_file()]

    def _newest(self) -> Backup | None:
        """The newest backup, unless it cannot be read any more."""
        try:
            return next((look(path) for path in self.kept()), None)
        except Refusal:
            return None

    def _next(self) -> Path:
        number = 1 + max((int(NAME.fullmatch(path.name)[1]) for path in self.kept()), default=0)  # type: ignore[index]
        return self.place / f"wanxiang-{number:06d}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.zip"

    def _contents(self, record: Path, names: bool) -> dict[str, Path]:
        wanted = {RECORD: record, SECRET: self.folder.secret_file, PASSWORD: self.folder.password_file}
        wanted |= {f"scenarios/{path.name}": path for path in sorted(self.folder.scenarios.glob("*.ipynb"))}
        if names:
            wanted |= {f"classes/{path.name}": path for path in sorted(self.folder.classes.glob("*.csv"))}
        return {name: path for name, path in wanted.items() if path.is_file()}


def pack(contents: dict[str, Path], target: Path, made: str = "") -> Path:
    """A zip of these files with their manifest, on the disk before this returns."""
    told = {
        "made": made or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "wanxiang": _version(),
        "files": {name: sha256(path) for name, path in contents.items()},
    }
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)  # it holds the secret
    with os.fdopen(handle, "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive:
            archive.writestr(MANIFEST, json.dumps(told, ensure_ascii=False, indent=2))
            for name, path in contents.items():
                archive.write(path, name)
        file.flush()
        os.fsync(file.fileno())
    return target


def look(path: Path) -> Backup:
    """What a backup says of itself, its checksum compared; a Refusal when it is none or damaged."""
    digest, beside = sha256(path), checksum_file(path)
    if beside.is_file() and beside.read_text("utf-8").split()[:1] != [digest]:
        raise _altered(path)
    try:
        with zipfile.ZipFile(path) as archive:
            told = json.loads(archive.read(MANIFEST))
        files = {str(name): str(told["files"][name]) for name in (RECORD, *told["files"])}
        return Backup(path, digest, files, str(told["made"]))
    except (OSError, *NO_ZIP, TypeError) as problem:
        raise Refusal(
            "{file} is no backup of Wanxiang, or it is damaged. Take another one.", file=path.name
        ) from problem


def unpack(backup: Backup, name: str, target: Path) -> Path:
    """One file out of a backup, compared with its checksum, readable by its owner alone."""
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(backup.path) as archive, archive.open(name) as member:
            shutil.copyfileobj(member, file, BLOCK)
            file.flush()
            os.fsync(file.fileno())
        sound = sha256(target) == backup.files[name]
    except NO_ZIP:
        sound = False
    if not sound:
        raise _altered(backup.path)
    return target


def _altered(path: Path) -> Refusal:
    return Refusal("{file} is not what its checksum was made of: it is damaged. Take another backup.", file=path.name)


def check(record: Path) -> int:
    """The form of a record that nobody has open; a Refusal when SQLite finds it damaged, or it is no record."""
    try:
        with closing(sqlite3.connect(record)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            (form,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.DatabaseError as problem:
        verdict, form = str(problem), 0
    if verdict != "ok":
        raise Refusal("The record in {file} is damaged ({problem}). Take another backup.", file=record.name,
                      problem=verdict)  # fmt: skip
    return int(form)


def sha256(path: Path) -> str:
    """The checksum of a file."""
    try:
        with path.open("rb") as file:
            return _digest(file)
    except OSError as problem:
        raise Refusal("Cannot read {path}: {reason}. Check the name and the permission.", path=path,
                      reason=problem.strerror or type(problem).__name__) from None  # fmt: skip


def checksum_file(path: Path) -> Path:
    """Where a backup's checksum lies, in the form that `sha256sum -c` reads."""
    return path.with_name(path.name + ".sha256")


def remove(path: Path) -> None:
    """Remove a backup and its checksum."""
    path.unlink(missing_ok=True)
    checksum_file(path).unlink(missing_ok=True)


def remove_record(path: Path) -> None:
    """Remove a bare copy of a record, with its log."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def settle(folder: Path) -> None:
    """Wait until the disk knows the folder's names."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def deliver(packed: Path, target: Path) -> Backup:
    """Put a finished backup where it belongs, with its checksum."""
    digest = sha256(packed)
    beside = packed.with_name(packed.name + ".sha256")
    beside.write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    packed.replace(target)
    beside.replace(checksum_file(target))
    settle(target.parent)
    return look(target)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for block in _blocks(file):
        digest.update(block)
    return digest.hexdigest()


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _version() -> str:
    try:
        return version("wanxiang")
    except PackageNotFoundError:
        return "checkout"


def told(backup: Backup) -> dict[str, Any]:
    """A backup as data for other programs."""
    return {"file": str(backup.path), "sha256": backup.sha256, "made": backup.made, "files": backup.files}
