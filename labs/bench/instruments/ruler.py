"""A ruler laid beside a length, and read by eye at both of its ends."""

import math
from typing import ClassVar

from labs.bench.instruments.by_eye import ByEye
from labs.bench.words import Text

LABEL: Text = {"en": "ruler", "zh": "直尺"}


class Ruler(ByEye):
    """Millimetres; the eye errs at both ends, and the ruler's own end is worn by a length that stays hidden.

    Parameters
    ----------
    reading_error
        Standard deviation of the eye at one end [unit].
    worn
        Standard deviation of the hidden zero error [unit].

    """

    kind: ClassVar[str] = "ruler"

    def __init__(self, name: str = "ruler", *, observable: str = "length", unit: str = "m", resolution: float = 1e-3,
                 reading_error: float = 0.5e-3, worn: float = 0.3e-3, low: float = 0.0, high: float = 2.0,
                 label: Text = LABEL, key: str = "", symbol: str = "", doc: Text = "") -> None:  # fmt: skip
        super().__init__(name, label=label, observable=observable, unit=unit, low=low, high=high, resolution=resolution,
                         noise=math.sqrt(2) * reading_error, zero_error=worn, key=key, symbol=symbol, doc=doc)
