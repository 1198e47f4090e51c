"""Solver: parameters, observables and one state that advances in whole steps.

A solver is a deterministic function of its parameters, its seed and the steps at which it was
acted upon: advancing by a and then by b gives, bit for bit, what advancing by a + b gives.
"""

import copy
import importlib
import inspect
import io
import json
import math
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, ClassVar, TypeVar
from zipfile import BadZipFile

import numpy as np

import engine
from engine.errors import NumericalFailure, Refusal, nearest
from engine.quantity import Choice, FileName, Parameter, Quantity, Words
from engine.runtime import runtime

Method = TypeVar("Method", bound=Callable[..., Any])
PRECISIONS = {"f32": np.float32, "f64": np.float64}


@dataclass(frozen=True)
class Observable:
    """What can be observed of a solver: a number or a small array, in a unit."""

    name: str
    unit: str
    doc: Words
    symbol: str = ""
    label: Words = ""


@dataclass(frozen=True)
class Action:
    """What a hand can do to the apparatus, such as letting a pendulum go."""

    name: str
    label: Words
    doc: Words = ""


def observable(unit: str, doc: Words, symbol: str = "", label: Words = "") -> Callable[[Method], Method]:
    """Mark a method as an observable."""
    def mark(method: Method) -> Method:
        method.observable = Observable(method.__name__, unit, doc, symbol, label)  # type: ignore[attr-defined]
        return method
    return mark


def action(label: Words, doc: Words = "") -> Callable[[Method], Method]:
    """Mark a method as something that a hand does."""
    def mark(method: Method) -> Method:
        method.action = Action(method.__name__, label, doc)  # type: ignore[attr-defined]
        return method
    return mark


@dataclass(frozen=True)
class Snapshot:
    """Everything that a solver needs to go on from where it was."""

    solver: str
    precision: str
    seed: int
    steps: int
    parameters: dict[str, Any]
    scalars: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def nbytes(self) -> int:
        """Memory of the arrays [bytes]."""
        return sum(array.nbytes for array in self.arrays.values())

    def to_bytes(self) -> bytes:
        """One self-contained block: a zipped numpy archive with a JSON header; no code inside."""
        kept = ("solver", "precision", "seed", "steps", "parameters", "scalars")
        header = {name: getattr(self, name) for name in kept}
        block = io.BytesIO()
        np.savez_compressed(block, allow_pickle=False, header=np.array(json.dumps(header)),
                            **{"array." + name: array for name, array in self.arrays.items()})
        return block.getvalue()

    @classmethod
    def from_bytes(cls, block: bytes) -> "Snapshot":
        """The inverse of `to_bytes`; refuses anything else."""
        try:
            with np.load(io.BytesIO(block), allow_pickle=False) as archive:
                header = json.loads(str(archive["header"]))
                arrays = {key[len("array."):]: archive[key] for key in archive.files if key != "header"}
            return cls(**header, arrays=arrays)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as problem:
            raise Refusal("This snapshot cannot be read ({problem}). Continue from an older one.",
                          problem=type(problem).__name__) from problem


