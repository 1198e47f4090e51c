"""`wanxiang doctor`: is this machine fit to serve?"""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from voila_apps.commands.scenarios import Data
from voila_apps.home import data_folder
from voila_apps.speaking import FAILED, Json, in_words, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    data: Data = None,
    port: Annotated[int, typer.Option(envvar="PORT", help="The port that a server would use.")] = 8866,
    host: Annotated[str, typer.Option(help="The address that a server would use.")] = "127.0.0.1",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Examine this machine; exit code 1 when something needs to be done."""
    from voila_apps.doctor import examine

    findings = list(examine(data_folder(data), host, port))
    well = all(one.ok for one in findings)
    if as_json:
        checks = [asdict(one) | {"advice": in_words(one.advice) if one.advice else None} for one in findings]
        print_json({"ok": well, "checks": checks})
    else:
        _print(findings)
    if not well:
        raise typer.Exit(FAILED)


def _print(findings: list[Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    for one in findings:
        mark = "[green]✓[/]" if one.ok and one.advice is None else "[yellow]![/]" if one.ok else "[red]✗[/]"
        table.add_row(mark, one.name, one.found + (f"\n{in_words(one.advice)}" if one.advice else ""))
    Console().print(table)
