"""Lab: one solver on a bench, with the scene that shows it and the instruments that read it.

A lab is a declaration; nothing runs until a Run opens it with the chance of its draw key.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import labs
from engine.chance import Chance
from engine.errors import Refusal, nearest
from engine.quantity import Parameter, Quantity
from engine.solver import Solver
from labs.bench.question import number_in
from labs.bench.words import Text

if TYPE_CHECKING:
    from labs.bench.instrument import Instrument
    from labs.bench.scene import Scene


@dataclass(frozen=True)
class Drawn:
    """A number that every run draws for itself, evenly between two ends."""

    low: float
    high: float

    def resolve(self, chance: Chance) -> float:
        """The number that belongs to this chance."""
        return self.low + (self.high - self.low) * chance.uniform(0)

    def check(self, parameter: Parameter) -> None:
        """Both ends must be allowed, and in order."""
        if not self.low < self.high:
            raise Refusal("drawn({low}, {high}) for {name!r}: the first number must be the smaller one.", low=self.low,
                          high=self.high, name=parameter.name)
        parameter.check(self.low)
        parameter.check(self.high)


@dataclass(frozen=True)
class DrawnChoice:
    """A word, or a number, that every run draws for itself out of a few."""

    options: tuple[Any, ...]

    def resolve(self, chance: Chance) -> Any:
        """The option that belongs to this chance."""
        return self.options[min(int(chance.uniform(0) * len(self.options)), len(self.options) - 1)]

    def check(self, parameter: Parameter) -> None:
        """Each option must be allowed."""
        if len(self.options) < 2:
            raise Refusal("drawn_from for {name!r} needs at least two options.", name=parameter.name)
        for option in self.options:
            parameter.check(option)


def drawn(low: float, high: float) -> Drawn:
    """A hidden value, drawn for each run evenly between `low` and `high`."""
    return Drawn(low, high)


def drawn_from(*options: Any) -> DrawnChoice:
    """A hidden value, drawn for each run out of `options`."""
    return DrawnChoice(options)


@dataclass(frozen=True)
class Follows:
    """A true value that follows from the parameters, in a unit; what a question may ask for beside a parameter."""

    value: Callable[[dict[str, Any]], float]
    unit: str

    def __call__(self, parameters: dict[str, Any]) -> float:
        """The value for these parameters, in `unit`."""
        return float(self.value(parameters))


class Lab:
    """What all labs share: checked parameters, drawing, opening. A lab says what stands on the bench.

    Parameters are in the units of the solver's quantities, or texts with a unit of their own: `"10 deg"`. `tick` is
    the number of solver steps between two looks of the instruments, `pace` the solver's time per second of the
    student at speed 1×, `clock` the unit in which that time is shown,
    `presses` the solver's actions that get a button.
    """

    solver: ClassVar[type[Solver]]
    title: ClassVar[Text]
    tick: ClassVar[int] = 1
    pace: ClassVar[float] = 1.0
    clock: ClassVar[str] = "s"
    precision: ClassVar[str | None] = None
    presses: ClassVar[tuple[str, ...]] = ()
    still: ClassVar[dict[str, str]] = {}
    """Observables that change only with a setting, and which: the length of a thread with that of the pendulum."""

    def __init__(self, **parameters: Any) -> None:
        known = self.solver.quantities()
        for name, value in parameters.items():
            if name not in known:
                raise Refusal("{lab} has no parameter {name!r}. Did you mean: {nearest}?", lab=type(self).__name__,
                              name=name, nearest=nearest(name, known))
            parameter = known[name]
            if isinstance(value, str) and isinstance(parameter, Quantity):
                value = parameters[name] = number_in(value, parameter.unit)
            if isinstance(value, Drawn | DrawnChoice):
                value.check(parameter)
            else:
                parameter.check(value)
        self.parameters = parameters

    def instruments(self) -> "list[Instrument]":
        """New instruments, one of each that the lab has."""
        return []

    def furnish(self, scene: "Scene") -> None:
        """Put the apparatus into the scene."""

    def truths(self) -> dict[str, Callable[[dict[str, Any]], float]]:
        """True values that follow from the parameters; a `Follows` also tells its unit."""
        return {}

    def draw(self, chance: Chance) -> dict[str, Any]:
        """The parameters of one run: each drawn one depends on its own name only, so adding another changes none."""
        known = self.solver.quantities()
        return {name: _resolved(known[name], value, chance) for name, value in self.parameters.items()}

    def open(self, chance: Chance) -> Solver:
        """The solver of one run, with its hidden parameters and its seed."""
        return self.solver(precision=self.precision, seed=chance.child("solver seed").integer(0), **self.draw(chance))

    def answers(self) -> list[str]:
        """The names that a question may ask for: parameters and truths."""
        return [*self.solver.quantities(), *self.truths()]

    def unit_of(self, name: str) -> str | None:
        """The unit of a parameter or truth; None when it is told in the unit of whoever asks."""
        quantities = self.solver.quantities()
        return getattr(quantities[name] if name in quantities else self.truths()[name], "unit", None)

    @classmethod
    def name(cls) -> str:
        """The file or folder below `labs` that holds this lab."""
        return cls.__module__.removeprefix("labs.").split(".")[0]


def _resolved(parameter: Parameter, value: Any, chance: Chance) -> Any:
    """What is drawn, drawn; a whole number where the parameter is one."""
    if not isinstance(value, Drawn | DrawnChoice):
        return value
    found = value.resolve(chance.child("parameter " + parameter.name))
    return round(found) if isinstance(parameter.default, int) and isinstance(found, float) else found


def discover() -> dict[str, type[Lab] | Exception]:
    """Every lab by name; one that cannot be imported is its exception, and leaves the others alone."""
    found: dict[str, type[Lab] | Exception] = {}
    for module in pkgutil.iter_modules(labs.__path__, "labs."):
        if module.name == "labs.bench":
            continue
        name = module.name.removeprefix("labs.")
        try:
            members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        except Exception as problem:  # whatever a broken file raises becomes its error card
            found[name] = problem
            continue
        for _, member in members:
            if issubclass(member, Lab) and (member.__module__ + ".").startswith(module.name + "."):
                found[name] = member
    return found
