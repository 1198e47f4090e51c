"""Where a question stands in a run, and the verdict on an answer: the one place where truths are looked up."""

from typing import Any

from engine.errors import Refusal
from labs.bench.question import Question, convert
from labs.bench.record import Record
from labs.bench.scenario import Scenario
from labs.bench.words import both
from labs.bench.writing import verdict_text


def standing(record: Record, name: str) -> dict[str, Any]:
    """A question as the page shows it: attempts left, the last answer, the verdict and its words."""
    given = record.answers.get(name, [])
    if not given:
        return {"left": record.scenario.asked[name].allowed, "verdict": "", "value": None, "text": both("")}
    last = given[-1]
    return {"left": last["left"], "verdict": last["verdict"], "value": last["value"],
            "text": verdict_text(last["verdict"], last["left"])}


def judged(record: Record, name: str, given: Any, hidden: dict[str, Any]) -> dict[str, Any]:
    """What the answer document says: the answer in the question's unit, the verdict, the attempts left.

    `hidden` are the parameters of the run as they were drawn; they stay here.
    """
    question, now = record.scenario.asked[name], standing(record, name)
    if question.answer is not None and (now["left"] == 0 or now["verdict"] == "right"):
        raise Refusal("This question is settled. Its answer stands.")
    unit = record.scenario.unit(question)
    value = question.read(given, unit)
    verdict = question.judge(value, truth(record.scenario, question, hidden))
    return {"value": value, "unit": unit, "verdict": verdict, "left": None if now["left"] is None else now["left"] - 1}


def truth(scenario: Scenario, question: Question, hidden: dict[str, Any]) -> float | str | None:
    """What a question asks for: a number in its unit, or the key of a choice."""
    if question.answer is None:
        return None
    if question.choices is not None:
        return question.answer if question.answer in question.choices else str(hidden[question.answer])
    truths = scenario.lab.truths()
    found = truths[question.answer](hidden) if question.answer in truths else hidden[question.answer]
    own, wanted = scenario.lab.unit_of(question.answer), scenario.unit(question)
    return float(found) if own is None else convert(float(found), own, wanted)


def accepted(record: Record, hidden: dict[str, Any]) -> dict[str, float]:
    """The true values of the numeric questions that are answered for good: those may be told."""
    found = {}
    for name, question in record.scenario.asked.items():
        now = standing(record, name)
        if question.answer is not None and question.choices is None and (now["left"] == 0 or now["verdict"] == "right"):
            found[name] = float(truth(record.scenario, question, hidden) or 0.0)
    return found
