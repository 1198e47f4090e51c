"""Taking up what kernels left behind: documents that were written while the server was away.

A kernel's spool (`labs.bench.spool`) begins with the ticket that the server gave it: seat, scenario, lesson and
attempt under the server's own seal, and the print of the token that names the file. With it a server that was
started anew knows the run as well as the one that died did. What lies in the spool is only claimed to be a
document: each is looked at as one that came over the network is.
"""

import hashlib
import hmac
import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from engine.errors import Refusal
from labs.bench.spool import SUFFIX, UNFINISHED, lock
from voila_apps.store import DOCUMENT_BYTES, RecordStore, Sitting, draw_key

REFUSED = ".refused"  # kept for a person to look at: something in it could not be taken up
AT_ONCE = 200  # documents in one commit
FILE_BYTES = 256 * 1024 * 1024
LONG_BEGUN = 60.0  # s
TOLD = ("seat", "scenario", "content_hash", "lesson", "attempt", "token_hash")

log = logging.getLogger("wanxiang")


class SpoolFolder:
    """The folder of spools, and what the server does with it. Everything here runs in the writing thread."""

    def __init__(self, path: Path, secret: bytes) -> None:
        self.path = path
        self._secret, self._seal_key = secret, draw_key(secret, "spool", "", 0)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours_alone(path):
            path.chmod(0o700)

    def ticket(self, sitting: Sitting) -> dict[str, Any]:
        """What a kernel writes first, so that whoever finds its spool knows whose it is."""
        told = {name: getattr(sitting, name) for name in TOLD}
        return {"ticket": told, "seal": self._seal(told)}

    def take_up(self, store: RecordStore) -> int:
        """Save what dead kernels left; returns how many documents were in their spools. Living ones are left alone."""
        taken = 0
        self._clear_unfinished()
        for path in self.files():
            with _held(path) as file:
                try:
                    taken += 0 if file is None else self._take(store, path, file)
                except SQLAlchemyError as problem:  # it stays where it is, for the next time
                    log.error("The spool %s could not be taken up: %s", path.name, problem)
        return taken

    def files(self) -> list[Path]:
        """Spools of kernels, living and dead; none when others could have put them there."""
        if not _ours_alone(self.path):
            log.error("%s can be entered by others: nothing is taken from it. Run `chmod 700` on it.", self.path)
            return []
        return sorted(path for path in self.path.iterdir() if path.suffix == SUFFIX)

    def aside(self) -> int:
        """How many spools a person should look at."""
        return sum(1 for path in self.path.iterdir() if path.suffix == REFUSED)

    def of_seat(self, seat: str) -> list[tuple[Path, bool]]:
        """The seat's spools, those set aside too, and whether a living kernel writes to them."""
        found = []
        for path in (one for one in self.path.iterdir() if one.suffix in (SUFFIX, REFUSED)):
            with _held(path) as file, path.open("rb") as first:
                if _told_seat(first.readline(DOCUMENT_BYTES)) == seat:
                    found.append((path, file is None))
        return found

    def _take(self, store: RecordStore, path: Path, file: Any) -> int:
        sitting = self._known(path, file.readline(DOCUMENT_BYTES))
        if sitting is None:
            return self._set_aside(path, "its ticket is not ours")
        if os.fstat(file.fileno()).st_size > FILE_BYTES:
            return self._set_aside(path, "it is too large")
        found = list(_lines(path, file))
        good = [one for one in found if one is not None]
        refused = found.count(None) + _enter(store, sitting, good)
        if refused:
            self._set_aside(path, f"{refused} of its lines could not be taken up")
        else:
            path.unlink()
        return len(good)

    def _known(self, path: Path, first: bytes) -> Sitting | None:
        """Whose spool this is, if the first line says so under our seal."""
        try:
            given = json.loads(first)
            told = {name: given["ticket"][name] for name in TOLD}
            sealed = hmac.compare_digest(str(given["seal"]), self._seal(told))
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if not sealed or path.stem != told["token_hash"]:
            return None
        return Sitting(**told, draw_key=draw_key(self._secret, told["lesson"], told["seat"], told["attempt"]))

    def _seal(self, told: dict[str, Any]) -> str:
        canonical = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
        return hmac.new(self._seal_key, canonical, hashlib.sha256).hexdigest()

    def _clear_unfinished(self) -> None:
        """Kernels that died before their spool was one."""
        for path in self.path.iterdir():
            if path.suffix == UNFINISHED and time.time() - path.stat().st_mtime > LONG_BEGUN:
                path.unlink(missing_ok=True)

    def _set_aside(self, path: Path, why: str) -> int:
        log.warning("The spool %s was set aside: %s.", path.name, why)
        path.replace(path.with_suffix(REFUSED))
        return 0


def _enter(store: RecordStore, sitting: Sitting, documents: list[Any]) -> int:
    """Save what follows on what the record has, in order; returns how many could not be. A gap ends it: a run with
    one cannot be gone on with.
    """
    sitting.run, place = store.place(sitting)
    for begin in range(0, len(documents), AT_ONCE):
        some = documents[begin : begin + AT_ONCE]
        if [one.get("seq") for one in some] != list(range(place, place + len(some))):
            return sum(_enter_one(store, sitting, one) for one in documents[begin:])
        try:
            store.append(sitting, some)
        except Refusal:
            return sum(_enter_one(store, sitting, one) for one in documents[begin:])
        place += len(some)
    return 0


def _enter_one(store: RecordStore, sitting: Sitting, document: Any) -> int:
    """Save one document if it is known already or comes next; returns 1 when it is neither."""
    try:
        seq = document.get("seq")
        if isinstance(seq, int) and seq > store.place(sitting)[1]:
            raise Refusal("Document {uid} does not follow on what the record has.", uid=document.get("uid"))
        store.append(sitting, [document])
    except Refusal as refusal:
        log.warning("A spooled document of %s could not be taken up: %s", sitting.run, str(refusal)[:200])
        return 1
    return 0


def _lines(path: Path, file: Any) -> Iterator[dict[str, Any] | None]:
    """The documents in an open spool; None for a line that is none. The last line may be half written: that is told,
    and is no fault.
    """
    while line := file.readline(DOCUMENT_BYTES + 1):
        if not line.endswith(b"\n") and len(line) <= DOCUMENT_BYTES:
            log.warning("The last line of the spool %s was half written: its kernel died in mid-word.", path.name)
            return
        try:
            document = json.loads(line)
            yield document if isinstance(document, dict) else None
        except (ValueError, RecursionError):
            yield None


@contextmanager
def _held(path: Path) -> Iterator[Any]:
    """The spool opened for reading and held; None while its kernel holds it, or when it is no plain file of ours."""
    try:
        number = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as problem:
        log.warning("The spool %s cannot be opened: %s", path.name, problem)
        yield None
        return
    with os.fdopen(number, "rb") as file:
        yield file if stat.S_ISREG(os.fstat(number).st_mode) and lock(number) else None


def _told_seat(first: bytes) -> str | None:
    """The seat in a first line, whoever sealed it."""
    try:
        return str(json.loads(first)["ticket"]["seat"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _ours_alone(folder: Path) -> bool:
    """Whether this user owns the folder and nobody else can enter it."""
    if os.name == "nt":  # the data folder lies in the user's profile there
        return True
    found = folder.stat()
    return found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077 == 0
