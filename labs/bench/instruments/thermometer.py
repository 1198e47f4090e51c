"""A thermometer: follows the temperature of what it touches, late by its own heat capacity."""

from typing import ClassVar

from labs.bench.instrument import Instrument
from labs.bench.words import Text

LABEL: Text = {"en": "thermometer", "zh": "温度计"}


class Thermometer(Instrument):
    """First-order lag, τ dT/dt = T_true − T; `lag=0` is a sensor so small that it follows every fluctuation.

    What fluctuation the lag or the window leave in the reading is part of its uncertainty. Without either, the
    fluctuation is what is measured, and the uncertainty is the specification's alone.
    """

    kind: ClassVar[str] = "thermometer"

    def __init__(self, name: str = "thermometer", *, observable: str = "temperature", unit: str = "K", low: float = 0.0,
                 high: float = 1000.0, resolution: float = 0.1, noise: float = 0.05, zero_error: float = 0.1,
                 gain_error: float = 0.0, drift: float = 0.0, delay: float = 0.0, lag: float = 0.0, window: float = 0.0,
                 update: float = 0.0, label: Text = LABEL, key: str = "", symbol: str = "T",
                 doc: Text = "") -> None:  # fmt: skip
        super().__init__(name, label=label, observable=observable, unit=unit, low=low, high=high, resolution=resolution,
                         noise=noise, zero_error=zero_error, gain_error=gain_error, drift=drift, delay=delay, lag=lag,
                         window=window, update=update, key=key, symbol=symbol, doc=doc)
