"""A first scenario for a lab: something that works at once, for a teacher to change."""

from typing import Any

from voila_apps.commands.scenarios import lab_class

TEACHER = """# {title}

Notes in text cells like this one are for teachers: students do not see them.
Change the declaration below, run it to see the student's page, and save. The catalogue shows the card at once.
"""


def draft(lab: str) -> dict[str, Any]:
    """A notebook with one declaration that uses the lab's first control and its instruments."""
    made = lab_class(lab)
    return {
        "cells": [_cell("markdown", TEACHER.format(title=made.title["en"])), _cell("code", declaration(made))],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def declaration(lab: Any) -> str:
    """The text of a declaration for this lab class."""
    instance = lab()
    controls = [name for name, quantity in lab.solver.quantities().items() if quantity.live][:2]
    instruments = [instrument.name for instrument in instance.instruments()]
    title = {
        language: f"{words}: {first}"
        for language, words, first in (("en", lab.title["en"], "a first look"), ("zh", lab.title["zh"], "初探"))
    }
    step = _first_step(controls, instruments)
    imports = ["Control", "Question", "Scenario", "Step"] + (["distinct"] if controls else ["reads"])
    return f"""from labs.bench import {", ".join(sorted(imports))}
from {lab.__module__.rsplit(".", 1)[0] if lab.__module__.count(".") > 1 else lab.__module__} import {lab.__name__}

Scenario(
    title={title!r},
    summary={{"en": "One line on what is measured.", "zh": "用一句话说明测量什么。"}},
    subject={{"en": "Physics", "zh": "物理"}},
    level={{"en": "Senior high school", "zh": "高中"}},
    minutes=30,
    lab={lab.__name__}(),
    controls=[{", ".join(f"Control({name!r})" for name in controls)}],
    instruments={instruments!r},
    steps=[
        {step},
        Step({{"en": "Say in one sentence what you found.", "zh": "用一句话说出你的发现。"}}, kind="explain"),
    ],
    questions=[
        Question({{"en": "What did you find, and how sure are you?", "zh": "你发现了什么？有多大把握？"}}),
    ],
)
"""


def _first_step(controls: list[str], instruments: list[str]) -> str:
    if not controls:
        return (
            f'Step({{"en": "Take three readings.", "zh": "读取三次数据。"}}, done=reads({instruments[0]!r}, times=3))'
        )
    return (
        f'Step({{"en": "Take readings at three different settings.", "zh": "在三个不同的设定下读数。"}}, '
        f"done=distinct({controls[0]!r}, at_least=3))"
    )


def _cell(kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": kind,
        "metadata": {},
        "source": source.rstrip("\n").splitlines(True),
    }
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}
