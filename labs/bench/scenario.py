"""Scenario: what a teacher writes. A lab, the part of it that is handed out, steps and questions about the run."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import Refusal, nearest
from engine.quantity import Choice, Parameter
from labs.bench.checks import Condition
from labs.bench.control import Control
from labs.bench.lab import Drawn, DrawnChoice, Lab, drawn, drawn_from
from labs.bench.question import Question
from labs.bench.words import Text, both

if TYPE_CHECKING:
    from labs.bench.instrument import Instrument

__all__ = ["Control", "Question", "Scenario", "Step", "check", "drawn", "drawn_from", "load", "problems"]

KINDS = ("predict", "prepare", "measure", "compare", "explain")


@dataclass(frozen=True)
class Step:
    """One thing to do. `done` is a condition on the record; without it the student confirms the step."""

    text: Text
    done: Condition | None = None
    why: Text = ""
    hint: Text = ""
    kind: str = "measure"


@dataclass
class Scenario:
    """A lab as a student meets it. Showing it in a notebook shows the student's page.

    `chart` names the columns that the chart begins with: across, then up.
    """

    title: Text
    lab: Lab
    controls: Sequence[Control] = ()
    instruments: Sequence[str] = ()
    steps: Sequence[Step] = ()
    questions: Sequence[Question] = ()
    summary: Text = ""
    subject: Text = ""
    level: Text = ""
    minutes: int = 40
    curriculum: Sequence[Text] = ()
    guide: bool = True
    chart: tuple[str, str] | None = None
    id: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.lab, type):
            self.lab = self.lab()
        if isinstance(self.curriculum, str | dict):
            self.curriculum = [self.curriculum]

    @classmethod
    def plain(cls, lab: Lab) -> "Scenario":
        """A lab as it stands: everything that can be changed or read is handed out, nothing is asked."""
        changeable = [name for name, quantity in lab.solver.quantities().items()
                      if quantity.live and not isinstance(lab.parameters.get(name), Drawn | DrawnChoice)]
        return cls(lab.title, lab, [Control(name) for name in changeable], [one.name for one in lab.instruments()])

    @cached_property
    def shelf(self) -> "dict[str, Instrument]":
        """The instruments that are handed out, by name: their specifications, not those that a run reads."""
        there = {instrument.name: instrument for instrument in self.lab.instruments()}
        return {name: there[name] for name in self.instruments if name in there}

    def digital(self) -> list[str]:
        """The instruments that the Read button reads, all at once."""
        return [name for name, instrument in self.shelf.items() if not instrument.manual]

    def stills(self) -> dict[str, str]:
        """Manual instruments that measure a setting, and which: such a reading holds until the setting changes."""
        settings = {**{name: name for name in self.lab.solver.quantities()}, **self.lab.still}
        return {name: settings[instrument.observable] for name, instrument in self.shelf.items()
                if instrument.manual and instrument.observable in settings}

    def columns(self) -> list[str]:
        """The columns of the table: settings and instruments. A setting that an instrument measures is left to it."""
        measured = {instrument.observable for instrument in self.shelf.values()} | set(self.shelf)
        return [control.name for control in self.controls if control.name not in measured] + list(self.shelf)

    def symbols(self) -> dict[str, str]:
        """The letters of the columns that have one, such as p or V."""
        quantities = self.lab.solver.quantities()
        found = {name: self.shelf[name].symbol if name in self.shelf else getattr(quantities[name], "symbol", "")
                 for name in self.columns()}
        return {name: symbol for name, symbol in found.items() if symbol}

    def labels(self) -> dict[str, dict[str, str]]:
        """What a person calls the controls, instruments and buttons."""
        quantities = self.lab.solver.quantities()
        return {**{name: both(action.label) for name, action in self.lab.solver.actions().items()},
                **{control.name: label(quantities[control.name]) for control in self.controls},
                **{name: both(instrument.label) for name, instrument in self.shelf.items()}}

    def units(self) -> dict[str, str]:
        """The units of controls and instruments."""
        quantities = self.lab.solver.quantities()
        return {**{control.name: control.shown_unit(quantities[control.name]) for control in self.controls},
                **{name: instrument.unit for name, instrument in self.shelf.items()}}

    def control(self, name: str) -> Control:
        """The control of that name."""
        found = {control.name: control for control in self.controls}
        if name not in found:
            raise Refusal("There is no control {name!r} here. Did you mean: {nearest}?", name=name,
                          nearest=nearest(name, found))
        return found[name]

    @cached_property
    def asked(self) -> dict[str, Question]:
        """The questions by their id; the n-th is `qn` unless it has a name of its own."""
        return {question.id or f"q{number}": question for number, question in enumerate(self.questions, start=1)}

    def unit(self, question: Question) -> str:
        """The unit in which a question is answered."""
        if question.answer is None or question.choices is not None:
            return question.unit
        return question.unit or self.lab.unit_of(question.answer) or ""

    @cached_property
    def content_hash(self) -> str:
        """A print of everything declared: two scenarios with the same one are the same, wherever they were loaded."""
        content = json.dumps(_plain(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def public(self) -> dict[str, Any]:
        """What may reach the browser, and nothing else: no answers, no drawn ranges, no hidden parameters."""
        return {
            "id": self.id, "title": both(self.title), "summary": both(self.summary), "subject": both(self.subject),
            "level": both(self.level), "minutes": self.minutes, "curriculum": [both(tag) for tag in self.curriculum],
            "guide": self.guide,
            "steps": [{"text": both(step.text), "why": both(step.why), "hint": both(step.hint), "kind": step.kind,
                       "confirm": step.done is None} for step in self.steps],
            "controls": [self._public_control(control) for control in self.controls],
            "presses": [self._public_press(name) for name in self.lab.presses],
            "instruments": [instrument.descriptor() for instrument in self.shelf.values()],
            "questions": [self._public_question(name, question) for name, question in self.asked.items()],
            "columns": self.columns(),
        }

    def _public_press(self, name: str) -> dict[str, Any]:
        action = self.lab.solver.actions()[name]
        return {"name": action.name, "label": both(action.label), "doc": both(action.doc), "key": ""}

    def _public_control(self, control: Control) -> dict[str, Any]:
        quantity = self.lab.solver.quantities()[control.name]
        known = {"name": control.name, "label": label(quantity), "doc": both(quantity.doc), "key": control.key,
                 "value": control.shown(self.lab.parameters.get(control.name, quantity.default), quantity)}
        if isinstance(quantity, Choice):
            return {**known, "symbol": "", "unit": "", "options": list(quantity.options)}
        low, high = control.range(quantity)
        return {**known, "symbol": getattr(quantity, "symbol", ""), "unit": control.shown_unit(quantity), "low": low,
                "high": high, "step": control.step, "whole": isinstance(quantity.default, int)}

    def _public_question(self, name: str, question: Question) -> dict[str, Any]:
        choices = question.choices and [{"key": key, "text": both(text)} for key, text in question.choices.items()]
        return {"id": name, "text": both(question.text), "unit": self.unit(question), "choices": choices or None,
                "attempts": question.allowed, "open": question.answer is None}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        from labs.bench.sitting import open_desk  # the page and the scene are loaded only where somebody looks

        shown = open_desk(self)
        if shown is not None:
            display(shown)


def label(quantity: Parameter) -> dict[str, str]:
    """What a person calls a quantity."""
    return both(getattr(quantity, "label", "") or quantity.name.replace("_", " "))


def load(path: str | Path) -> Scenario:
    """The scenario that a notebook declares; a Refusal names the cell and line that cannot be."""
    from labs.bench.notebook import load as read

    return read(Path(path))


def check(scenario: Scenario) -> Scenario:
    """The scenario itself; a Refusal says what is wrong with it first."""
    for problem in problems(scenario):
        raise problem
    return scenario


def problems(scenario: Scenario) -> list[Refusal]:
    """Everything that is wrong with a declaration, in its order."""
    from labs.bench.proofreading import proofread

    return list(proofread(scenario))


def _plain(thing: Any) -> Any:
    """A declaration as plain data, for its print."""
    if isinstance(thing, Scenario):
        return {name: _plain(getattr(thing, name)) for name in thing.__dataclass_fields__ if name != "id"}
    if isinstance(thing, Lab):
        return {"lab": thing.name(), "class": type(thing).__name__, "parameters": _plain(thing.parameters)}
    if isinstance(thing, Condition):
        return thing.source
    if isinstance(thing, Step):
        return {name: _plain(getattr(thing, name)) for name in thing.__dataclass_fields__}
    if is_dataclass(thing) and not isinstance(thing, type):
        return {type(thing).__name__: asdict(thing)}
    if isinstance(thing, dict):
        return {str(key): _plain(value) for key, value in thing.items()}
    return [_plain(item) for item in thing] if isinstance(thing, list | tuple) else thing
