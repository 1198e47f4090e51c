"""`wanxiang erase`: everything of one seat, from the record, from what waits, and from backups."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import Refusal
from voila_apps.commands.records import open_record
from voila_apps.commands.scenarios import Data
from voila_apps.home import DataFolder, data_folder
from voila_apps.speaking import Json, _, ensure, in_words, print_json

HOWS = ("rewrite", "remove", "keep")
COPIES = _("Backups and copies from before hold this seat too: rewrite them without it, remove them all, or keep them?")
ELSEWHERE = _("Backups that were taken to another place are not known here: erase the seat there too.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(erase)


def erase(
    seat: Annotated[str, typer.Option(help="The seat, such as 3-2/17.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    backups: Annotated[
        str, typer.Option(help="What to do with backups and copies: rewrite, remove or keep; asked when left out.")
    ] = "",
    data: Data = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Erase everything of a seat. This cannot be undone; `wanxiang export --seat` takes a copy first."""
    from voila_apps import erasing
    from voila_apps.spool import SpoolFolder

    ensure(backups in ("", *HOWS), _("--backups can be rewrite, remove or keep, not {given!r}."), given=backups)
    folder, store = data_folder(data), open_record(data)
    try:
        waiting = SpoolFolder(folder.spool, b"").of_seat(seat)
        busy = any(living for _path, living in waiting)
        ensure(not busy, _("The seat {seat} is at its bench just now. Let it finish, or stop the server."), seat=seat)
        if not waiting and not backups:  # who names backups may have erased the rest before
            erasing.known_seat(store, seat)
        _agree(seat, yes)
        how = backups or ("rewrite" if yes else _choose(folder))
        for path, _living in waiting:
            path.unlink(missing_ok=True)
        erased = erasing.erase_seat(store.engine, seat)
        erased.spools = len(waiting)
        if how != "keep":
            copies = erasing.erase_in_copies(folder, seat, how)
            erased.rewritten, erased.removed = copies.rewritten, copies.removed
            erased.unreadable = copies.unreadable
    finally:
        store.close()
    if as_json:
        print_json({"seat": seat, **asdict(erased), "backups": how, "elsewhere": ELSEWHERE})
        return
    print(in_words(_("Erased of {seat}: {runs} runs, {documents} documents, {claims} claims, {spools} spools."),
                   seat=seat, runs=erased.runs, documents=erased.documents, claims=erased.claims,
                   spools=erased.spools))  # fmt: skip
    _tell_of_copies(erased, how)
    _tell_of_the_name(folder, seat)


def _agree(seat: str, yes: bool) -> None:
    if yes:
        return
    if not typer.confirm(in_words(_("Erase everything of the seat {seat}? This cannot be undone."), seat=seat)):
        raise Refusal("Nothing was erased.")


def _choose(folder: DataFolder) -> str:
    from voila_apps.backups import Backups

    if not Backups(folder).kept() and not Backups(folder).strays():
        return "keep"
    answer = str(typer.prompt(f"{in_words(COPIES)} [rewrite/remove/keep]", default="rewrite")).strip().lower()
    ensure(answer in HOWS, _("--backups can be rewrite, remove or keep, not {given!r}."), given=answer)
    return answer


def _tell_of_copies(erased: Any, how: str) -> None:
    if erased.rewritten:
        print(in_words(_("Written again without it: {files}."), files=", ".join(erased.rewritten)))
    if erased.removed:
        print(in_words(_("Removed: {files}."), files=", ".join(erased.removed)))
    if erased.unreadable:
        print(in_words(_("These are damaged and could not be written again; remove them: {files}."),
                       files=", ".join(erased.unreadable)), file=sys.stderr)  # fmt: skip
    if how == "keep":
        print(in_words(_("Backups and copies in the data folder were left as they are.")), file=sys.stderr)
    print(in_words(ELSEWHERE), file=sys.stderr)


def _tell_of_the_name(folder: DataFolder, seat: str) -> None:
    """A name stands in the class list alone, which is the school's file."""
    names: Path = folder.classes / f"{seat.partition('/')[0]}.csv"
    if "/" in seat and names.is_file():
        print(in_words(_("The name of this seat stands in {file}: take it out there."), file=names), file=sys.stderr)
