"""The teacher's password: made by the box, shown once, kept as an argon2 hash that only the owner of the box can read.

`wanxiang password` makes another one; a running server notices, and whoever was logged in is
logged out, because every session bears the mark of the password that it was opened with.
"""

import json
import os
import secrets
from pathlib import Path
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import Refusal

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike on paper
GROUPS, GROUP = 3, 4  # 12 characters of 31: 59 bits
LONGEST = 200  # characters that are hashed; more is no password
HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)  # 32 MiB, some 60 ms


class Password:
    """The password file of a data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._checking = Lock()  # one at a time: guesses must not take both cores

    @property
    def exists(self) -> bool:
        """Whether there is one yet."""
        return self.path.exists()

    @property
    def mark(self) -> str:
        """What sessions opened with this password bear; another after every reset."""
        return self._kept()["mark"]

    def check(self) -> None:
        """A Refusal when the file is damaged."""
        self._kept()

    def make(self) -> str:
        """Make a new one and return it: the only moment at which it can be read."""
        password = "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
        kept = {"hash": HASHER.hash(password), "mark": secrets.token_hex(8)}
        part = self.path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        return password

    def fits(self, typed: str) -> bool:
        """Whether this is the password; takes a moment, so never in the event loop."""
        plain = typed.strip().lower().replace(" ", "-")
        if not plain or len(plain) > LONGEST:
            return False
        with self._checking:
            try:
                return HASHER.verify(self._kept()["hash"], plain)
            except (VerificationError, InvalidHashError):
                return False

    def _kept(self) -> dict[str, str]:
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            return {"hash": str(kept["hash"]), "mark": str(kept["mark"])}
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise Refusal(
                "The teacher's password in {file} cannot be read. `wanxiang password` makes a new one.", file=self.path
            ) from problem
