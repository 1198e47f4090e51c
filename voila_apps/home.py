"""Where a server keeps things: the data folder of the platform, or the one it was told.

`record.sqlite` (what students did), `secret.key` (from which draw keys and cookies are made),
`scenarios/` (teachers' own notebooks), `spool/` (on its way into the record), `teacher.json` (the hash of the
teacher's password), `classes/` (names, if the school keeps any), `server.log`.
"""

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from engine.errors import Refusal

SECRET_BYTES = 32


@dataclass(frozen=True)
class DataFolder:
    """The data folder and what lies in it; `scenarios` may be elsewhere."""

    root: Path
    scenarios: Path

    @property
    def record(self) -> Path:
        """The record store's file."""
        return self.root / "record.sqlite"

    @property
    def secret_file(self) -> Path:
        """The server's secret, readable by its owner only."""
        return self.root / "secret.key"

    @property
    def spool(self) -> Path:
        """What kernels wrote while the server was away."""
        return self.root / "spool"

    @property
    def password_file(self) -> Path:
        """The hash of the teacher's password."""
        return self.root / "teacher.json"

    @property
    def classes(self) -> Path:
        """Class lists with names, readable by the owner only."""
        return self.root / "classes"

    @property
    def tls(self) -> Path:
        """Certificates that `wanxiang tls` made."""
        return self.root / "tls"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.root / "server.log"

    @property
    def kernel_log(self) -> Path:
        """What kernels complained of since the server started."""
        return self.root / "benches.log"

    def prepare(self) -> None:
        """Make the folders; refuse when nothing can be written there."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)  # what children did is nobody else's
            self.scenarios.mkdir(parents=True, exist_ok=True)
            trial = self.root / f".trial-{os.getpid()}"
            trial.write_bytes(b"")
            trial.unlink()
        except OSError as problem:
            raise Refusal(
                "Nothing can be written in the data folder {folder} ({problem}). "
                "Allow it, or name another folder with --data.",
                folder=problem.filename or self.root,
                problem=problem.strerror or type(problem).__name__,
            ) from problem

    def secret(self) -> bytes:
        """The server's secret, made on first use with access for its owner only."""
        try:
            return self._existing_secret()
        except FileNotFoundError:
            handle = os.open(self.secret_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(SECRET_BYTES))
            return self._existing_secret()

    def _existing_secret(self) -> bytes:
        secret = self.secret_file.read_bytes()
        if len(secret) != SECRET_BYTES:
            raise Refusal(
                "The server's secret in {file} is damaged. Restore it from a copy; without it, the hidden values of "
                "earlier runs cannot be computed again.",
                file=self.secret_file,
            )
        return secret


def data_folder(
    data: Path | None = None, scenarios: Path | None = None, environ: Mapping[str, str] | None = None
) -> DataFolder:
    """The folder named on the command line, else WANXIANG_DATA, else the platform's."""
    environ = os.environ if environ is None else environ
    named = data or (Path(environ["WANXIANG_DATA"]) if environ.get("WANXIANG_DATA") else None)
    root = (named or Path(platformdirs.user_data_dir("wanxiang", appauthor=False))).expanduser().absolute()
    return DataFolder(root, (scenarios or root / "scenarios").expanduser().absolute())


def shipped_scenarios() -> Path:
    """The scenarios that come with Wanxiang: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    installed = here / "shipped_scenarios"
    return installed if installed.is_dir() else here.parent / "scenarios"


def packages_folder() -> Path:
    """The folder from which `labs` and `engine` are imported."""
    return Path(__file__).resolve().parents[1]


def language(environ: Mapping[str, str] | None = None) -> str:
    """The language of whoever started this process: "zh" or "en"."""
    environ = os.environ if environ is None else environ
    for name in ("WANXIANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "zh" if environ[name].lower().startswith("zh") else "en"
    return _windows_language() if sys.platform == "win32" else "en"


def _windows_language() -> str:
    """Windows sets no LANG; its user interface language tells."""
    import ctypes  # only Windows needs it

    windll = getattr(ctypes, "windll", None)
    chinese = 0x04  # primary language id of the user interface
    return "zh" if windll and windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == chinese else "en"
