"""A pressure gauge: counts what molecules give to a wall, and divides by the time.

Pressure is nowhere in the solver's equations; the gauge differences the impulse per area that a wall has received.
Few impacts in the window make a large uncertainty, and too few no reading at all.
"""

from typing import ClassVar

from labs.bench.instrument import Instrument
from labs.bench.words import Text

LABEL: Text = {"en": "pressure", "zh": "压强"}


class PressureGauge(Instrument):
    """Averages over its window; `observable` is the impulse per area on its wall since the start [Pa s]."""

    kind: ClassVar[str] = "pressure_gauge"

    def __init__(self, name: str = "pressure", *, window: float, observable: str = "wall_impulse", unit: str = "kPa",
                 low: float = 0.0, high: float, resolution: float, noise: float = 0.0, zero_error: float = 0.0,
                 gain_error: float = 0.0, drift: float = 0.0, delay: float = 0.0, lag: float = 0.0, update: float = 0.0,
                 label: Text = LABEL, key: str = "", symbol: str = "p", doc: Text = "") -> None:  # fmt: skip
        super().__init__(name, label=label, observable=observable, unit=unit, low=low, high=high, resolution=resolution,
                         noise=noise, zero_error=zero_error, gain_error=gain_error, drift=drift, delay=delay, lag=lag,
                         window=window, update=update, cumulative=True, key=key, symbol=symbol, doc=doc)
