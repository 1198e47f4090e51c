"""What is accepted: the hidden values of a run, drawn again from its key, for the teacher's eyes alone.

They are computed when a teacher asks and travel in that answer only: in no page of a student, in no widget, in no
document. Some labs compute a true value with their solver, so this is the clerk's work, in a process of its own.
"""

from typing import Any

from engine.chance import Chance
from engine.errors import Refusal
from labs.bench.judging import truth
from labs.bench.lab import Drawn, DrawnChoice
from labs.bench.report import report
from labs.bench.scenario import Scenario, label
from labs.bench.words import both

FIGURES = 5  # significant digits of a value that is shown to a teacher


def hidden(scenario: Scenario, key: bytes) -> dict[str, Any]:
    """All parameters of a run, those that were drawn among them."""
    return dict(scenario.lab.open(Chance(key)).parameters)


def truths(scenario: Scenario, key: bytes) -> dict[str, float | str]:
    """What each question asks for: a number in its unit, or the key of a choice; open questions have none."""
    parameters, found = hidden(scenario, key), {}
    for name, question in scenario.asked.items():
        try:
            value = truth(scenario, question, parameters)
        except Refusal:
            continue
        if value is not None:
            found[name] = value
    return found


def accepted(scenario: Scenario, key: bytes) -> dict[str, Any]:
    """Everything hidden in a run, ready to be shown: drawn parameters, and the answer to each question."""
    parameters, known = scenario.lab.draw(Chance(key)), scenario.lab.solver.quantities()
    lots = [{"label": label(known[name]), "value": _shown(parameters[name]),
             "unit": getattr(known[name], "unit", "")}
            for name, value in scenario.lab.parameters.items() if isinstance(value, Drawn | DrawnChoice)]
    answers, values = [], truths(scenario, key)
    for name, question in scenario.asked.items():
        value = values.get(name)
        told = both(question.choices[str(value)]) if question.choices and value is not None else both(_shown(value))
        answers.append({"id": name, "question": both(question.text), "value": told if value is not None else None,
                        "unit": "" if question.choices else scenario.unit(question),
                        "within": question.within, "within_abs": question.within_abs})
    return {"hidden": lots, "answers": answers, "truths": values}


def teachers_report(documents: list[Any], scenario: Scenario, key: bytes, lang: str) -> str:
    """A student's report with every accepted value in it."""
    numbers = {name: float(value) for name, value in truths(scenario, key).items() if isinstance(value, int | float)}
    return report(documents, scenario, lang or None, closed=True, truths=numbers)


def _shown(value: Any) -> str:
    return f"{value:.{FIGURES}g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
