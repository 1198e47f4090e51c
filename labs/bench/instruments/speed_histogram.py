"""A speed histogram: how many molecules are how fast, at an instant or averaged over a window.

Counts of independent molecules scatter by √n. Over a window the same molecules are counted again and again, so what
is left of the scatter is taken from the blocks of the window, not from the number of counts.
"""

import math
from typing import Any, ClassVar

import numpy as np

from engine.chance import Chance
from engine.errors import Refusal
from engine.solver import Solver
from labs.bench.instrument import SETTLING, Instrument, Signal, true_value
from labs.bench.window import Window
from labs.bench.words import Text

LABELS: dict[str, Text] = {
    "mean": {"en": "mean speed", "zh": "平均速率"},
    "rms": {"en": "root-mean-square speed", "zh": "方均根速率"},
}
SYMBOLS = {"mean": "v̄", "rms": "v_rms"}


class SpeedHistogram(Instrument):
    """Counts per bin beside the mean or the root-mean-square speed, all from the speeds that it sees.

    Parameters
    ----------
    shows
        `mean` or `rms`.
    bins, high
        Number of equal bins from zero to `high` [unit]; faster molecules count for the mean but for no bin.

    """

    kind: ClassVar[str] = "speed_histogram"

    def __init__(self, name: str = "speeds", *, shows: str = "mean", observable: str = "speeds", unit: str = "m/s",
                 high: float, bins: int = 25, resolution: float = 1.0, gain_error: float = 0.0, window: float = 0.0,
                 update: float = 0.0, label: Text | None = None, key: str = "", symbol: str | None = None,
                 doc: Text = "") -> None:  # fmt: skip
        if shows not in LABELS:
            raise Refusal("A speed histogram shows one of {known}, not {shows!r}.", known=", ".join(LABELS),
                          shows=shows)
        super().__init__(name, label=label or LABELS[shows], observable=observable, unit=unit, low=0.0, high=high,
                         resolution=resolution, gain_error=gain_error, window=window, update=update, key=key,
                         symbol=SYMBOLS[shows] if symbol is None else symbol, doc=doc)
        self.shows, self.edges = shows, np.linspace(0.0, high, bins + 1)

    def begin(self, chance: Chance, dt: float) -> None:
        """Begin a run with no counts."""
        super().begin(chance, dt)
        self.memory.window = Window.of(self._steps(self.window)) if self.window else None

    def face(self) -> dict[str, Any]:
        """The histogram: edges of the bins, counts, and their standard uncertainties."""
        counts, errors = self.memory.more.get("counts"), self.memory.more.get("errors")
        if counts is None or errors is None:
            return {"edges": self.edges.tolist(), "counts": [], "errors": []}
        return {"edges": self.edges.tolist(), "counts": counts.tolist(), "errors": errors.tolist()}

    def _averaged(self, solver: Solver, step: int, wanted: bool) -> Signal | None:
        """The mean or rms speed; the counts go into the memory."""
        speeds = np.asarray(self._in_unit(true_value(solver, self.observable)), float)
        counts = np.histogram(speeds, self.edges)[0]
        moments = np.array([speeds.mean(), (speeds**2).mean(), *counts])
        window = self.memory.window
        if window is None:
            errors = np.array([speeds.std(ddof=1), (speeds**2).std(ddof=1)]) / math.sqrt(len(speeds))
            return self._found(moments, np.array([*errors, *np.sqrt(counts)]))
        window.add(step, moments)
        if not window.ready:
            return Signal(None, note=SETTLING)
        return self._found(window.mean(), window.error()) if wanted else None

    def _found(self, moments: np.ndarray, errors: np.ndarray) -> Signal:
        self.memory.more.update(counts=moments[2:], errors=errors[2:])
        if self.shows == "mean":
            return Signal(float(moments[0]), float(errors[0]))
        rms = math.sqrt(moments[1])
        return Signal(rms, float(errors[1]) / (2 * rms))
