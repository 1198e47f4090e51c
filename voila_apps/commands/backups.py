"""`wanxiang backup`, `restore`: a copy of the whole laboratory, and putting it back."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DatabaseError

from engine.errors import Refusal
from voila_apps.commands.records import open_record
from voila_apps.commands.scenarios import Data, Scenarios
from voila_apps.home import data_folder
from voila_apps.speaking import Json, _, ensure, in_words, print_json


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, restore):
        app.command()(command)


def backup(
    to: Annotated[Path | None, typer.Option(help="Where to write it; else among the hourly ones.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Carry the class lists, with the students' names.")] = False,
    data: Data = None,
    scenarios: Scenarios = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Write a backup of the record and all that belongs to it; also while the server runs."""
    from voila_apps import backups

    folder, store = data_folder(data, scenarios), open_record(data)
    try:
        if to is not None:
            to = to / "wanxiang.zip" if to.is_dir() else to
            ensure(not to.exists(), _("{file} is there already. Choose another name."), file=to)
        made = backups.Backups(folder).make(store, to, names=names)
    except (OSError, DatabaseError) as problem:
        raise Refusal(
            "Cannot write {path}: {reason}. Choose a folder that you may write to, with room on its disk.",
            path=to or folder.root / "backups",
            reason=getattr(problem, "strerror", None) or getattr(problem, "orig", None) or type(problem).__name__,
        ) from problem
    finally:
        store.close()
    if as_json:
        print_json(backups.told(made))
    else:
        print(made.path)
        if "secret.key" in made.files:
            print(in_words(_("It holds the server's secret: keep it where you keep keys.")), file=sys.stderr)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup, or a bare copy of a record.")],
    data: Data = None,
    scenarios: Scenarios = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Put a backup back, after checking it. What it replaces is kept beside it. Stop the server first."""
    from voila_apps.restoring import restore as put_back

    done = put_back(file, data_folder(data, scenarios))
    if as_json:
        print_json({"record": str(done.record), "sha256": done.sha256, "files": done.files, "left": done.left,
                    "replaced": str(done.replaced) if done.replaced else None})  # fmt: skip
        return
    print(in_words(_("Restored: {files}."), files=", ".join(done.files)))
    if done.replaced:
        print(in_words(_("What was there before lies in {folder}."), folder=done.replaced))
    if done.left:
        print(in_words(_("These are there already and were left as they are: {files}."), files=", ".join(done.left)))
