"""`wanxiang solve`: one solver, without a bench: parameters in, observables out."""

import math
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from engine.errors import Refusal, nearest
from voila_apps.speaking import Json, _, ensure, in_words, print_json

PIECES = 100  # in which a long calculation is done when somebody watches
ROUNDING = 1e-9  # of a step: how far a time may lie from a whole number of steps and still count as one


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(solve)


def solve(
    solver: Annotated[str, typer.Argument(help="Its path below engine, such as mechanics.pendulum.")],
    parameter: Annotated[
        list[str] | None, typer.Option("-p", help="name=value; a value may carry a unit: 80cm.")
    ] = None,
    seconds: Annotated[float | None, typer.Option("--for", help="How long, in the solver's unit of time.")] = None,
    steps: Annotated[int | None, typer.Option(help="How long, in steps.")] = None,
    every: Annotated[float | None, typer.Option(help="Also observe at this interval of time.")] = None,
    observe: Annotated[list[str] | None, typer.Option(help="An observable; may be given many times.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = 0,
    precision: Annotated[str | None, typer.Option(help="f32 or f64; the solver's own when left out.")] = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Compute one solver and print what was observed."""
    made = build(solver, parameter or [], seed, precision)
    names = list(observe or [])
    known = made.observables()
    ensure(
        bool(names),
        _("Name what to observe with --observe. {solver} has: {known}."),
        solver=solver,
        known=", ".join(known),
    )
    for name in names:
        ensure(
            name in known,
            _("{solver} has no observable {name!r}. Did you mean: {nearest}?"),
            solver=solver,
            name=name,
            nearest=nearest(name, known),
        )
    total = _steps(made, seconds, steps)
    series = compute(made, names, total, every, watched=not as_json and sys.stderr.isatty())
    result = _result(made, names, series)
    print_json(result) if as_json else _print(result)


def build(name: str, given: list[str], seed: int = 0, precision: str | None = None) -> Any:
    """The solver of this name with these parameters; a Refusal names the nearest when there is none."""
    from engine.solver import discover

    known = discover()
    ensure(
        name in known,
        _("There is no solver {name!r}. Did you mean: {nearest}?"),
        name=name,
        nearest=nearest(name, known),
    )
    found = known[name]
    if isinstance(found, Exception):
        raise Refusal(
            "The solver {name} cannot be loaded ({problem}). Mend that file.",
            name=name,
            problem=f"{type(found).__name__}: {found}",
        )
    return found(precision=precision, seed=seed, **dict(_parameter(found, text) for text in given))


def compute(solver: Any, names: list[str], total: int, every: float | None, *, watched: bool) -> dict[str, list[Any]]:
    """Advance by `total` steps; observe at the start and after every interval, if there is one."""
    stops = _stops(solver, total, every)
    series: dict[str, list[Any]] = {name: [] for name in ["time", *names]} if every is not None else {}
    with _progress(total, watched) as advance_bar:
        for stop in stops:
            for piece in _pieces(stop - solver.steps, total if watched else 0):
                solver.advance(piece)
                advance_bar(piece)
            if series:
                series["time"].append(solver.time)
                for name in names:
                    series[name].append(_plain(solver.observe(name)))
    return series


def _parameter(solver: type, text: str) -> tuple[str, Any]:
    """A name and a value out of `name=value`, the value in the unit of its quantity."""
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    ensure(bool(equals and name and value), _("{text!r} is not a parameter. Write it as name=value."), text=text)
    known = solver.quantities()  # type: ignore[attr-defined]
    ensure(
        name in known,
        _("{solver} has no parameter {name!r}. Did you mean: {nearest}?"),
        solver=solver.name(),  # type: ignore[attr-defined]
        name=name,
        nearest=nearest(name, known),
    )
    unit = getattr(known[name], "unit", None)
    return name, value if unit is None else _number(name, value, unit)


def _number(name: str, value: str, unit: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return _converted(name, value, unit)


def _converted(name: str, value: str, unit: str) -> float:
    """A value with a unit, in the quantity's own."""
    from labs.bench.units import parse, registry

    try:
        return float(registry().Quantity(value).to(parse(unit or "")).magnitude)
    except Exception as problem:  # pint raises its own, tokenize's and Python's errors for a text that is no quantity
        raise Refusal(
            "{name} must be a number in {unit}, not {value!r}.", name=name, unit=unit or "1", value=value
        ) from problem


def _steps(solver: Any, seconds: float | None, steps: int | None) -> int:
    """How many whole steps were asked for."""
    ensure((seconds is None) != (steps is None), _("Say how long to compute: either --for TIME or --steps NUMBER."))
    wanted = steps if seconds is None else seconds
    ensure(
        wanted is not None and math.isfinite(wanted) and wanted >= 0,
        _("A solver cannot run for {value}. Give zero or more."),
        value=wanted,
    )
    return int(steps) if steps is not None else math.ceil(float(seconds or 0) / solver.dt - ROUNDING)


def _stops(solver: Any, total: int, every: float | None) -> list[int]:
    """The steps at which something is observed: all of the series, and the last."""
    if every is None:
        return [total]
    ensure(
        math.isfinite(every) and every >= solver.dt,
        _("--every {every} is shorter than one step of {dt}. Give at least that."),
        every=every,
        dt=solver.dt,
    )
    stops = [round(number * every / solver.dt) for number in range(int(total * solver.dt / every + ROUNDING) + 1)]
    return sorted({stop for stop in stops if stop <= total} | {total})


def _pieces(steps: int, watched_total: int) -> Iterator[int]:
    """A stretch in pieces, so that the bar moves; in one piece when nobody watches."""
    size = max(1, watched_total // PIECES) if watched_total else max(1, steps)
    while steps > 0:
        yield min(size, steps)
        steps -= min(size, steps)


class _progress:
    """A bar on standard error while a long calculation runs, if somebody watches."""

    def __init__(self, total: int, watched: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self.bar = Progress(console=Console(stderr=True), transient=True, disable=not watched or total == 0)
        self.total = total

    def __enter__(self) -> Any:
        self.bar.start()
        task = self.bar.add_task("", total=self.total)
        return lambda steps: self.bar.advance(task, steps)

    def __exit__(self, *problem: Any) -> None:
        self.bar.stop()


def _result(solver: Any, names: list[str], series: dict[str, list[Any]]) -> dict[str, Any]:
    from engine.runtime import runtime

    return {
        "solver": solver.name(),
        "parameters": {
            name: {"value": value, "unit": solver.unit(name)}
            for name, value in solver.parameters.items()
        },
        "seed": solver.seed,
        "precision": solver.precision,
        "backend": runtime().backend,
        "steps": solver.steps,
        "time": solver.time,
        "observables": {
            name: {
                "value": _plain(solver.observe(name)),
                "unit": solver.unit(name),
                "uncertainty": _plain(solver.uncertainty(name)),
            }
            for name in names
        },
        "series": series,
    }


def _plain(value: Any) -> Any:
    """Numbers and lists of numbers as JSON has them; what is not finite is null."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return float(value) if math.isfinite(value) else None


def _print(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=in_words(
            _("{solver} after {steps} steps, t = {time}"),
            solver=result["solver"],
            steps=result["steps"],
            time=f"{result['time']:.6g}",
        ),
        title_justify="left",
    )
    for heading in (in_words(_("Observable")), in_words(_("Value")), "±", in_words(_("Unit"))):
        table.add_column(heading)
    for name, one in result["observables"].items():
        table.add_row(name, _short(one["value"]), _short(one["uncertainty"]), one["unit"])
    Console().print(table)


def _short(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value[:6]) + (" …" if len(value) > 6 else "")
    return f"{value:.8g}" if isinstance(value, float) else str(value)
