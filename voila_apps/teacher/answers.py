"""What is accepted: the hidden values of a run, drawn again from its key, for the teacher's eyes alone.

They are computed when a teacher asks and travel in that answer only: in no page of a student, in no widget, in no
document. Computing needs no apparatus, only what was drawn.
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


def drawn(scenario: Scenario, key: bytes) -> dict[str, Any]:
    """The parameters of a run as they were drawn."""
    return scenario.lab.draw(Chance(key))


def truths(scenario: Scenario, key: bytes) -> dict[str, float | str]:
    """What each question asks for: a number in its unit, or the key of a choice; open questions have none."""
    parameters, found = _complete(scenario, key), {}
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
    parameters, known = drawn(scenario, key), scenario.lab.solver.quantities()
    hidden = [{"label": label(known[name]), "value": _shown(parameters[name]),
               "unit": getattr(known[name], "unit", "")}
              for name, value in scenario.lab.parameters.items() if isinstance(value, Drawn | DrawnChoice)]
    answers, values = [], truths(scenario, key)
    for name, question in scenario.asked.items():
        value = values.get(name)
        told = both(question.choices[str(value)]) if question.choices and value is not None else both(_shown(value))
        answers.append({"id": name, "question": both(question.text), "value": told if value is not None else None,
                        "unit": "" if question.choices else scenario.unit(question),
                        "within": question.within, "within_abs": question.within_abs})
    return {"hidden": hidden, "answers": answers}


def teachers_report(documents: list[Any], scenario: Scenario, key: bytes, lang: str) -> str:
    """A student's report with every accepted value in it."""
    numbers = {name: float(value) for name, value in truths(scenario, key).items() if isinstance(value, int | float)}
    return report(documents, scenario, lang or None, closed=True, truths=numbers)


def _complete(scenario: Scenario, key: bytes) -> dict[str, Any]:
    """All parameters: those of the lab as drawn, the others as the solver has them by itself."""
    usual = {name: quantity.default for name, quantity in scenario.lab.solver.quantities().items()}
    return usual | drawn(scenario, key)


def _shown(value: Any) -> str:
    return f"{value:.{FIGURES}g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
