"""`wanxiang ledger`: published truths, measured through instruments."""

from typing import Annotated, Any

import typer

from voila_apps.speaking import Json, _, ensure, in_words, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ledger)


def ledger(
    only: Annotated[str | None, typer.Option(help="Truths whose name contains this.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, from the first on.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to use.")] = 1,
    speed: Annotated[str, typer.Option(help="fast or slow; both when left out.")] = "",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Measure every truth and compare it with what is published."""
    from labs.bench import ledger as book

    ensure(speed in ("", "fast", "slow"), _("The ledger has no {speed!r} truths. Choose fast or slow."), speed=speed)
    entries = book.run(only, range(seed, seed + seeds), jobs, speed or None)  # type: ignore[arg-type]
    if as_json:
        print_json(book.as_json(entries))
    else:
        _print(entries, book.judge(entries))


def _print(entries: list[Any], verdict: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for heading in (_("Truth"), _("Measured"), _("Published"), _("Unit"), _("Pull")):
        table.add_column(in_words(heading))
    for one in entries:
        measured = f"{one.value:.6g} ± {one.uncertainty:.2g}"
        table.add_row(one.name, measured, f"{one.reference:.6g}", one.unit, f"{one.pull:+.2f}")
    console = Console()
    console.print(table)
    said = _("RMS of {count} pulls: {rms}; beyond 2: {two}, beyond 3: {three}.")
    rms, two, three = f"{verdict.rms:.2f}", verdict.above_two, verdict.above_three
    console.print(in_words(said, count=verdict.count, rms=rms, two=two, three=three))
