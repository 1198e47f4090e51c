"""`wanxiang labs`, `check`, `new`, `author`: what there is to teach with, and writing more of it."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import Refusal, nearest
from voila_apps.home import data_folder, shipped_scenarios
from voila_apps.speaking import Json, _, ensure, in_words, print_json

FILE_NAME = re.compile(r"[\w][\w.-]{0,79}")
Data = Annotated[Path | None, typer.Option(help="Folder of the record; else WANXIANG_DATA's.")]
Scenarios = Annotated[Path | None, typer.Option(help="Folder with your own scenario notebooks.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (labs, check, new, author):
        app.command()(command)


def labs(scenarios: Scenarios = None, as_json: Annotated[bool, Json] = False) -> None:
    """List the labs and their scenarios."""
    listed = listing(scenarios)
    if as_json:
        print_json(listed)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for heading in (in_words(_("Lab")), in_words(_("Scenario")), in_words(_("Title"))):
        table.add_column(heading)
    for lab in listed["labs"]:
        table.add_row(lab["id"], "", in_words(lab["title"]) if "error" not in lab else in_words(lab["error"]))
        for scenario in lab["scenarios"]:
            table.add_row("", scenario["id"], in_words(scenario.get("error") or scenario["title"]))
    Console().print(table)


def listing(own: Path | None = None) -> dict[str, Any]:
    """Labs with their scenarios; what cannot be opened is there with its `error`."""
    from voila_apps.cards import describe, discover_labs

    found: dict[str, dict[str, Any]] = {}
    for name, lab in discover_labs().items():
        found[name] = _lab_entry(name)
        found[name] |= {"error": _both_failed(lab)} if isinstance(lab, Exception) else {"title": lab}
    for name, path in notebooks(own).items():
        card = describe(path)
        entry = {"id": name, "title": card.get("title") or {"en": path.name, "zh": path.name}, "url": f"/lab/{name}"}
        if "error" in card:
            entry["error"] = card["error"]
        lab_id = card.get("lab", "")
        found.setdefault(lab_id, _lab_entry(lab_id))["scenarios"].append(entry)
    return {"labs": list(found.values())}


def _lab_entry(name: str) -> dict[str, Any]:
    return {"id": name, "title": {"en": name, "zh": name}, "scenarios": []}


def notebooks(own: Path | None = None) -> dict[str, Path]:
    """Every scenario notebook by its id, as the catalogue names them."""
    found: dict[str, Path] = {}
    for folder in (shipped_scenarios(), data_folder(scenarios=own).scenarios):
        for path in sorted(folder.glob("*.ipynb")) if folder.is_dir() else []:
            found[path.stem if path.stem not in found else f"own-{path.stem}"] = path
    return found


def check(
    notebook: Annotated[Path, typer.Argument(help="A scenario notebook, or the id of one in the catalogue.")],
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Say whether a scenario notebook can be opened, and everything that is wrong with it."""
    from labs.bench.scenario import load, problems

    path = notebook if notebook.exists() or notebook.suffix else notebooks().get(str(notebook), notebook)
    ensure(path.is_file(), _("There is no notebook {file}. Check the name."), file=path)
    found = list(problems(load(path)))
    if as_json:
        from labs.bench.words import both_say

        print_json({"notebook": str(path), "ok": not found, "problems": [both_say(problem) for problem in found]})
    elif not found:
        print(in_words(_("{file} can be opened."), file=path.name))
    for problem in [] if as_json else found:
        print(f"{path.name}: {in_words(problem)}", file=sys.stderr)
    if found:
        raise typer.Exit(2)


def new(
    name: Annotated[str, typer.Argument(help="Its file name, which is also its address.")],
    lab: Annotated[str, typer.Option(help="The lab it uses, such as pendulum.")],
    scenarios: Scenarios = None,
    data: Data = None,
) -> None:
    """Write a first scenario notebook for a lab, ready to be changed."""
    from voila_apps.first_draft import draft

    stem = name.removesuffix(".ipynb")
    ensure(
        bool(FILE_NAME.fullmatch(stem)), _("{name!r} cannot name a scenario. Use letters, digits, _ and -."), name=name
    )
    folder = data_folder(data, scenarios)
    folder.prepare()
    path = folder.scenarios / f"{stem}.ipynb"
    ensure(not path.exists(), _("{file} is there already. Choose another name."), file=path)
    path.write_text(json.dumps(draft(lab), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(path)


def author(scenarios: Scenarios = None, data: Data = None) -> None:
    """Open the folder of your scenarios in JupyterLab."""
    folder = data_folder(data, scenarios)
    folder.prepare()
    if importlib.util.find_spec("jupyterlab") is None:
        raise Refusal(
            "JupyterLab is not installed. Install it with `{python} -m pip install jupyterlab`, "
            "or open {folder} in any notebook editor.",
            python=sys.executable,
            folder=folder.scenarios,
        )
    raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(folder.scenarios)], env=dict(os.environ)))


def lab_class(name: str) -> Any:
    """The class of a lab by its id; a Refusal names the nearest when there is none."""
    import importlib

    from labs.bench.lab import Lab
    from voila_apps.cards import discover_labs

    known = discover_labs()
    ensure(
        name in known, _("There is no lab {name!r}. Did you mean: {nearest}?"), name=name, nearest=nearest(name, known)
    )
    found = known[name]
    if isinstance(found, Exception):
        raise Refusal(
            "The lab {name} cannot be loaded ({problem}). Mend that file.",
            name=name,
            problem=f"{type(found).__name__}: {found}",
        )
    module = importlib.import_module(f"labs.{name}")
    return next(
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Lab) and one.__module__.split(".")[1:2] == [name]
    )


def _both_failed(problem: Any) -> dict[str, str]:
    from labs.bench.words import both_say

    return both_say("This lab cannot be loaded ({problem}).", problem=f"{type(problem).__name__}: {problem}")
