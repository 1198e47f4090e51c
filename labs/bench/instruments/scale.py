"""A printed scale on a piece of apparatus, such as a syringe: always in view, read to a fraction of a division."""

from typing import ClassVar

from labs.bench.instrument import Instrument
from labs.bench.words import Text

LABEL: Text = {"en": "scale", "zh": "刻度"}


class Scale(Instrument):
    """A mark against printed divisions; the eye's error is drawn anew with every refresh.

    Parameters
    ----------
    reading_error
        Standard deviation of the eye [unit]; a third of the resolution if not said.
    misprint
        Standard deviation of the hidden error of the printed divisions, as a fraction.

    """

    kind: ClassVar[str] = "scale"

    def __init__(self, name: str = "scale", *, observable: str, unit: str, resolution: float, low: float, high: float,
                 reading_error: float | None = None, misprint: float = 0.0, zero_error: float = 0.0,
                 update: float = 0.0, label: Text = LABEL, key: str = "", symbol: str = "",
                 doc: Text = "") -> None:  # fmt: skip
        super().__init__(name, label=label, observable=observable, unit=unit, low=low, high=high, resolution=resolution,
                         noise=resolution / 3 if reading_error is None else reading_error, zero_error=zero_error,
                         gain_error=misprint, update=update, key=key, symbol=symbol, doc=doc)