class Solver(ABC):
    """One equation, its parameters, its observables and its state.

    Subclasses declare `Quantity` attributes, build the state in `prepare`, and advance it in
    `leap`. Everything else (ranges, snapshots, finite checks, discovery) is here.
    """

    precisions: ClassVar[tuple[str, ...]] = ("f32", "f64")

    def __init__(self, *, precision: str | None = None, seed: int = 0, **parameters: Any) -> None:
        self.precision = precision or self.precisions[0]
        if self.precision not in self.precisions:
            raise Refusal("{solver} does not compute in {precision!r}. It offers: {known}.", solver=self.name(),
                          precision=precision, known=", ".join(self.precisions))
        self.seed = seed
        self.parameters = self._checked(parameters)
        self.given = frozenset(parameters)
        self.steps = 0
        self.state: Any = self.prepare()

    def _checked(self, given: dict[str, Any]) -> dict[str, Any]:
        known = self.quantities()
        for name in given:
            if name not in known:
                raise Refusal("{solver} has no parameter {name!r}. Did you mean: {nearest}?", solver=self.name(),
                              name=name, nearest=nearest(name, known))
        return {name: known[name].check(given.get(name, known[name].default)) for name in known}

    @abstractmethod
    def prepare(self) -> Any:
        """The state at the start: a dataclass of arrays and plain numbers."""

    @property
    @abstractmethod
    def dt(self) -> float:
        """Time per step, in the solver's unit of time."""

    def step(self) -> None:
        """One step; solvers that take many steps in one call write `leap` instead."""
        raise NotImplementedError

    def leap(self, steps: int) -> None:
        """Advance the state by `steps` steps."""
        for _ in range(steps):
            self.step()

    def changed(self, name: str) -> None:
        """Called after a live quantity was changed."""

    def advance(self, steps: int) -> None:
        """Advance by whole steps; stops with a NumericalFailure when a number is no longer finite."""
        if steps < 0:
            raise Refusal("Time runs forward only: {steps} steps cannot be taken.", steps=steps)
        if steps:
            self.leap(steps)
            self.steps += steps
            self.check_finite()

    @property
    def time(self) -> float:
        """Time since the start, in the unit of `dt`."""
        return self.steps * self.dt

    def observe(self, name: str) -> Any:
        """The present value of an observable, in its unit."""
        if name not in self.observables():
            raise Refusal("{solver} has no observable {name!r}. Did you mean: {nearest}?", solver=self.name(),
                          name=name, nearest=nearest(name, self.observables()))
        return getattr(self, name)()

    def unit(self, name: str) -> str:
        """Unit of a parameter or an observable; solvers with more than one system of units say which it is."""
        return getattr({**self.quantities(), **self.observables()}[name], "unit", "")

    def uncertainty(self, name: str) -> float | None:
        """Standard error of an observable that is a time average; None for one that is not."""
        return None

    def change(self, name: str, value: Any) -> None:
        """Change a live quantity; refuses one that is not, or a value out of range."""
        known = self.quantities()
        if name not in known or not known[name].live:
            live = [key for key, quantity in known.items() if quantity.live]
            raise Refusal("{name!r} cannot be changed while {solver} runs. What can: {nearest}.", name=name,
                          solver=self.name(), nearest=", ".join(live) or "—")
        self.parameters[name] = known[name].check(value)
        self.changed(name)

    def act(self, name: str) -> None:
        """Do one of the solver's actions."""
        if name not in self.actions():
            raise Refusal("{solver} has no action {name!r}. Did you mean: {nearest}?", solver=self.name(), name=name,
                          nearest=nearest(name, self.actions()))
        getattr(self, name)()

    def array(self, *shape: int, fill: float = 0.0, dtype: Any = None) -> Any:
        """A new array of the solver's precision on the running back end."""
        return runtime().array(shape, dtype or PRECISIONS[self.precision], fill=fill)

    def check_finite(self) -> None:
        """Raise when an array of the state holds NaN or an infinity: kernels themselves do not look."""
        for name, value in _leaves(self.state):
            if isinstance(value, float):
                finite = math.isfinite(value)
            elif _is_array(value) and (values := runtime().to_host(value)).dtype.kind == "f":
                finite = bool(np.isfinite(values).all())
            else:
                continue
            if not finite:
                raise NumericalFailure("{quantity} left the range of numbers at step {step}. "
                                       "Go back and change less at once.", quantity=name.replace("_", " "),
                                       step=self.steps)

    def snapshot(self) -> Snapshot:
        """A deep copy of everything that determines the future."""
        scalars, arrays = {}, {}
        for name, value in _leaves(self.state):
            if _is_array(value):
                arrays[name] = np.array(runtime().to_host(value), copy=True)
            else:
                scalars[name] = value
        return Snapshot(self.name(), self.precision, self.seed, self.steps, copy.deepcopy(self.parameters),
                        scalars, arrays)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of the same solver, exactly."""
        if (snapshot.solver, snapshot.precision) != (self.name(), self.precision):
            raise Refusal("A snapshot of {theirs} in {their_precision} does not fit {ours} in {precision}.",
                          theirs=snapshot.solver, their_precision=snapshot.precision, ours=self.name(),
                          precision=self.precision)
        self.seed, self.steps = snapshot.seed, snapshot.steps
        self.parameters = copy.deepcopy(snapshot.parameters)
        self.state = _filled(self.state, snapshot, "")

    def numeric_class(self) -> dict[str, str]:
        """Within one numeric class, runs repeat bit for bit."""
        return {**runtime().numeric_class(), "precision": self.precision}

    @classmethod
    def name(cls) -> str:
        """The path below `engine`, such as `molecules.lennard_jones`."""
        return cls.__module__.removeprefix("engine.")

    @classmethod
    def quantities(cls) -> dict[str, Parameter]:
        """Everything that can be chosen, in the order of declaration."""
        return {name: value for name, value in _attributes(cls) if isinstance(value, Quantity | Choice | FileName)}

    @classmethod
    def observables(cls) -> dict[str, Observable]:
        """Everything that can be observed, in the order of declaration."""
        return {name: value.observable for name, value in _attributes(cls) if hasattr(value, "observable")}

    @classmethod
    def actions(cls) -> dict[str, Action]:
        """Everything that a hand can do, in the order of declaration."""
        return {name: value.action for name, value in _attributes(cls) if hasattr(value, "action")}


def discover() -> dict[str, type[Solver] | Exception]:
    """Every solver below `engine` by name; a module that fails to import is its exception."""
    found: dict[str, type[Solver] | Exception] = {}
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        try:
            members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        except Exception as problem:
            found[module.name.removeprefix("engine.")] = problem
            continue
        for _, member in members:
            if issubclass(member, Solver) and not inspect.isabstract(member) and member.__module__ == module.name:
                found[member.name()] = member
    return found


def _attributes(cls: type) -> Iterator[tuple[str, Any]]:
    seen: dict[str, Any] = {}
    for owner in reversed(cls.__mro__):
        seen.update(vars(owner))
    yield from seen.items()


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (hasattr(value, "to_numpy") and hasattr(value, "shape"))


def _leaves(state: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Arrays and plain values of a state dataclass, nested ones with dotted names."""
    for name in state.__dataclass_fields__:
        value = getattr(state, name)
        if hasattr(value, "__dataclass_fields__"):
            yield from _leaves(value, prefix + name + ".")
        elif value is not None:
            yield prefix + name, value


def _filled(state: Any, snapshot: Snapshot, prefix: str) -> Any:
    """A copy of `state` with the values of a snapshot."""
    values: dict[str, Any] = {}
    for part in fields(state):
        name, old = prefix + part.name, getattr(state, part.name)
        if is_dataclass(old):
            values[part.name] = _filled(old, snapshot, name + ".")
        elif name in snapshot.arrays:
            values[part.name] = runtime().from_host(snapshot.arrays[name].copy())
        else:
            values[part.name] = snapshot.scalars.get(name)
    return replace(state, **values)
