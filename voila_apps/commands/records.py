"""`wanxiang replay`, `report`, `export`: what the record holds, and whether doing it again gives the same."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import Refusal, nearest
from voila_apps.commands.scenarios import Data, Scenarios, notebooks
from voila_apps.home import data_folder, language
from voila_apps.speaking import FAILED, Json, _, ensure, in_words, print_json
from voila_apps.store import RecordStore

What = Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run's uid, or its beginning, or a file from export.")]
Notebook = Annotated[Path | None, typer.Option("--scenario", help="The scenario's notebook, if it lies elsewhere.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Where to write it.")]


@dataclass
class Recorded:
    """A run out of the record or out of a file; `key` only where the record or the command line gives it."""

    run: str
    documents: list[Any]
    key: bytes | None


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (replay, report, export):
        app.command()(command)


def replay(
    what: What,
    key: Annotated[str, typer.Option(help="The draw key, for a run that is not in this record.")] = "",
    notebook: Notebook = None,
    data: Data = None,
    scenarios: Scenarios = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Do a recorded run again and compare every reading; exit code 1 when something came out otherwise."""
    from labs.bench.replay import replay as again

    recorded = find(what, data, key)
    if recorded.key is None:
        raise Refusal(
            "The draw key of run {run} is not in this record. Give it with --key, or name its data folder with --data.",
            run=recorded.run,
        )
    outcome = again(recorded.documents, _scenario(recorded, notebook, scenarios), recorded.key)
    if as_json:
        print_json({"run": recorded.run, "equal": outcome.equal, **asdict(outcome)})
    else:
        _tell(recorded.run, outcome)
    if not outcome.equal:
        raise typer.Exit(FAILED)


def report(
    what: What,
    output: Output = None,
    lang: Annotated[str, typer.Option(help="en or zh; both, with a switch, when left out.")] = "",
    notebook: Notebook = None,
    data: Data = None,
    scenarios: Scenarios = None,
) -> None:
    """Write the report of a run as one HTML file."""
    from labs.bench.report import report as written

    ensure(lang in ("", "en", "zh"), _("There is no report in {lang!r}. Choose en or zh."), lang=lang)
    recorded = find(what, data)
    scenario = _scenario(recorded, notebook, scenarios)
    path = output or Path(f"{scenario.id or 'run'}-{recorded.run[:8]}.html")
    _write(path, written(recorded.documents, scenario, lang=lang or None).encode())
    print(path)


