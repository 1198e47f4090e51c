"""Proofreading a scenario before a student meets it: spelling, ranges, units, both languages, nothing given away."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from engine.errors import Refusal, nearest
from engine.quantity import Quantity
from labs.bench.lab import Drawn, DrawnChoice, Lab
from labs.bench.question import Question, convert
from labs.bench.scenario import KINDS, Control, Scenario, Step
from labs.bench.words import _, both

UNKNOWN = {
    "column": _("There is no column {name!r}. Did you mean: {nearest}?"),
    "formula": _("There is no column {name!r}. Did you mean: {nearest}?"),
    "instrument": _("There is no instrument {name!r} here. Did you mean: {nearest}?"),
    "control": _("There is no control {name!r} here. Did you mean: {nearest}?"),
    "press": _("The lab has nothing to press named {name!r}. Did you mean: {nearest}?"),
    "question": _("There is no question {name!r}. Did you mean: {nearest}?"),
}


def proofread(scenario: Scenario) -> Iterator[Refusal]:
    """Each problem, and where it is."""
    strangers = list(_kinds(scenario))
    yield from strangers
    if strangers:
        return  # nothing else can be said about a declaration that holds things of the wrong kind
    for where, text in _texts(scenario):
        yield from _placed(where, partial(both, text))
    if not _said(scenario.title):
        yield Refusal("The scenario has no title. Write title=… in both languages.")
    if not scenario.steps:
        yield Refusal("The scenario has no steps. Write at least one Step.")
    yield from _handed_out(scenario)
    for number, step in enumerate(scenario.steps, start=1):
        yield from _placed(Refusal("step {number}", number=number), partial(_check_step, step, scenario))
    for name, question in scenario.asked.items():
        yield from _placed(Refusal("question {number}", number=name),
                           partial(_check_question, question, scenario))
    if len(scenario.asked) < len(scenario.questions):
        yield Refusal("Two questions have the same id. Give each its own.")


def _kinds(scenario: Scenario) -> Iterator[Refusal]:
    wanted = {"lab": Lab, "controls": Control, "instruments": str, "steps": Step, "questions": Question}
    for field, kind in wanted.items():
        held = getattr(scenario, field)
        for thing in [held] if field == "lab" else held:
            if not isinstance(thing, kind):
                yield Refusal("{field} holds {thing!r}, which is not a {kind}. Write {kind}(…).", field=field,
                              thing=thing, kind=kind.__name__)


def _placed(where: str | Refusal, look: Callable[[], Any]) -> Iterator[Refusal]:
    """What `look` refuses, with its place; a place in words is a sentence too, so it is translated as one."""
    try:
        look()
    except Refusal as problem:
        yield Refusal("{where}: {problem}", where=where, problem=problem)


def _texts(scenario: Scenario) -> Iterator[tuple[str | Refusal, Any]]:
    for name in ("title", "summary", "subject", "level"):
        yield name, getattr(scenario, name)
    yield from (("curriculum", tag) for tag in scenario.curriculum)
    for number, step in enumerate(scenario.steps, start=1):
        where = Refusal("step {number}", number=number)
        yield from ((where, text) for text in (step.text, step.why, step.hint))
    for name, question in scenario.asked.items():
        where = Refusal("question {number}", number=name)
        yield from ((where, text) for text in (question.text, *(question.choices or {}).values()))


def _said(text: Any) -> bool:
    return bool(text) and (isinstance(text, str) or all(text.values()))


def _handed_out(scenario: Scenario) -> Iterator[Refusal]:
    for control in scenario.controls:
        yield from _placed(Refusal("control {name}", name=control.name),
                           partial(_check_control, control, scenario))
    there = [instrument.name for instrument in scenario.lab.instruments()]
    for name in scenario.instruments:
        if name not in there:
            yield Refusal("{lab} has no instrument {name!r}. Did you mean: {nearest}?", lab=type(scenario.lab).__name__,
                          name=name, nearest=nearest(name, there))
    for name in scenario.chart or ():
        if name not in scenario.columns():
            yield Refusal("The chart cannot show {name!r}: there is no such column. Did you mean: {nearest}?",
                          name=name, nearest=nearest(name, scenario.columns()))


def _check_control(control: Control, scenario: Scenario) -> None:
    known = {name: quantity for name, quantity in scenario.lab.solver.quantities().items() if quantity.live}
    if control.name not in known:
        raise Refusal("{lab} has no control {name!r}. Did you mean: {nearest}?", lab=type(scenario.lab).__name__,
                      name=control.name, nearest=nearest(control.name, known))
    quantity = known[control.name]
    value = scenario.lab.parameters.get(control.name, quantity.default)
    if isinstance(value, Drawn | DrawnChoice):
        raise Refusal("{name} is drawn and hidden, so it cannot be a control. Remove one of the two.",
                      name=control.name)
    if isinstance(quantity, Quantity):
        low, high = control.range(quantity)
        lowest, highest = control.shown(quantity.low, quantity), control.shown(quantity.high, quantity)
        if not lowest <= low < high <= highest:
            raise Refusal("The range {low} to {high} is not inside {lowest} to {highest} {unit}. Choose one inside.",
                          low=low, high=high, lowest=lowest, highest=highest, unit=control.shown_unit(quantity))
    control.check(control.shown(value, quantity), quantity)


def _check_step(step: Step, scenario: Scenario) -> None:
    if not _said(step.text):
        raise Refusal("The text is empty. Say what to do.")
    if step.kind not in KINDS:
        raise Refusal("There is no kind of step {name!r}. Did you mean: {nearest}?", name=step.kind,
                      nearest=nearest(step.kind, KINDS))
    if step.done is not None:
        _check_names(step.done.names(), scenario)


def _check_names(names: Iterable[tuple[str, str]], scenario: Scenario) -> None:
    computed = [name for step in scenario.steps if step.done is not None
                for kind, name in step.done.names() if kind == "new formula"]
    controls = [control.name for control in scenario.controls]
    columns = [*controls, *scenario.instruments]
    known: dict[str, list[str]] = {
        "column": columns, "formula": columns + computed, "instrument": list(scenario.instruments), "control": controls,
        "press": list(scenario.lab.presses), "question": list(scenario.asked), "new formula": computed}
    for kind, name in names:
        if name not in known[kind]:
            raise Refusal(UNKNOWN[kind], name=name, nearest=nearest(name, known[kind]) or "—")


def _check_choice(question: Question, choices: Iterable[str], lab: Lab) -> None:
    """The answer is a choice, or a parameter all of whose values are choices."""
    value = lab.parameters.get(str(question.answer))
    possible = value.options if isinstance(value, DrawnChoice) else [question.answer if value is None else value]
    for one in possible:
        if str(one) not in choices:
            raise Refusal("The answer {name!r} is none of the choices. Did you mean: {nearest}?", name=one,
                          nearest=nearest(str(one), choices))


def _check_question(question: Question, scenario: Scenario) -> None:
    if not _said(question.text):
        raise Refusal("The text is empty. Say what is asked.")
    if question.answer is None:
        return
    if question.choices is not None:
        _check_choice(question, question.choices, scenario.lab)
        return
    if question.answer not in scenario.lab.answers():
        raise Refusal("The answer {name!r} is no parameter or truth of the lab. Did you mean: {nearest}?",
                      name=question.answer, nearest=nearest(str(question.answer), scenario.lab.answers()))
    if question.answer in [control.name for control in scenario.controls]:
        raise Refusal("The answer {name!r} is also a control, which shows it. Remove one of the two.",
                      name=question.answer)
    if question.within is None and question.within_abs is None:
        raise Refusal("How near must an answer be? Write within=0.05 for five per cent, or within_abs.")
    if not all(slack is None or slack > 0 for slack in (question.within, question.within_abs)) or question.attempts < 1:
        raise Refusal("within, within_abs and attempts must be greater than zero.")
    convert(1.0, scenario.lab.unit_of(question.answer) or scenario.unit(question), scenario.unit(question))
