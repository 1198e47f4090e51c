"""The catalogue: which scenarios there are, and what their cards say.

A scenario's id is the stem of its notebook. Only what the catalogue knows can be opened, so a
name from the network is looked up here and never becomes a path. Cards are read in a process of
their own and kept by content, so that an unchanged catalogue costs a few `stat` calls.
"""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from threading import Timer
from typing import IO, Any

from labs.bench.words import _, both_say

READING_SECONDS = 60.0  # for one scenario; a first import compiles kernels
KEPT_FORM = 3  # of the cards on disk; raised when `cards.describe` says something else


@dataclass(frozen=True)
class Scenario:
    """One entry of the catalogue."""

    id: str
    path: Path
    own: bool  # a teacher's own, not one that came with Wanxiang
    card: dict[str, Any] = field(repr=False)

    @property
    def content_hash(self) -> str:
        """A print of everything that is declared: a run can be taken up again while it stays the same."""
        return str(self.card.get("content_hash", ""))

    @property
    def error(self) -> dict[str, str] | None:
        """Why it cannot be opened, in both languages; None when it can."""
        return self.card.get("error")

    @property
    def title(self) -> dict[str, str]:
        """The title in both languages; the file's name for one that cannot be read."""
        return self.card.get("title") or {"en": self.path.name, "zh": self.path.name}


class Catalogue:
    """Scenarios of the shipped folder and of a teacher's folder."""

    def __init__(
        self, shipped: Path, own: Path, kept: Path | None = None, environment: dict[str, str] | None = None
    ) -> None:
        self.shipped = shipped
        self.own = own
        self.kept = kept
        self.environment = environment
        self._cards: dict[str, dict[str, Any]] = self._load_kept()
        self._scenarios: dict[str, Scenario] = {}
        self._seen: tuple[Any, ...] | None = None
        self._reading = asyncio.Lock()

    async def scenarios(self) -> dict[str, Scenario]:
        """All scenarios by id, as the folders are now."""
        async with self._reading:
            seen = (*(_stamp(path) for path, own in self._notebooks()), code_stamp())
            if seen != self._seen:
                self._scenarios = await self._read()
                self._seen = seen
            return self._scenarios

    def _notebooks(self) -> Iterator[tuple[Path, bool]]:
        for folder, own in ((self.shipped, False), (self.own, True)):
            if folder.is_dir():
                for path in sorted(folder.glob("*.ipynb")):
                    if path.is_file() and not path.name.startswith("."):
                        yield path, own

    async def _read(self) -> dict[str, Scenario]:
        code = code_stamp()
        keys = {path: f"{KEPT_FORM}:{code}:{path}:{_file_hash(path)}" for path, own in self._notebooks()}
        missing = [path for path, key in keys.items() if key not in self._cards]
        if missing:
            for path, card in (await read_cards(missing, self.environment)).items():
                self._cards[keys[path]] = card
            self._cards = {key: self._cards[key] for key in keys.values()}
            self._save_kept()
        found: dict[str, Scenario] = {}
        for path, own in self._notebooks():
            if path in keys:  # one that appeared meanwhile is read next time
                name = path.stem if path.stem not in found else f"own-{path.stem}"
                found[name] = Scenario(name, path, own, self._cards[keys[path]])
        return found

    def _load_kept(self) -> dict[str, dict[str, Any]]:
        try:
            kept = json.loads(self.kept.read_text(encoding="utf-8")) if self.kept else {}
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _save_kept(self) -> None:
        if self.kept is not None:
            part = self.kept.with_suffix(".part")
            good = {key: card for key, card in self._cards.items() if "error" not in card}
            part.write_text(json.dumps(good, ensure_ascii=False), encoding="utf-8")
            part.replace(self.kept)


async def read_cards(paths: list[Path], environment: dict[str, str] | None = None) -> dict[Path, dict[str, Any]]:
    """The cards of these notebooks; one that crashes or hangs its reader gets an error card, the others are read."""
    cards: dict[Path, dict[str, Any]] = {}
    while left := [path for path in paths if path not in cards]:
        cards.update(await asyncio.to_thread(_read_some, left, environment))
        stuck = next((path for path in left if path not in cards), None)
        if stuck is not None:
            cards[stuck] = {"error": _stuck(stuck)}
    return cards


def _read_some(paths: list[Path], environment: dict[str, str] | None) -> dict[Path, dict[str, Any]]:
    """Read until a scenario crashes its reader or keeps it too long; the first without an answer is to blame."""
    cards: dict[Path, dict[str, Any]] = {}
    command = [sys.executable, "-m", "voila_apps.cards"]
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment) as reader:
        watch = _watch(reader)
        with suppress(ValueError, OSError):
            for line in _asked(reader, paths):
                watch.cancel()
                answer = json.loads(line)
                cards[Path(answer["path"])] = answer["card"]
                watch = _watch(reader)
        watch.cancel()
        reader.kill()
    return cards


def _asked(reader: Popen[bytes], paths: list[Path]) -> IO[bytes]:
    """Hand the reader its list; its answers, one to a line."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(json.dumps([str(path) for path in paths]).encode())
    reader.stdin.close()
    return reader.stdout


def _watch(reader: Popen[bytes]) -> Timer:
    """Ends the reader when nothing more comes from it."""
    timer = Timer(READING_SECONDS, reader.kill)
    timer.daemon = True
    timer.start()
    return timer


def _stuck(path: Path) -> dict[str, str]:
    return both_say(
        _("{file} cannot be opened: reading it crashed, or took too long. `wanxiang check {file}` shows where."),
        file=path.name,
    )


def _file_hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"


def _stamp(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size


def code_stamp() -> str:
    """Changes whenever a file of the labs or the engine changes: their import may now succeed, or fail."""
    root = Path(__file__).resolve().parents[1]
    stamps = []
    for package in ("labs", "engine"):
        for folder, folders, files in os.walk(root / package):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            stamps += [_stamp(Path(folder, file)) for file in sorted(files) if file.endswith(".py")]
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]
