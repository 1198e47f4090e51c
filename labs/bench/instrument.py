"""Instrument: the only way from a solver to a student. A specification, and the readings that follow from it.

True value → average over the window → delay → lag → gain, zero error, drift → noise → range → resolution. A reading
carries its standard uncertainty: what the specification admits, and the fluctuation left in the window. Zero, gain
and drift are drawn once for a run and stay hidden; noise is drawn by the number of the refresh, so that the same run
shows the same digits however it is watched.
"""

import copy
import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from engine.chance import Chance
from engine.errors import Refusal
from engine.solver import Solver
from labs.bench.units import parse, scale
from labs.bench.window import Window
from labs.bench.words import Text, _, both, both_say

ABOVE = _("above the range")
BELOW = _("below the range")
SETTLING = _("settling")
NOTHING = _("nothing to read yet")
MEMORY = 4  # lags after which a value is forgotten, to 2 %
SETTLED = 3  # lags after which a lagging instrument is taken to have settled
PREFIXES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps"), (1e-15, "fs"))


@dataclass(frozen=True)
class Reading:
    """What an instrument showed. `value` is rounded as shown, or None when the face shows a word instead."""

    instrument: str
    value: float | None
    unit: str
    uncertainty: float | None
    step: int
    time: float
    text: str
    ok: bool = True
    note: str = ""


class Signal(NamedTuple):
    """What reaches the face: a value in the instrument's unit, its fluctuation, and a note when there is no value."""

    value: float | None
    fluctuation: float = 0.0
    note: str = ""


@dataclass
class Memory:
    """All that changes in an instrument during a run."""

    window: Window | None = None
    waiting: deque[tuple[int, Signal]] = field(default_factory=deque)
    lagged: tuple[int, float, float] | None = None
    """Step, input and output of the lag."""
    told: tuple[int, float, float] | None = None
    """Blocks closed when mean and error were last worked out, and these."""
    refreshed: int = -1
    face: Reading | None = None
    more: dict[str, Any] = field(default_factory=dict)


