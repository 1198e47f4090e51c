"""How Wanxiang lies on a box: one folder per version, and a link to the one in use.

    versions/0.1.0-f4b35380/   a Python environment of its own, `complete` once everything is in it
    current -> versions/…      switched in one step; a server that runs keeps the files it was started from
    previous -> versions/…     what an update can be taken back to
    updates.jsonl              one line per switch
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Refusal

COMPLETE = "complete"


@dataclass(frozen=True)
class Installation:
    """The folder that `install.sh` made."""

    root: Path

    @property
    def log(self) -> Path:
        """What was switched, and which copy of the record was made before."""
        return self.root / "updates.jsonl"

    def pointed(self, link: str) -> str | None:
        """The version that `current` or `previous` points to, if it is whole."""
        place = self.root / link
        name = place.readlink().name if place.is_symlink() else ""
        return name if name and self.has(name) else None

    def folder(self, name: str) -> Path:
        """Where a version lies."""
        return self.root / "versions" / name

    def has(self, name: str) -> bool:
        """Whether a version is installed to its end."""
        return (self.folder(name) / COMPLETE).is_file()

    def program(self, name: str) -> Path:
        """The command of a version."""
        return self.folder(name) / "bin" / "wanxiang"

    def switch(self, name: str, **note: Any) -> None:
        """Make a version the one in use; the one until now becomes the previous one."""
        old = self.pointed("current")
        if old and old != name:
            self._point("previous", old)
        self._point("current", name)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"from": old, "to": name, **note}, ensure_ascii=False) + "\n")

    def _point(self, link: str, name: str) -> None:
        partial = self.root / f".{link}"
        partial.unlink(missing_ok=True)
        partial.symlink_to(Path("versions", name))
        partial.replace(self.root / link)

    def switches(self) -> list[dict[str, Any]]:
        """What was switched so far, the oldest first."""
        if not self.log.is_file():
            return []
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.strip()]

    def remove(self, name: str) -> None:
        """Remove a version that is neither in use nor needed to go back."""
        shutil.rmtree(self.folder(name), ignore_errors=True)

    def clear_out(self) -> list[str]:
        """Remove every version but the current, the previous and the one that runs this; returns their names."""
        kept = {self.pointed("current"), self.pointed("previous"), Path(sys.prefix).name}
        old = sorted(path.name for path in (self.root / "versions").iterdir() if path.name not in kept)
        for name in old:
            self.remove(name)
        return old


def this_installation(prefix: Path | None = None) -> Installation:
    """The installation that this program runs from."""
    prefix = prefix or Path(sys.prefix)
    if prefix.parent.name != "versions" or not (prefix / COMPLETE).is_file():
        raise Refusal(
            "This Wanxiang was not installed from a bundle, so it cannot update itself. "
            "Unpack the bundle and run `sh install.sh` in it."
        )
    return Installation(prefix.parent.parent)
