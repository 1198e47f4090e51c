"""Units at the edge: read, combined and written with pint. Inside formulas everything is in SI base units."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pint

from engine.errors import Refusal

NAMED = ("J", "N", "Pa", "W", "C", "V")  # what a product of SI base units is called when it has a name
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LITRE = re.compile(r"(?<![A-Za-zµ°])([µmcdhk]?)l(?![A-Za-z])")


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry:
    """The one registry: pint's own units, temperatures in °C converted to K in products."""
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@lru_cache
def parse(text: Any) -> Any:
    """The unit that `nm³`, `m/s²`, `°C` or an empty text names; a unit is itself."""
    if not isinstance(text, str):
        return text
    try:
        return registry().parse_units(text.replace("⋅", "·").strip() if text != "1" else "")
    except Exception as error:  # pint raises its own, tokenize's and Python's errors for a text that is no unit
        raise Refusal("The unit {unit!r} is not known.", unit=text) from error


def scale(unit: Any) -> tuple[float, float]:
    """Factor and offset to SI base units: value in base = factor · value + offset."""
    zero, one = (registry().Quantity(float(number), unit).to_base_units().magnitude for number in (0, 1))
    return float(one - zero), float(zero)


def dimensions(unit: Any) -> dict[str, float]:
    """Exponents of length, time, mass and so on."""
    return dict(unit.dimensionality)


def written(unit: Any) -> str:
    """The unit as a person writes it: kPa·mL, m/s², 1/s, J/(K·mol); nothing for a pure number."""
    factors = [(_symbol(name), float(power)) for name, power in unit._units.items()]
    above = "·".join(symbol + _raised(power) for symbol, power in factors if power > 0)
    below = [symbol + _raised(-power) for symbol, power in factors if power < 0]
    if not below:
        return above
    return f"{above or '1'}/{below[0] if len(below) == 1 else '(' + '·'.join(below) + ')'}"


def _symbol(name: str) -> str:
    symbol = {"degree": "°", "percent": "%"}.get(name) or registry().get_symbol(name)
    return _LITRE.sub(r"\1L", symbol.replace("\u03bc", "\u00b5"))  # one micro sign, as keyboards write it


def _raised(power: float) -> str:
    if power == int(power):
        return "" if power == 1 else f"{power:.0f}".translate(_RAISED)
    return f"^{power:.3g}"


def absolute(unit: Any) -> Any:
    """The unit in which a number may be multiplied: K for °C and °F, itself for all others."""
    return unit if registry().Quantity(1, unit)._is_multiplicative else registry().kelvin


def simplified(unit: Any, known: Iterable[Any]) -> Any:
    """The same dimension in the shortest honest words.

    One of the `known` units (those of the columns in the formula) when one fits; else the product as it stands with
    like units merged; a named unit for a product of SI base units; base units when those are shorter.
    """
    if unit.dimensionless:
        angle = re.fullmatch(r"(radian|degree)", str(unit))
        return unit if angle else registry().dimensionless
    for candidate in known:
        if candidate.dimensionality == unit.dimensionality:
            return absolute(candidate)
    merged = _without_angles(registry().Quantity(1, unit).to_reduced_units().units)
    bare = registry().Quantity(1, merged).to_base_units().units
    if merged == bare:
        named = [name for name in NAMED if parse(name).dimensionality == merged.dimensionality]
        return parse(named[0]) if named else merged
    return bare if _factors(bare) < _factors(merged) else merged


def combined(first: str, second: str, power: float) -> str:
    """first · second^power, in text: the unit of a slope is combined(y, x, −1). Unknown units are put side by side."""
    try:
        return written(simplified(absolute(parse(first)) * absolute(parse(second)) ** power, ()))
    except (Refusal, OverflowError):  # pint reads σ as the Stefan-Boltzmann constant, whose powers overflow
        return "·".join(filter(None, (first, f"({second})^{power:g}" if second else "")))


def _factors(unit: Any) -> float:
    return sum(1 for _ in unit._units)


def _without_angles(unit: Any) -> Any:
    """An angle beside anything but a time is a pure number: an arc is a length."""
    if set(unit.dimensionality) <= {"[time]"}:
        return unit
    powers = {name: power for name, power in unit._units.items() if name not in ("radian", "degree")}
    return registry().Unit(pint.util.UnitsContainer(powers))
