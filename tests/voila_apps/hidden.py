"""What one run hides, in every form in which it could be written, and a search for it."""

import base64
import math
import re
from dataclasses import dataclass, field

import numpy as np

from engine.quantity import Quantity
from labs.bench.judging import truth
from labs.bench.run import Run
from labs.bench.scenario import Scenario
from labs.bench.units import parse, scale

NUMBER = re.compile(r"(?<![\w.])[-−]?(\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w|\.\d)")


@dataclass
class Hidden:
    """What one run hides: numbers by name, each in the units in which it may be written, and keys."""

    numbers: dict[str, list[float]] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def digits(self, few: int) -> dict[str, str]:
        """What gives a number away: a whole one as it is, else its digits from `few` on, wherever the point stands."""
        known = {str(int(value)): name for name, values in self.numbers.items() for value in values
                 if value == int(value)}
        for name, values in self.numbers.items():
            for digits in {written(value, places) for value in values for places in range(few, 18)}:
                known |= {"." + digits: name} if len(digits) >= few else {}
        return known

    def in_text(self, text: str, few: int) -> list[str]:
        """Every secret that stands in a text."""
        known = self.digits(few)
        found = [f"{known[form]} as {one[0]}" for one in NUMBER.finditer(text)
                 for form in (one[0].removesuffix(".0").rstrip("."), "." + significant(one[1])) if form in known]
        return found + [f"a key as {form}" for key in self.keys for form in forms(key) if form in text] \
            + [word for word in self.words if word in text]

    def in_bytes(self, block: bytes) -> list[str]:
        """Every secret that stands in a buffer: as a number of 4 or 8 bytes, or a key."""
        found = [f"a key in {len(block)} bytes" for key in self.keys if key in block]
        for kind, size in (("<f4", 4), ("<f8", 8)):
            numbers = np.frombuffer(block[:len(block) // size * size], kind)
            for name, values in self.numbers.items():
                stored = np.array(values).astype(kind).tolist()
                if np.isin([value for value in stored if value != round(value, 4)], numbers).any():
                    found.append(f"{name} as {size} bytes")
        return found


def written(value: float, places: int) -> str:
    """The digits of a number, without its point, exponent and zeros at its ends."""
    return significant(f"{abs(value):.{places - 1}e}".partition("e")[0])


def significant(number: str) -> str:
    """Digits without the point and the zeros at their ends."""
    return number.replace(".", "").strip("0")


def forms(key: bytes) -> list[str]:
    """How a key may be written; a part of it is bad enough."""
    return [key.hex()[:12], key.hex()[-12:], base64.b64encode(key).decode()[:12], str(int.from_bytes(key))[:12],
            str(int.from_bytes(key, "little"))[:12]]


def hidden_of(scenario: Scenario, key: bytes) -> Hidden:
    """Whatever differs between this run and one with another key, and what its questions ask for."""
    run, other = Run(scenario, key), Run(scenario, key[::-1])
    found = Hidden(keys=[key])
    for name, value in run.apparatus.hidden.items():
        if isinstance(value, int | float) and value != other.apparatus.hidden[name]:
            quantity = run.solver.quantities()[name]
            found.numbers[name] = in_units(float(value), quantity.unit if isinstance(quantity, Quantity) else "")
    found.numbers["seed"] = [float(run.solver.seed)]
    found.words.append(str(run.solver.seed))
    for name, instrument in run.instruments.items():
        for trait, value in vars(instrument).items():
            if isinstance(value, float) and value != vars(other.instruments[name])[trait]:
                found.numbers[f"{name}{trait}"] = [value, value - 1 if trait == "_gain" else value]
    for name, question in scenario.asked.items():
        answer = truth(scenario, question, run.apparatus.hidden)
        if isinstance(answer, float):
            found.numbers[f"answer to {name}"] = in_units(answer, scenario.unit(question))
    return found


def in_units(value: float, unit: str) -> list[float]:
    """A number, in SI too, and in degrees where it is an angle; powers of ten are no matter."""
    factor, zero = scale(parse(unit))
    return list({value, factor * value + zero, math.degrees(value) if unit == "rad" else value})
