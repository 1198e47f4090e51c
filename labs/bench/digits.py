"""How many digits a number deserves: as many as its standard uncertainty supports.

The uncertainty is given to two significant digits when it begins with 1 or 2, else to one (rounding 0.14 to 0.1 would
change it by a third); the value ends at the same decimal place (Guide to the Expression of Uncertainty, 7.2.6).
"""

import math

PLAIN = range(-3, 6)  # powers of ten that are written out; beyond, as 4.14×10⁻²¹
EXACT = 6  # significant digits of a number without uncertainty
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def digits(value: float | None, uncertainty: float | None = None) -> tuple[str, str]:
    """Value and uncertainty as texts that end at the same place; empty where there is nothing to show."""
    if value is None or not math.isfinite(value):
        return "", ""
    if not uncertainty or not math.isfinite(uncertainty):
        power = _power(value) if value else 0
        text = f"{value:.{EXACT}g}" if power in PLAIN else f"{value / 10.0**power:.{EXACT}g}"
        return text.replace("-", "−") + _tens(power), ""
    place = last_place(uncertainty)
    power = max(_power(value) if value else place, place)
    power = 0 if power in PLAIN else power
    return _fixed(value, place, power), _fixed(uncertainty, place, power)


def last_place(uncertainty: float) -> int:
    """The power of ten at which value and uncertainty end: 0.0234 → −3, 0.061 → −2, 1200 → 2."""
    power = _power(float(f"{uncertainty:.1e}"))
    return power - 1 if f"{uncertainty:.1e}"[0] in "12" else power


def pair(value: float | None, uncertainty: float | None = None) -> str:
    """Both in one text: `9.81 ± 0.04`, `(4.14 ± 0.03)×10⁻²¹`."""
    text, spread = digits(value, uncertainty)
    if not spread:
        return text
    head, times, tail = text.partition("×")
    return f"({head} ± {spread.partition('×')[0]})×{tail}" if times else f"{text} ± {spread}"


def beside(text: str, value: float | None, uncertainty: float | None) -> str:
    """The uncertainty as it stands beside digits that an instrument shows: ending where they end, if that shows it."""
    if not uncertainty or "×" in text or not math.isfinite(uncertainty):
        return digits(value, uncertainty)[1]
    decimals = len(text.partition(".")[2])
    fits = 10.0**-decimals <= uncertainty and (decimals or last_place(uncertainty) == 0)
    return f"{uncertainty:.{decimals}f}" if fits else digits(value, uncertainty)[1]


def _power(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def _tens(power: int) -> str:
    return "" if power in PLAIN else "×10" + str(power).translate(_RAISED)


def _fixed(value: float, place: int, power: int) -> str:
    text = f"{round(value, -place) / 10.0**power:.{max(power - place, 0)}f}"
    return text.replace("-", "−") + ("×10" + str(power).translate(_RAISED) if power else "")
