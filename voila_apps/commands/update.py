"""`wanxiang update`: a newer version from a bundle, and back again."""

from pathlib import Path
from typing import Annotated

import typer

from voila_apps.commands.scenarios import Data
from voila_apps.home import data_folder
from voila_apps.speaking import _, ensure, in_words


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(update)


def update(
    bundle: Annotated[Path | None, typer.Argument(help="The file that `make bundle` made.")] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the version before.")] = False,
    with_record: Annotated[
        bool, typer.Option("--with-record", help="With --rollback: put back the record of before the update too.")
    ] = False,
    data: Data = None,
) -> None:
    """Install the version in BUNDLE beside the one in use, try it on a copy of the record, and switch to it."""
    from voila_apps.deployment import update as way
    from voila_apps.deployment.installation import this_installation

    installation, folder = this_installation(), data_folder(data)
    ensure((bundle is None) == rollback, _("Name a bundle to update from, or say --rollback to go back."))
    if bundle is None:
        name = way.roll_back(installation, folder, with_record=with_record, tell=_tell)
    else:
        name = way.update(installation, folder, bundle, _tell)
    _tell(
        _("Wanxiang {name} is in use from the next start on. Restart the server: systemctl restart wanxiang"), name=name
    )


def _tell(message: str, **fields: object) -> None:
    print(in_words(message, **fields), flush=True)
