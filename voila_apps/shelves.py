"""Files for browsers: our own, Voilà's scripts, and the extensions that a page needs.

Addresses carry a print of the contents, so a browser keeps what it has and asks again only after
an update. Texts are compressed once and kept in memory: forty tablets fetch the same scripts in
the same minute.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from pathlib import Path

from tornado.web import HTTPError, RequestHandler

YEAR = 365 * 24 * 3600
COMPRESSIBLE = (".js", ".css", ".json", ".svg", ".html", ".txt", ".mjs")
SMALLEST_COMPRESSED = 512  # bytes; below, compression gains nothing
LARGEST_KEPT = 8 * 1024 * 1024


class Shelf:
    """Files below some folders, under one address with a print of their contents in it."""

    def __init__(self, address: str, folders: Iterable[Path], names: Iterable[str] = ("",)) -> None:
        self.files: dict[str, Path] = {}
        for folder in folders:
            for name in names:
                for path in sorted((folder / name).rglob("*")):
                    if path.is_file():
                        self.files.setdefault(path.relative_to(folder).as_posix(), path)
        stamps = sorted((name, path.stat().st_size, path.stat().st_mtime_ns) for name, path in self.files.items())
        self.print = hashlib.sha256(repr(stamps).encode()).hexdigest()[:12]
        self.address = f"{address}/{self.print}"
        self.route = rf"{address}/([0-9a-f]{{12}})/(.+)"
        self.kept: dict[str, tuple[bytes, bytes | None]] = {}

    def url(self, name: str) -> str:
        """The address of a file."""
        return f"{self.address}/{name}"

    def fetch(self, name: str) -> tuple[bytes, bytes | None]:
        """A file's bytes, plain and compressed. Only names that were found on the shelf exist."""
        if name not in self.kept:
            plain = self.files[name].read_bytes()
            worth = name.endswith(COMPRESSIBLE) and len(plain) >= SMALLEST_COMPRESSED
            answer = (plain, gzip.compress(plain, 6, mtime=0) if worth else None)
            if len(plain) > LARGEST_KEPT:
                return answer
            self.kept[name] = answer
        return self.kept[name]


class ShelfHandler(RequestHandler):
    """Serves one shelf."""

    def initialize(self, shelf: Shelf) -> None:
        """The shelf to serve."""
        self.shelf = shelf

    def get(self, edition: str, name: str) -> None:
        """The file, compressed when the browser can read that; to be kept for a year unless it has changed since."""
        try:
            plain, packed = self.shelf.fetch(name)
        except (KeyError, OSError):
            raise HTTPError(404) from None
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        kind = "text/javascript" if name.endswith((".js", ".mjs")) else kind
        self.set_header("Content-Type", f"{kind}; charset=utf-8" if name.endswith(COMPRESSIBLE) else kind)
        current = edition == self.shelf.print
        self.set_header("Cache-Control", f"public, max-age={YEAR}, immutable" if current else "no-cache")
        if packed is not None:
            self.set_header("Vary", "Accept-Encoding")
            if "gzip" in self.request.headers.get("Accept-Encoding", ""):
                self.set_header("Content-Encoding", "gzip")
                self.finish(packed)
                return
        self.finish(plain)

    def head(self, edition: str, name: str) -> None:
        """The same without the body."""
        self.get(edition, name)
