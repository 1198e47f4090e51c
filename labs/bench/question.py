"""Questions, and how an answer is judged: in Python only, beside a truth that never leaves it."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from engine.errors import Refusal
from labs.bench import units
from labs.bench.words import Text

Verdict = Literal["right", "wrong", "recorded"]
_NUMBER = re.compile(r"\s*([-+−]?(?:\d+[.,]?\d*|[.,]\d+)(?:\s*(?:[eE]|[×x*]\s*10\^?)\s*[-+−]?\d+)?)\s*(.*)", re.S)
_POWER = r"(?:(?:\^|\*\*)\(?[-−]?\d\)?|⁻?[¹²³])?"  # one digit: powers of powers of numbers would never end
_FACTOR = rf"\(?[A-Za-zµμΩ°%]+{_POWER}(?:\){_POWER})*"
_UNIT = re.compile(rf"(?:(?:1|{_FACTOR})(?:\s*[·⋅*/ ]\s*{_FACTOR})*)?")
LONGEST_UNIT = 24  # characters
LONGEST_TEXT = 4000  # characters of a written answer that are kept


@dataclass(frozen=True)
class Question:
    """A question to the student.

    `answer` names a hidden parameter or a truth of the lab, or one of the `choices` (or the parameter whose value
    is one of them: which gas is it?); without it the answer is text and is only recorded. `within` is relative,
    `within_abs` absolute, in `unit` (by default the unit of what is asked for). An answer may carry another unit of
    the same kind: 981 cm/s² is 9.81 m/s².
    """

    text: Text
    answer: str | None = None
    within: float | None = None
    within_abs: float | None = None
    unit: str = ""
    attempts: int = 3
    choices: dict[str, Text] | None = None
    id: str = ""

    @property
    def allowed(self) -> int | None:
        """How often one may try; never so often that all choices can be tried. None: as often as one likes."""
        if self.answer is None:
            return None
        return min(self.attempts, max(1, len(self.choices) - 1)) if self.choices else self.attempts

    def read(self, given: object, unit: str) -> float | str:
        """The answer as it is recorded: a number in `unit`, the key of a choice, or a text."""
        if self.choices is not None:
            if given not in self.choices:
                raise Refusal("Choose one of the answers: {known}.", known=", ".join(self.choices))
            return str(given)
        return str(given).strip()[:LONGEST_TEXT] if self.answer is None else number_in(given, unit)

    def judge(self, value: float | str, truth: float | str | None) -> Verdict:
        """The verdict on an answer that was read; `truth` is in the same unit, or the key of a choice."""
        if self.answer is None:
            return "recorded"
        if truth is None or isinstance(truth, str) or isinstance(value, str):
            return "right" if value == truth else "wrong"
        slack = max((self.within or 0.0) * abs(truth), self.within_abs or 0.0)
        return "right" if abs(value - truth) <= slack else "wrong"


def number_in(given: object, unit: str) -> float:
    """A number, perhaps with a unit, as a number in `unit`: 9.81, "9,81", "981 cm/s²", "1.2e-3 m"."""
    match = _NUMBER.fullmatch(str(given))
    if match is None or isinstance(given, bool):
        raise Refusal("Write a number, such as 9.81, not {given!r}.", given=str(given)[:40])
    digits = re.sub(r"\s*(?:[eE]|[×x*]\s*10\^?)\s*", "e", match[1]).replace("−", "-").replace(",", ".")
    value, own = float(digits), match[2].strip()
    if not math.isfinite(value):
        raise Refusal("Write a number, such as 9.81, not {given!r}.", given=str(given)[:40])
    return convert(value, own, unit) if own else value


def convert(value: float, unit: str, wanted: str) -> float:
    """The same quantity in another unit; a Refusal when the units are not of the same kind."""
    if unit == wanted:
        return value
    told = {"unit": unit[:LONGEST_UNIT], "wanted": wanted or "1"}
    try:
        known = len(unit) <= LONGEST_UNIT and _UNIT.fullmatch(unit)
        found, target = units.parse(unit if known else "?"), units.parse(wanted)
    except Refusal:
        raise Refusal("The unit {unit!r} is not known. Write the answer in {wanted}.", **told) from None
    if units.dimensions(found) != units.dimensions(target):
        raise Refusal("{unit} is not a unit of what is asked for. Write the answer in {wanted}.", **told)
    (factor, zero), (by, origin) = units.scale(found), units.scale(target)
    return (factor * value + zero - origin) / by