def export(
    what: Annotated[str, typer.Argument(metavar="[RUN]", help="A run's uid or its beginning; none lists all.")] = "",
    output: Output = None,
    csv: Annotated[bool, typer.Option("--csv", help="The table, for a spreadsheet.")] = False,
    seat: Annotated[str, typer.Option(help="Everything of one seat, as JSON.")] = "",
    notebook: Notebook = None,
    data: Data = None,
    scenarios: Scenarios = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Write out a run: its documents, one to a line, or its table; without a run, list the runs."""
    if seat:
        ensure(not what and not csv, _("Give either a run or --seat."))
        _deliver((json.dumps(_of_seat(seat, data), ensure_ascii=False, indent=2) + "\n").encode(), output)
        return
    if not what:
        _list_runs(data, as_json)
        return
    recorded = find(what, data)
    if csv:
        content = _table(recorded, _scenario(recorded, notebook, scenarios))
    elif as_json:
        content = (json.dumps({"documents": recorded.documents}, ensure_ascii=False, indent=2) + "\n").encode()
    else:
        content = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in recorded.documents).encode()
    _deliver(content, output)


def _of_seat(seat: str, data: Path | None) -> dict[str, Any]:
    """All that is kept of a seat, in the record and on its way there."""
    from voila_apps.erasing import known_seat, of_seat, spooled
    from voila_apps.spool import SpoolFolder

    store, waiting = open_record(data), SpoolFolder(data_folder(data).spool, b"").of_seat(seat)
    try:
        if not waiting:
            known_seat(store, seat)
        return of_seat(store, seat) | {"waiting": [one for path, _living in waiting for one in spooled(path)]}
    finally:
        store.close()


def _deliver(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        _write(output, content)
        print(output)


def find(what: str, data: Path | None, key: str = "") -> Recorded:
    """A run by its file or its uid; the key from the command line, else from the record if it has the run."""
    path = Path(what)
    if path.is_file() or path.suffix or path.parent.name:  # no uid looks like that
        from labs.bench.documents import ordered
        from labs.bench.logbook import read_file

        found = read_file(path).documents
        ensure(bool(found), _("{file} holds no documents. Export the run again."), file=path)
        documents: list[Any] = ordered(found)
        run = str(documents[0]["run"])
        return Recorded(run, documents, _key(key) if key else _kept_key(run, data))
    store = open_record(data)
    try:
        row = store.find(what)
        return Recorded(row.uid, store.documents(row.uid), _key(key) if key else bytes.fromhex(row.draw_key))
    finally:
        store.close()


def open_record(data: Path | None) -> RecordStore:
    """The record of a data folder; a Refusal when there is none."""
    folder = data_folder(data)
    ensure(
        folder.record.is_file(),
        _("There is no record in {folder} yet. Name the folder of your server with --data."),
        folder=folder.root,
    )
    return RecordStore(folder.record)


def _kept_key(run: str, data: Path | None) -> bytes | None:
    if not run or not data_folder(data).record.is_file():
        return None
    store = open_record(data)
    try:
        return bytes.fromhex(store.find(run).draw_key)
    except Refusal:
        return None
    finally:
        store.close()


def _key(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Refusal(
            "{key!r} is not a draw key. It consists of 64 digits 0-9 and letters a-f.", key=text
        ) from None


def _scenario(recorded: Recorded, notebook: Path | None, own: Path | None) -> Any:
    """The scenario that a run belongs to."""
    from labs.bench.scenario import load

    if notebook is not None:
        return load(notebook)
    name = str(recorded.documents[0].get("scenario", ""))
    known = notebooks(own)
    ensure(
        name in known,
        _(
            "The scenario {name!r} of this run is not in the catalogue; the nearest is {nearest}. "
            "Name its notebook with --scenario."
        ),
        name=name,
        nearest=nearest(name, known) or "—",
    )
    scenario = load(known[name])
    scenario.id = name
    return scenario


def _table(recorded: Recorded, scenario: Any) -> bytes:
    from labs.bench.documents import ordered
    from labs.bench.record import Record

    record = Record(scenario)
    for document in ordered(recorded.documents):
        record.take(document)
    return record.table.csv(language())


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise Refusal(
            "Cannot write {path}: {reason}. Choose a folder that you may write to, with room on its disk.",
            path=path,
            reason=problem.strerror or type(problem).__name__,
        ) from problem


def _tell(run: str, outcome: Any) -> None:
    how = in_words(_("to the last bit")) if outcome.exact else in_words(_("within their uncertainties"))
    if outcome.equal:
        print(
            in_words(
                _("Run {run}: {readings} readings came out the same, {how}."),
                run=run,
                readings=outcome.readings,
                how=how,
            )
        )
        return
    print(
        in_words(_("Run {run}: {count} of its readings came out otherwise."), run=run, count=len(outcome.differences))
    )
    for one in outcome.differences[:10]:
        print(f"  {one.seq}: {one.what}: {one.was!r} → {one.now!r}")


def _list_runs(data: Path | None, as_json: bool) -> None:
    store = open_record(data)
    try:
        rows = store.runs()
    finally:
        store.close()
    listed = [
        {
            "run": row.uid,
            "seat": row.seat,
            "scenario": row.scenario,
            "attempt": row.attempt,
            "created": row.created,
            "documents": row.documents,
            "readings": int(row.readings or 0),
        }
        for row in rows
    ]
    if as_json:
        print_json({"runs": listed})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for heading in (in_words(_("Run")), in_words(_("Seat")), in_words(_("Scenario")), in_words(_("Readings"))):
        table.add_column(heading)
    for one in listed:
        table.add_row(one["run"], one["seat"], one["scenario"], str(one["readings"]))
    Console().print(table)
