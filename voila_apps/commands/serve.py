"""`wanxiang serve`: the laboratory for one laptop or one class."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from voila_apps.classroom.password import Password
from voila_apps.home import data_folder
from voila_apps.listening import bind
from voila_apps.speaking import _, in_words

SHOWN_ONCE = _(
    "The teacher's password, shown this once: {password} – log in at {address}teacher; "
    "`wanxiang password` makes a new one."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)
    app.command()(password)


def serve(
    port: Annotated[int, typer.Option(envvar="PORT", help="Where to listen; 0 takes any free port.")] = 8866,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets the local network in.")] = "127.0.0.1",
    data: Annotated[Path | None, typer.Option(help="Folder of the record; else WANXIANG_DATA's.")] = None,
    scenarios: Annotated[Path | None, typer.Option(help="Folder with your own scenario notebooks.")] = None,
    classroom: Annotated[
        bool, typer.Option("--classroom", help="Seats, lessons and a teacher's login instead of guests.")
    ] = False,
    benches: Annotated[int, typer.Option(min=0, help="Most benches at once; 0 asks the machine.")] = 0,
    idle: Annotated[float, typer.Option(min=0.05, help="Minutes after which a bench that was left is cleared.")] = 60.0,
    backups: Annotated[int, typer.Option(min=0, help="Days of which a backup is kept; 0 makes none.")] = 30,
    retention: Annotated[int, typer.Option(min=0, help="Days after which a finished run is erased; 0 keeps.")] = 0,
    tls: Annotated[
        bool | None, typer.Option("--tls/--no-tls", help="Use what `wanxiang tls` made; usual once there is one.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Another certificate (PEM) to serve with.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The key of --tls-cert.")] = None,
    http_port: Annotated[
        int | None, typer.Option(help="A second port without TLS: hands out the certificate, sends all else to TLS.")
    ] = None,
) -> None:
    """Serve the catalogue and the students' benches."""
    # A package that Voilà's packages load on the way builds a grammar of all web addresses, for a second; none is used.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from voila_apps.deployment.certificates import Certificates
    from voila_apps.deployment.doors import doors

    folder = data_folder(data, scenarios)
    folder.prepare()
    folder.secret()  # a damaged one is told at once
    opened = doors(Certificates(folder.tls), host, tls=tls, own=(tls_cert, tls_key), http_port=http_port)
    sockets = bind(host, port)
    fresh = _first_password(Password(folder.password_file)) if classroom else ""

    from voila_apps.server import ClassServer, Serving  # Voilà takes seconds to load

    def announce(address: str) -> None:
        print(in_words(_("Wanxiang is open at {address}"), address=address), flush=True)
        for worry in opened.worries(host):
            print(in_words(worry), file=sys.stderr, flush=True)
        if fresh:
            print(in_words(SHOWN_ONCE, password=fresh, address=address), flush=True)

    serving = Serving(folder, host=host, benches=benches, idle_minutes=idle, classroom=classroom, backups=backups,
                      retention=retention, doors=opened)  # fmt: skip
    ClassServer(serving).run(sockets, announce)


def password(
    data: Annotated[Path | None, typer.Option(help="Folder of the record; else WANXIANG_DATA's.")] = None,
) -> None:
    """Make a new password for the teacher; whoever is logged in is logged out."""
    folder = data_folder(data)
    folder.prepare()
    print(in_words(_("The teacher's new password: {password}"), password=Password(folder.password_file).make()))


def _first_password(kept: Password) -> str:
    """The teacher's password if it has just been made: this is the only time it can be shown."""
    if not kept.exists:
        return kept.make()
    kept.check()  # a damaged file is told before anybody waits at the door
    return ""
