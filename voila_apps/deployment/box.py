"""The files that make this very box a school's server: a systemd unit, and examples for two reverse proxies."""

import getpass
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.errors import Refusal
from voila_apps.deployment.certificates import Certificates, load, names_in
from voila_apps.deployment.installation import this_installation
from voila_apps.home import DataFolder, language
from voila_apps.listening import own_addresses

FILES = Path(__file__).parent / "files"
SPARED_MB = 800  # for the system and everything else on the box
PLAIN = re.compile(r"[A-Za-z0-9_./+@:~-]+")
STATE = Path("/var/lib")


@dataclass(frozen=True)
class Box:
    """What the files have to know about this computer."""

    folder: DataFolder
    port: int = 8866
    http_port: int | None = None
    proxy: bool = False
    user: str = ""
    retention: int = 0  # days; 0 keeps all

    @property
    def state(self) -> str:
        """The name of the data folder where systemd looks after it, below /var/lib."""
        return self.folder.root.name if self.folder.root.parent == STATE else ""

    def written(self, place: Path) -> list[Path]:
        """Write every file into a folder; returns their paths."""
        place.mkdir(parents=True, exist_ok=True)
        environment = Environment(loader=FileSystemLoader(FILES), undefined=StrictUndefined, trim_blocks=True,
                                  lstrip_blocks=True, keep_trailing_newline=True)
        told, found = self.told(), []
        for template in sorted(FILES.glob("*.j2")):
            path = place / template.stem
            path.write_text(environment.get_template(template.name).render(told), encoding="utf-8")
            found.append(path)
        return found

    def told(self) -> dict[str, Any]:
        """What is filled in."""
        data, certificates = self.folder.root, Certificates(self.folder.tls)
        names = self._names(certificates)
        memory = memory_mb()
        most = max(memory - SPARED_MB, memory // 2)
        told = {
            "name": "wanxiang", "lang": language(), "user": self._user(), "group": self._group(), "data": data,
            "python": program_folder() / "python", "program": program_folder() / "wanxiang",
            "options": self._options(), "port": self.port, "names": names,
            "certificate": certificates.certificate, "key": certificates.key, "in_home": self._in_home(),
            "state": self.state,
            "low_port": not self.proxy and min(self.port, self.http_port or self.port) < 1024,
            "memory_mb": memory, "spared_mb": memory - most, "max_mb": most, "high_mb": int(0.9 * most),
        }  # fmt: skip
        for value in told.values():
            if isinstance(value, Path) and not PLAIN.fullmatch(str(value)):
                raise Refusal("The path {path} has a space or a letter that service files do not take. "
                              "Choose a plain one.", path=value)
        return told

    def _options(self) -> str:
        kept = f" --retention {self.retention}" if self.retention else ""
        if self.proxy:
            return f"--classroom --port {self.port} --no-tls{kept}"
        beside = f" --http-port {self.http_port}" if self.http_port else ""
        return f"--classroom --host 0.0.0.0 --port {self.port}{beside}{kept}"

    def _names(self, certificates: Certificates) -> list[str]:
        """How tablets call this box; the certificate knows."""
        known = names_in(load(certificates.certificate)) if certificates.there else own_addresses()
        return [name for name in known if name not in ("localhost", "127.0.0.1", "::1")] or ["lab.school"]

    def _user(self) -> str:
        return self.user or getpass.getuser()

    def _group(self) -> str:
        """The first group of the user; its name is the user's where there is no such user yet."""
        try:
            import grp  # not on Windows
            import pwd

            return grp.getgrgid(pwd.getpwnam(self._user()).pw_gid).gr_name
        except (ImportError, KeyError):
            return self._user()

    def _in_home(self) -> bool:
        """Whether the program or the data lie where ProtectHome would hide them."""
        homes = (Path("/home"), Path("/root"), Path("/run/user"))
        places = (self.folder.root, program_folder().resolve())
        return any(place.is_relative_to(home) for home in homes for place in places)


def program_folder() -> Path:
    """Where the command lies: through the link to the version in use, when a bundle installed it."""
    try:
        return this_installation().root / "current" / "bin"
    except Refusal:
        return Path(sys.prefix) / "bin"


def memory_mb() -> int:
    """The memory of this computer."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, ValueError, OSError):
        return 8192
