"""Units are combined and written as a person would."""

import pytest

from engine.errors import Refusal
from labs.bench.units import combined, parse, scale, simplified, written


@pytest.mark.parametrize(("product", "shown"), [
    ("kPa*mL", "kPa·mL"), ("kg*m**2/s**2", "J"), ("kg*m/s**2", "N"), ("N*m", "N·m"), ("kPa/kPa", ""), ("m*rad", "m"),
    ("rad/s", "rad/s"), ("um", "µm"), ("J/K/mol", "J/(K·mol)"), ("s**0.5", "s^0.5"), ("degC", "°C"), ("percent", ""),
    ("degree", "°"), ("1/mL", "1/mL"), ("s**2", "s²"), ("MPa*nm**3/zJ*m", "m"), ("percent*m", "m")])
def test_simplified(product: str, shown: str) -> None:
    unit = simplified(parse(product), ())
    assert written(unit) == shown
    assert parse(shown) == unit, "what is written can be read again"


def test_a_columns_own_unit_is_preferred() -> None:
    assert written(simplified(parse("m*cm/m"), [parse("s"), parse("cm")])) == "cm"


def test_unit_of_a_slope() -> None:
    assert combined("s²", "m", -1) == "s²/m"
    assert combined("kPa", "1/mL", -1) == "kPa·mL"
    assert combined("", "°C", -1) == "1/K"


def test_celsius_has_its_zero() -> None:
    assert scale(parse("°C")) == pytest.approx((1.0, 273.15))


def test_an_unknown_unit_is_refused_in_words() -> None:
    with pytest.raises(Refusal, match="'furlongs per fortnite' is not known"):
        parse("furlongs per fortnite")
