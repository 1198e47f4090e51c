"""`wanxiang deploy`: the files that make this box a school's server."""

from pathlib import Path
from typing import Annotated

import typer

from voila_apps.commands.scenarios import Data
from voila_apps.home import data_folder
from voila_apps.speaking import _, ensure, in_words


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(deploy)


def deploy(
    to: Annotated[Path, typer.Option(help="Folder to write them into.")],
    port: Annotated[int, typer.Option(help="Where the server will listen.")] = 8866,
    http_port: Annotated[int | None, typer.Option(help="Its second port, without TLS; 80 spares typing.")] = None,
    proxy: Annotated[bool, typer.Option("--proxy", help="The server stands behind nginx or Caddy.")] = False,
    retention: Annotated[int, typer.Option(min=0, help="Days after which a finished run is erased; 0 keeps.")] = 0,
    user: Annotated[str, typer.Option(help="The account that serves; yours when left out.")] = "",
    data: Data = None,
) -> None:
    """Write a systemd unit and examples for nginx and Caddy, filled in for this box."""
    from voila_apps.deployment.box import Box

    ensure(not (proxy and http_port), _("Behind a proxy there is no second port: the proxy listens on 80 itself."))
    box = Box(data_folder(data), port, http_port, proxy, user, retention)
    if not box.state:
        box.folder.prepare()  # systemd makes a folder below /var/lib itself, and no other
    for path in box.written(to):
        print(path)
    print(in_words(_("What to do with each stands in its first lines.")))
