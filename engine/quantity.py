"""Quantity: the name, symbol, unit, default and range of every number that may be chosen.

Declared once, as a class attribute; the panel, the command line, the checks and the
documentation all read this declaration. On an instance the attribute is the value.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, overload

from engine.errors import Refusal, nearest

Words = str | dict[str, str]
"""A text: `{"en": …, "zh": …}`, or one string that stands for both."""

T = TypeVar("T", int, float)


class Parameter(Protocol):
    """What quantities, choices and file names have in common."""

    @property
    def name(self) -> str: ...
    @property
    def doc(self) -> Words: ...
    @property
    def live(self) -> bool: ...
    @property
    def default(self) -> Any: ...

    def check(self, value: Any) -> Any: ...


class HasParameters(Protocol):
    """An object that keeps the values of its declared parameters."""

    parameters: dict[str, Any]


@dataclass(frozen=True)
class Quantity(Generic[T]):
    """A number with a unit and a range; a whole number when its default is one.

    `live` quantities may be changed while the solver runs; the others describe what is built.
    """

    unit: str
    default: T = field(kw_only=True)
    low: float = field(kw_only=True)
    high: float = field(kw_only=True)
    doc: Words = field(kw_only=True)
    symbol: str = field(default="", kw_only=True)
    label: Words = field(default="", kw_only=True)
    live: bool = field(default=False, kw_only=True)
    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)

    @overload
    def __get__(self, instance: None, owner: type) -> "Quantity[T]": ...
    @overload
    def __get__(self, instance: HasParameters, owner: type) -> T: ...
    def __get__(self, instance: HasParameters | None, owner: type) -> Any:
        return self if instance is None else instance.parameters[self.name]

    def check(self, value: Any) -> T:
        """The value as a number of the right kind; a Refusal when it is none or out of range."""
        whole = isinstance(self.default, int)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise Refusal("{name} must be a number in {unit}, not {value!r}.", name=self.name,
                          unit=self.unit or "1", value=value) from None
        if whole and math.isfinite(number) and number != math.floor(number):
            raise Refusal("{name} must be a whole number, not {value}.", name=self.name, value=value)
        if not self.low <= number <= self.high:  # also refuses NaN
            raise Refusal("{name} = {value} {unit} is outside its range, {low} to {high} {unit}. "
                          "Choose a value inside.",
                          name=self.name, value=value, unit=self.unit, low=self.low, high=self.high)
        return int(number) if whole else number  # type: ignore[return-value]


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]
    default: str = field(kw_only=True)
    doc: Words = field(kw_only=True)
    label: Words = field(default="", kw_only=True)
    live: bool = field(default=False, kw_only=True)
    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)

    @overload
    def __get__(self, instance: None, owner: type) -> "Choice": ...
    @overload
    def __get__(self, instance: HasParameters, owner: type) -> str: ...
    def __get__(self, instance: HasParameters | None, owner: type) -> Any:
        return self if instance is None else instance.parameters[self.name]

    def check(self, value: Any) -> str:
        """The word itself; a Refusal naming the nearest option when it is not one of them."""
        if value not in self.options:
            raise Refusal("{name} cannot be {value!r}. Did you mean: {nearest}?", name=self.name, value=value,
                          nearest=nearest(str(value), self.options))
        return str(value)


@dataclass(frozen=True)
class FileName:
    """A file to read; empty means none."""

    default: str = field(default="", kw_only=True)
    doc: Words = field(kw_only=True)
    live: bool = field(default=False, init=False)
    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "name", name)

    @overload
    def __get__(self, instance: None, owner: type) -> "FileName": ...
    @overload
    def __get__(self, instance: HasParameters, owner: type) -> str: ...
    def __get__(self, instance: HasParameters | None, owner: type) -> Any:
        return self if instance is None else instance.parameters[self.name]

    def check(self, value: Any) -> str:
        """The name as text; whether the file can be read shows when the solver reads it."""
        return str(value)