class Instrument:
    """A meter with a digital face, and what all instruments share.

    Parameters
    ----------
    name
        Unique on the bench; the column of its readings in the table.
    observable, unit
        What it reads of the solver (an observable or a quantity, in SI), and the unit in which it shows that.
    low, high, resolution
        Range and last digit of the face, in `unit`.
    noise, zero_error, gain_error, drift
        Standard deviations: of each refresh [unit], of the hidden zero [unit], of the hidden gain [1], of the hidden
        drift of the zero [unit per second of the solver].
    delay, lag, window, update
        Seconds of the solver: how late, with which time constant, averaged over what, shown how often.
    cumulative
        The observable is a running sum, such as impulse per area: the instrument shows its growth per second.

    """

    kind: ClassVar[str] = "digital"
    manual: ClassVar[bool] = False

    def __init__(self, name: str, *, label: Text, observable: str, unit: str, resolution: float,
                 low: float = -math.inf, high: float = math.inf, noise: float = 0.0, zero_error: float = 0.0,
                 gain_error: float = 0.0, drift: float = 0.0, delay: float = 0.0, lag: float = 0.0, window: float = 0.0,
                 update: float = 0.0, cumulative: bool = False, key: str = "", symbol: str = "",
                 doc: Text = "") -> None:  # fmt: skip
        self.name, self.label, self.doc, self.observable, self.unit = name, label, doc, observable, unit
        self.low, self.high, self.resolution = low, high, resolution
        self.noise, self.zero_error, self.gain_error, self.drift = noise, zero_error, gain_error, drift
        self.delay, self.lag, self.window, self.update = delay, lag, window, update
        self.cumulative, self.key, self.symbol = cumulative, key, symbol
        if cumulative and not window:
            raise Refusal("{name} shows the growth of a running sum: give it a window.", name=name)
        self._factor, self._offset = scale(parse(unit))
        self.memory = Memory()

    def begin(self, chance: Chance, dt: float) -> None:
        """Begin a run: `chance` is this instrument's own, `dt` the solver's time per step."""
        self._dt = dt
        self._noise = chance.child("noise")
        self._zero = self.zero_error * chance.child("zero").normal(0)
        self._gain = 1 + self.gain_error * chance.child("gain").normal(0)
        self._creep = self.drift * chance.child("drift").normal(0)
        horizon = self.window + MEMORY * self.lag
        self.memory = Memory(Window.of(self._steps(horizon), self.cumulative) if horizon else None)

    def sample(self, solver: Solver, step: int) -> None:
        """Look at the solver; called on the bench's grid of steps, in their order."""
        refresh = step // max(1, self._steps(self.update))
        due = refresh > self.memory.refreshed
        signal = self._lagging(step, self._delayed(step, self._averaged(solver, step, due or self.delay > 0)))
        if due and signal is not None:
            self.memory.refreshed = refresh
            self.memory.face = self._shown(signal, step, refresh)

    def display(self) -> Reading | None:
        """What the face shows now; None when it is still dark."""
        return self.memory.face

    def face(self) -> dict[str, Any]:
        """What the face shows beside the number, as plain data."""
        return {}

    def read(self, solver: Solver, step: int, ordinal: int, **how: Any) -> Reading | None:
        """A reading taken by the student: of a digital instrument, what its face shows."""
        shown = self.display() or self._word(NOTHING, step)
        return replace(shown, step=step, time=step * self._dt)

    def descriptor(self) -> dict[str, Any]:
        """The specification, as a student may see it."""
        time, unit = PREFIXES[0]
        asked = max(self.window, self.delay, self.lag)
        if asked:
            time, unit = next((pair for pair in PREFIXES if asked >= pair[0]), PREFIXES[-1])
        return {
            "name": self.name, "label": both(self.label), "doc": both(self.doc), "symbol": self.symbol,
            "unit": self.unit, "kind": self.kind, "manual": self.manual, "key": self.key, "resolution": self.resolution,
            "low": _finite(self.low), "high": _finite(self.high), "noise": self.noise, "accuracy": self._accuracy(),
            "window": self.window / time, "delay": self.delay / time, "lag": self.lag / time, "window_unit": unit,
        }  # fmt: skip

    def snapshot(self) -> Memory:
        """All that changes during a run."""
        return copy.deepcopy(self.memory)

    def restore(self, memory: Memory) -> None:
        """Go on from a snapshot."""
        self.memory = copy.deepcopy(memory)

    # The chain

    def _averaged(self, solver: Solver, step: int, wanted: bool) -> Signal | None:
        """The value in the instrument's unit, averaged over the window; with the error left in it, where wanted."""
        true = self._in_unit(true_value(solver, self.observable))
        window = self.memory.window
        if window is None:
            return Signal(float(true))
        window.add(step, true)
        if not window.ready:
            return Signal(None if self.window else float(true), math.nan, SETTLING)
        if not (wanted or self.lag):
            return None
        if self.memory.told is None or self.memory.told[0] != window.closed:
            self.memory.told = window.closed, *self._told(window)
        _closed, mean, error = self.memory.told
        return Signal(mean if self.window else float(true), error)

    def _told(self, window: Window) -> tuple[float, float]:
        """Mean of the window, and the standard error that is left of the fluctuation after window and lag."""
        age = window.ages() * self._dt
        within = np.where(age < self.window, 1.0, 0.0)
        within[-1] = 1.0
        per_step = self._dt if self.cumulative else 1.0
        weights = self._weights(age) if self.lag else within
        return float(window.mean(within)) / per_step, float(window.error(weights)) / per_step

    def _weights(self, age: np.ndarray) -> np.ndarray:
        """How much blocks of an age [s] count in a lagged signal: the window's share, fading with the lag."""
        lag, span = self.lag, self.window
        if not span:
            return np.asarray(np.exp(-age / lag))
        inside = -np.expm1(-np.minimum(age, span) / lag)
        return np.asarray(np.where(age < span, inside, np.exp(-age / lag) * math.expm1(span / lag)))

    def _delayed(self, step: int, signal: Signal | None) -> Signal | None:
        """The signal as it was a delay ago; None before there was one."""
        if not self.delay or signal is None:
            return signal
        waiting, due = self.memory.waiting, step - self._steps(self.delay)
        waiting.append((step, signal))
        while len(waiting) > 1 and waiting[1][0] <= due:
            waiting.popleft()
        return waiting[0][1] if waiting[0][0] <= due else None

    def _lagging(self, step: int, signal: Signal | None) -> Signal | None:
        """The answer of τ dy/dt = x − y to an input that is straight between samples; at rest at the beginning."""
        if not self.lag or signal is None or signal.value is None:
            return signal
        x = signal.value
        last, before, output = self.memory.lagged or (step, x, x)
        since = (step - last) * self._dt / self.lag
        if since > 0:
            slope = (x - before) / since
            output = x - slope + (output - before + slope) * math.exp(-since)
        self.memory.lagged = step, x, output
        young = step * self._dt < SETTLED * self.lag
        return Signal(output, signal.fluctuation, SETTLING if young else "")

    # The face

    def _shown(self, signal: Signal, step: int, draw: int) -> Reading:
        """The reading that shows a signal; `draw` numbers the noise."""
        if signal.value is None or math.isnan(signal.fluctuation):
            return self._word(signal.note or SETTLING, step)
        time = step * self._dt
        value = self._gain * signal.value + self._zero + self._creep * time + self.noise * self._noise.normal(draw)
        if not self.low <= value <= self.high:
            return self._word(BELOW if value < self.low else ABOVE, step)
        value, text = rounded(value, self.resolution)
        uncertainty = math.hypot(self._specified(value, time), signal.fluctuation)
        return Reading(self.name, value, self.unit, uncertainty, step, time, text, True, signal.note)

    def _specified(self, value: float, time: float) -> float:
        """Standard uncertainty from the specification alone."""
        return math.hypot(self.noise, self.resolution / math.sqrt(12), self.zero_error, self.gain_error * value,
                          self.drift * time)  # fmt: skip

    def _word(self, note: str, step: int) -> Reading:
        """A face that shows a word instead of a number."""
        return Reading(self.name, None, self.unit, None, step, step * self._dt, "", False, note)

    def _accuracy(self) -> Any:
        """Zero and gain error in words; a plain number when there is no gain error."""
        if not self.gain_error:
            return self.zero_error
        gain, zero = f"{100 * self.gain_error:.2g}", f"{self.zero_error:.2g}"
        if not self.zero_error:
            return both_say("{gain} % of the reading", gain=gain)
        return both_say("{zero} {unit} and {gain} % of the reading", zero=zero, unit=self.unit, gain=gain)

    def _steps(self, seconds: float) -> int:
        return round(seconds / self._dt)

    def _in_unit(self, si: Any) -> Any:
        """From SI into the unit of the face; a running sum has no zero to shift."""
        return si / self._factor if self.cumulative else (si - self._offset) / self._factor


def true_value(solver: Solver, name: str) -> Any:
    """An observable or a quantity of the solver, in SI."""
    found = getattr(solver, name, None)
    if found is None:
        return solver.observe(name)  # refuses, and names the nearest one that exists
    return found() if callable(found) else found


def rounded(value: float, resolution: float) -> tuple[float, str]:
    """The value as a face of this resolution shows it, and its digits: 0.5 shows halves, 0.02 even hundredths."""
    text = f"{round(value / resolution) * resolution:.{places(resolution)}f}"
    text = text.removeprefix("-") if float(text) == 0 else text
    return float(text), text


def places(resolution: float) -> int:
    """Decimal places that a resolution needs: 0.01 → 2, 0.5 → 1, 0.25 → 2, 10 → 0."""
    for decimals in range(16):
        if math.isclose(resolution * 10**decimals, round(resolution * 10**decimals), rel_tol=1e-9):
            return decimals
    return 16


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
