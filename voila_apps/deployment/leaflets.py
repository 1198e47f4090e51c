"""Leaflets that anybody may read: how a tablet learns to trust this box, and what is kept about a student."""

from pathlib import Path
from typing import Any

from tornado.web import HTTPError

from voila_apps.deployment.certificates import fingerprint, load, names_in
from voila_apps.deployment.wording import DEVICES, PRIVACY, TABLET
from voila_apps.pages import Page
from voila_apps.wording import in_both


class Leaflet(Page):
    """A page to be read."""

    def show(self, words: dict[str, str], **content: Any) -> None:
        """The page in both languages."""
        told = {name: in_both(text, **content.get("fields", {})) for name, text in words.items()}
        self.finish(self.paint("leaflet.html", told=told, **content))


class TabletLeaflet(Leaflet):
    """How to install the school's certificate, system by system."""

    async def get(self) -> None:
        """The steps, with the fingerprint to compare."""
        authority: Path | None = self.settings.get("authority")
        if authority is None:
            self.show(TABLET | {"lead": TABLET["none"]}, name="tablet", devices=[], fingerprint="")
            return
        names = self.settings.get("certificate_names") or []
        devices = [{"name": in_both(device["name"]), "steps": [in_both(step) for step in device["steps"]]}
                   for device in DEVICES]
        self.show(TABLET, name="tablet", devices=devices, fingerprint=fingerprint(load(authority)),
                  fields={"names": ", ".join(names)})


class Privacy(Leaflet):
    """What is kept, for whom, and for how long."""

    async def get(self) -> None:
        """The notice."""
        sections = [{"title": in_both(title), "points": [in_both(point) for point in points]}
                    for title, points in PRIVACY["sections"]]
        self.show({"title": PRIVACY["title"], "lead": PRIVACY["lead"]}, name="privacy", sections=sections)


class SchoolAuthority(Page):
    """The certificate that tablets install."""

    async def get(self) -> None:
        """The file; its name tells what it is."""
        authority: Path | None = self.settings.get("authority")
        if authority is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "application/x-x509-ca-cert")
        self.set_header("Content-Disposition", 'attachment; filename="wanxiang-ca.crt"')
        self.finish(authority.read_bytes())


def certificate_names(certificate: Path | None) -> list[str]:
    """The names under which others reach this box."""
    return [name for name in names_in(load(certificate)) if name not in ("localhost", "127.0.0.1", "::1")] \
        if certificate else []
