"""The doors of a server: one for browsers (plain, or TLS), one for kernels, and a plain one that shows the way.

Kernels live on the same box and speak plain HTTP, on a port of the loopback that nobody outside reaches and that
answers nothing but what kernels ask. Through the plain door a tablet fetches the school's certificate before it
trusts anything; whatever else it asks for there, it is sent on to the real one.
"""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from engine.errors import Refusal
from voila_apps.deployment.certificates import (
    RENEW_DAYS,
    Certificates,
    days_left,
    general_name,
    load,
    names_in,
    server_context,
)
from voila_apps.deployment.leaflets import Privacy, SchoolAuthority, TabletLeaflet
from voila_apps.listening import bind, shown

FOR_KERNELS = ("/api/", "/health")
NOT_FOR_KERNELS = "/api/kernels"


@dataclass(frozen=True)
class Doors:
    """How browsers reach this server."""

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None  # the school's own, which tablets install
    beside: tuple[socket.socket, ...] = ()  # the plain door beside a TLS one

    @property
    def scheme(self) -> str:
        """What the address of the browsers' door begins with."""
        return "https" if self.certificate else "http"

    def context(self) -> ssl.SSLContext | None:
        """What TLS needs, where there is TLS."""
        return server_context(self.certificate, self.key) if self.certificate and self.key else None

    def state(self) -> dict[str, int]:
        """For whoever watches the server: how long the certificate is good for."""
        return {"certificate_days": days_left(load(self.certificate))} if self.certificate else {}

    def open_beside(self, handlers: list[Any], settings: dict[str, Any], port: int) -> "Beside":
        """Open the doors beside the browsers' one."""
        opened = Beside()
        if self.certificate:
            own = [one for one in handlers
                   if str(one[0]).startswith(FOR_KERNELS) and not str(one[0]).startswith(NOT_FOR_KERNELS)]
            sockets = bind("127.0.0.1", 0)
            opened.add(Application(own, **settings), sockets)
            opened.kernels = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        if self.beside:
            shelf = [one for one in handlers if str(one[0]).startswith("/static/own")]
            way = settings | {"default_handler_class": OnToTheRealDoor, "default_handler_args": {"port": port}}
            opened.add(Application([*leaflets(), *shelf], **way), list(self.beside))
        return opened

    def worries(self, host: str) -> list[Refusal]:
        """What a teacher should know about the certificate before students come."""
        if not self.certificate:
            return []
        made, address, found = load(self.certificate), shown(host), []
        if days_left(made) < RENEW_DAYS:
            found.append(Refusal("The certificate is good for {days} more days. Renew it with `wanxiang tls`.",
                                 days=days_left(made)))
        if str(general_name(address).value) not in names_in(made):
            found.append(Refusal("The certificate does not name {address}. Name it: `wanxiang tls NAME {address}`",
                                 address=address))
        return found


class Beside:
    """Doors that were opened beside the browsers' one."""

    def __init__(self) -> None:
        self.kernels = ""  # the address that kernels use, when it is not the browsers'
        self._servers: list[HTTPServer] = []

    def add(self, application: Application, sockets: list[socket.socket]) -> None:
        """Open one more."""
        server = HTTPServer(application, max_body_size=18 * 1024 * 1024)
        server.add_sockets(sockets)
        self._servers.append(server)

    def close(self) -> None:
        """Close them all."""
        for server in self._servers:
            server.stop()


class OnToTheRealDoor(RequestHandler):
    """Whoever came without TLS is sent to where it is spoken."""

    def initialize(self, port: int) -> None:
        """The port of the real door."""
        self.port = port

    def prepare(self) -> None:
        """The same name and path, with TLS."""
        try:
            host = str(general_name(urlsplit(f"//{self.request.host}").hostname or "").value)
        except (Refusal, ValueError):
            self.send_error(400)
            return
        place = f"[{host}]" if ":" in host else host
        port = "" if self.port == 443 else f":{self.port}"
        self.set_header("Cache-Control", "no-store")
        self.redirect(f"https://{place}{port}{self.request.uri}", status=307)


def leaflets() -> list[Any]:
    """Pages that anybody may read."""
    return [(r"/ca\.crt", SchoolAuthority), (r"/tablet", TabletLeaflet), (r"/privacy", Privacy)]


def doors(certificates: Certificates, host: str, *, tls: bool | None = None,
          own: tuple[Path | None, Path | None] = (None, None), http_port: int | None = None) -> Doors:
    """The doors that were asked for; a Refusal when they contradict each other."""
    if (own[0] is None) != (own[1] is None):
        raise Refusal("A certificate and its key belong together. Give both --tls-cert and --tls-key.")
    made = own[0] is None and (certificates.there if tls is None else tls)
    if made and not certificates.there:
        raise Refusal("There is no certificate in {folder} yet. Make one with `wanxiang tls`.",
                      folder=certificates.folder)
    pair = (certificates.certificate, certificates.key) if made else own
    if http_port is not None and pair[0] is None:
        raise Refusal("--http-port opens a second door beside TLS. Make a certificate first: `wanxiang tls`.")
    authority = certificates.authority if certificates.authority.is_file() else None
    Doors(*pair).context()  # what cannot be used is told before anything slow is loaded
    return Doors(*pair, authority, () if http_port is None else tuple(bind(host, http_port)))
