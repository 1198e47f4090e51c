"""`wanxiang classes`: the classes of this box and their lists."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import Refusal
from voila_apps.home import DataFolder, data_folder
from voila_apps.speaking import Json, _, in_words, print_json

if TYPE_CHECKING:
    from voila_apps.classroom.classes import Classes

Data = Annotated[Path | None, typer.Option(help="Folder of the record; else WANXIANG_DATA's.")]
classes = typer.Typer(no_args_is_help=True, help="The classes of this box and their lists.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(classes, name="classes")


@classes.command("list")
def show(data: Data = None, as_json: Annotated[bool, Json] = False) -> None:
    """Print every class, its seats, and whether it has a list of names."""
    from voila_apps.classroom.roster import names_of

    folder = data_folder(data)
    with _open(folder) as known:
        rows = [
            {"id": one.id, "title": one.title, "seats": one.size, "names": len(names_of(folder.classes, one.id))}
            for one in known.all()
        ]
    if as_json:
        print_json({"classes": rows})
    elif not rows:
        print(in_words(_("There are no classes yet. `wanxiang classes import FILE --class 3-2` makes one.")))
    for row in [] if as_json else rows:
        print(in_words(_("{name}: {seats} seats, {names} names"), name=row["id"], seats=row["seats"],
                       names=row["names"]))  # fmt: skip


@classes.command("import")
def take(
    file: Annotated[Path, typer.Argument(help="A CSV file: a name in each line, before it the seat number.")],
    class_id: Annotated[str, typer.Option("--class", help="The class, such as 3-2.")],
    data: Data = None,
) -> None:
    """Read a class list; the class is made if there is none of that name."""
    from voila_apps.classroom.roster import keep, read

    try:
        roster = read(file.read_bytes())
    except OSError as problem:
        raise Refusal("Cannot read {path}: {reason}. Check the name and the permission.", path=file,
                      reason=problem.strerror or type(problem).__name__) from None  # fmt: skip
    folder = data_folder(data)
    with _open(folder) as known:
        made = known.put(class_id, roster.size)
    kept = keep(folder.classes, made.id, roster)
    for remark in roster.remarks:
        print(in_words(remark))
    print(in_words(_("Class {name}: {names} names at {seats} seats, kept in {file}"), name=made.id,
                   names=len(roster.pupils), seats=made.size, file=kept))  # fmt: skip


@classes.command("new")
def make(
    class_id: Annotated[str, typer.Argument(help="The class, such as 3-2.")],
    seats: Annotated[int, typer.Option(help="How many seats it has.")] = 40,
    data: Data = None,
) -> None:
    """Make a class without a list, or change how many seats it has."""
    with _open(data_folder(data)) as known:
        made = known.put(class_id, seats)
    print(in_words(_("{name}: {seats} seats, {names} names"), name=made.id, seats=made.size, names=0))


@contextmanager
def _open(folder: DataFolder) -> Iterator["Classes"]:
    """The classes of a data folder's record."""
    from voila_apps.classroom.classes import Classes  # SQLAlchemy is loaded only here
    from voila_apps.store import RecordStore

    folder.prepare()
    store = RecordStore(folder.record, folder.secret())
    try:
        yield Classes(store)
    finally:
        store.close()
