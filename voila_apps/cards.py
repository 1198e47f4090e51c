"""What the catalogue says about a scenario, read from its declaration.

Runs as a process of its own (`python -m voila_apps.cards`, paths on standard input, one line of
JSON per scenario on standard output), so that a lab which fails, hangs or crashes while it is
imported costs the catalogue one card and the server nothing.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.errors import Refusal


def describe(path: Path) -> dict[str, Any]:
    """The card of the scenario in this notebook; a scenario that cannot be opened has an `error`."""
    try:
        return _card(path)
    except Refusal as refusal:
        return {"error": _said(refusal)}
    except Exception as problem:
        return {"error": _said(_failure(path, problem))}


def _card(path: Path) -> dict[str, Any]:
    from labs.bench.scenario import check, load  # numpy, numba, pythreejs: only where a scenario is really read
    from labs.bench.words import both

    scenario = check(load(path))
    lab = scenario.lab
    lab_class = lab if isinstance(lab, type) else type(lab)
    return {
        "title": both(scenario.title),
        "summary": both(scenario.summary),
        "subject": both(scenario.subject),
        "level": both(scenario.level),
        "minutes": scenario.minutes,
        "curriculum": [both(tag) for tag in _several(scenario.curriculum)],
        "lab": lab_class.__module__.removeprefix("labs.").split(".")[0],
        "lab_title": both(lab_class.title),
        "steps": len(scenario.steps),
        "content_hash": scenario.content_hash,
    }


def _several(tags: Any) -> list[Any]:
    """Curriculum tags, whether one or many were declared."""
    if not tags:
        return []
    return list(tags) if isinstance(tags, list | tuple) else [tags]


def _failure(path: Path, problem: Exception) -> Refusal:
    """A one-line Refusal for whatever went wrong while a lab was imported: what, where, what to do."""
    trace, place = problem.__traceback__, path.name
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if {"labs", "engine", "scenarios"} & set(file.parts) or file == path:
            place = f"{'/'.join(file.parts[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    line = (str(problem).strip().splitlines() or [""])[0]
    return Refusal(
        "{file} cannot be opened: {problem} ({place}). Correct it there; "
        "`wanxiang check {file}` says when it is right.",
        file=path.name,
        problem=f"{type(problem).__name__}: {line}" if line else type(problem).__name__,
        place=place,
    )


def _said(refusal: Refusal) -> dict[str, str]:
    """A refusal in both languages; in English alone when the very words cannot be loaded."""
    try:
        from labs.bench.words import say
    except Exception:
        return {"en": str(refusal), "zh": str(refusal)}
    return {"en": say(refusal, "en"), "zh": say(refusal, "zh")}


def discover_labs() -> dict[str, dict[str, str] | Exception]:
    """Every lab by id with its title; one that fails to import is its exception."""
    import importlib
    import pkgutil

    import labs
    from labs.bench.lab import Lab
    from labs.bench.words import both

    found: dict[str, dict[str, str] | Exception] = {}
    for module in pkgutil.iter_modules(labs.__path__):
        if module.name in ("bench", "locale", "pictures"):
            continue
        try:
            members = vars(importlib.import_module(f"labs.{module.name}")).values()
        except Exception as problem:
            found[module.name] = problem
            continue
        for member in members:
            if isinstance(member, type) and issubclass(member, Lab) and member.__module__.split(".")[1] == module.name:
                found[module.name] = both(member.title)
    return found


def picture_of(lab: str) -> Path | None:
    """The rendered picture of a lab, if one has been made."""
    spec = find_spec("labs")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for suffix in (".webp", ".png"):
            picture = Path(folder) / "pictures" / f"{lab}{suffix}"
            if picture.is_file():
                return picture
    return None


def main() -> None:
    """Describe the notebooks named on standard input, one line each, as soon as each is known."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a scenario prints must not be taken for an answer
    for path in json.load(sys.stdin):
        answers.write(json.dumps({"path": path, "card": describe(Path(path))}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
