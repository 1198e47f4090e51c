"""Digits follow the uncertainty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.bench.digits import beside, digits, last_place, pair

LINE = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


@pytest.mark.parametrize(("value", "uncertainty", "shown"), [
    (9.8123, 0.0423, "9.81 ± 0.04"),
    (9.8123, 0.0143, "9.812 ± 0.014"),
    (101325.0, 3.0, "101325 ± 3"),
    (123456.0, 1200.0, "123500 ± 1200"),
    (3489.505, 78.8, "3490 ± 80"),
    (1234567.0, 12000.0, "(1.235 ± 0.012)×10⁶"),
    (4.14e-21, 3.2e-23, "(4.14 ± 0.03)×10⁻²¹"),
    (99.97, 0.096, "99.97 ± 0.10"),
    (-0.5, 0.3, "−0.5 ± 0.3"),
    (0.0, 0.02, "0.000 ± 0.020"),
    (1.9286e-4, 2.1e-7, "(1.9286 ± 0.0021)×10⁻⁴"),
    (5.0, None, "5"),
    (5.0, 0.0, "5"),
])
def test_known_cases(value: float, uncertainty: float | None, shown: str) -> None:
    assert pair(value, uncertainty) == shown


def test_nothing_is_shown_for_nothing() -> None:
    assert digits(None) == digits(float("nan"), 1.0) == ("", "")


@given(value=st.floats(-1e12, 1e12), relative=st.floats(1e-6, 1e3))
def test_rounding_costs_less_than_the_uncertainty_allows(value: float, relative: float) -> None:
    """At most a sixth of the uncertainty is lost from the value, at most a sixth from the uncertainty itself."""
    uncertainty = max(abs(value), 1e-9) * relative
    shown, spread = (float(text.replace("×10", "e").translate(LINE)) for text in digits(value, uncertainty))
    assert abs(shown - value) <= uncertainty / 6
    assert abs(spread - uncertainty) <= uncertainty / 6
    assert 10.0 ** last_place(uncertainty) <= uncertainty * 1.001


@pytest.mark.parametrize(("text", "uncertainty", "shown"), [
    ("1.06", 0.0101, "0.01"), ("101.3", 0.42, "0.4"), ("2.40", 0.0029, "0.0029"), ("7", 0.3, "0.3"),
    ("300", 12.0, "12"), ("3490", 79.0, "80"), ("1.06", None, ""), ("1.2×10⁻⁷", 3e-9, "0.03×10⁻⁷")])
def test_an_uncertainty_ends_where_the_instruments_digits_end(text: str, uncertainty: float, shown: str) -> None:
    value = float(text.replace("×10⁻⁷", "e-7"))
    assert beside(text, value, uncertainty) == shown
