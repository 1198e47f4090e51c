"""Control: a quantity of the solver in a student's hands, in the unit and the range that the teacher chose."""

import math
from dataclasses import dataclass
from typing import Any

from engine.errors import Refusal
from engine.quantity import Parameter, Quantity
from labs.bench.question import convert
from labs.bench.units import parse, written

DIGITS = 12  # of a number that was converted between units: 3e-08 m are 30 nm, not 30.000000000000004


@dataclass(frozen=True)
class Control:
    """A quantity of the solver that is handed to the student, in a range that may be narrower than the quantity's own.

    With `unit` the student sees and sets it in that unit, and `low`, `high`, `step` and all conditions are in it too.
    """

    name: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    key: str = ""
    unit: str = ""

    def check(self, value: Any, quantity: Parameter) -> Any:
        """The value, in the control's unit, if this control can take it."""
        if not isinstance(quantity, Quantity):
            return quantity.check(value)
        low, high = self.range(quantity)
        whole = isinstance(quantity.default, int)
        try:
            number = round(float(value)) if whole else float(value)
        except (TypeError, ValueError, OverflowError):
            quantity.check(value)  # refuses what is no number
            raise
        if not low <= number <= high:
            raise Refusal("{name} = {value} {unit} is outside its range, {low} to {high} {unit}. "
                          "Choose a value inside.", name=self.name, value=value, unit=self.shown_unit(quantity),
                          low=low, high=high)
        return number

    def range(self, quantity: Parameter) -> tuple[float, float]:
        """Lowest and highest value, in the control's unit."""
        if not isinstance(quantity, Quantity):
            return -math.inf, math.inf
        low = self.shown(quantity.low, quantity) if self.low is None else self.low
        high = self.shown(quantity.high, quantity) if self.high is None else self.high
        return low, high

    def shown_unit(self, quantity: Parameter) -> str:
        """The unit that the student sees."""
        return written(parse(self.unit)) if self.unit else getattr(quantity, "unit", "")

    def shown(self, value: Any, quantity: Parameter) -> Any:
        """A value of the quantity in the control's unit."""
        return self._converted(value, getattr(quantity, "unit", ""), self.unit)

    def inside(self, value: Any, quantity: Parameter) -> Any:
        """A value of the control in the quantity's unit."""
        return self._converted(value, self.unit, getattr(quantity, "unit", ""))

    def _converted(self, value: Any, unit: str, wanted: str) -> Any:
        if not self.unit or isinstance(value, str) or not math.isfinite(value):
            return value
        return float(f"{convert(float(value), unit, wanted):.{DIGITS}g}")
