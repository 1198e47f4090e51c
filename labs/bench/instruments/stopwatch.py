"""A stopwatch: the time between two presses, as shown on the student's own screen."""

import math
from dataclasses import replace
from typing import Any, ClassVar

from engine.errors import Refusal
from engine.solver import Solver
from labs.bench.instrument import Instrument, Reading, Signal
from labs.bench.words import Text

LABEL: Text = {"en": "stopwatch", "zh": "秒表"}
PRESSES = ("start", "stop", "lap", "clear")
LAPS = 20  # that the face keeps in view


class Stopwatch(Instrument):
    """Started and stopped by hand. A student's own reaction is in the presses; only scripted students draw one.

    Its uncertainty is the instrument's (resolution and rate), since nobody knows how quick a student is; readings that
    a scripted student takes include the scatter of the two presses.

    Parameters
    ----------
    reaction, reaction_spread
        Mean and standard deviation of the delay of a scripted student's press [s].

    """

    kind: ClassVar[str] = "stopwatch"
    manual: ClassVar[bool] = True

    def __init__(self, name: str = "stopwatch", *, resolution: float = 0.01, gain_error: float = 1e-5,
                 high: float = 3600.0, reaction: float = 0.20, reaction_spread: float = 0.03, unit: str = "s",
                 label: Text = LABEL, key: str = "", symbol: str = "t", doc: Text = "") -> None:  # fmt: skip
        super().__init__(name, label=label, observable="time", unit=unit, low=0.0, high=high, resolution=resolution,
                         gain_error=gain_error, key=key, symbol=symbol, doc=doc)
        self.reaction, self.reaction_spread = reaction, reaction_spread

    def sample(self, solver: Solver, step: int) -> None:
        """Runs by itself."""

    def display(self) -> Reading | None:
        """The last time taken; a face without a number while none was."""
        more = self.memory.more
        return self.memory.face or (self._word("", more["step"]) if more else None)

    def face(self) -> dict[str, Any]:
        """Whether it runs, since when [s of the solver], and the laps in view."""
        more = self.memory.more
        return {"running": False, "started": 0.0, "laps": []} | {
            name: more[name] for name in ("running", "started", "laps") if name in more
        }

    def read(self, solver: Solver, step: int, ordinal: int, press: str = "", time: float | None = None,
             scripted: bool = False, **how: Any) -> Reading | None:  # fmt: skip
        """One press at a `time` of the solver; a reading for `stop` and `lap`, None for `start` and `clear`."""
        more = self.memory.more
        press = press or ("stop" if more.get("running") else "start")
        if press not in PRESSES:
            raise Refusal("A stopwatch has no button {press!r}. It has: {known}.", press=press,
                          known=", ".join(PRESSES))
        at = self._pressed(step, time, scripted)
        more["step"] = step
        if press in ("start", "clear"):
            more.update(running=press == "start", started=at, laps=[], scripted=scripted)
            self.memory.face = None
            return None
        if not more.get("running"):
            raise Refusal("The stopwatch is not running. Start it first.")
        reading = self._taken(at - more["started"], step, scripted and more["scripted"])
        if press == "lap":
            more["laps"] = [*more["laps"], reading.text][-LAPS:]
        more["running"] = press == "lap"
        return reading

    def _pressed(self, step: int, time: float | None, scripted: bool) -> float:
        """When the button went down [s]: never later than the solver is, except by a scripted student's reaction."""
        now = step * self._dt
        at = now if time is None or not math.isfinite(time) else min(max(float(time), 0.0), now)
        if not scripted:
            return at
        presses = self.memory.more["presses"] = self.memory.more.get("presses", 0) + 1
        return at + self.reaction + self.reaction_spread * self._noise.normal(presses)

    def _taken(self, elapsed: float, step: int, scripted: bool) -> Reading:
        shown = self._shown(Signal(max(0.0, elapsed) / self._factor), step, 0)
        if scripted and shown.uncertainty is not None:
            spread = math.sqrt(2) * self.reaction_spread / self._factor
            shown = replace(shown, uncertainty=math.hypot(shown.uncertainty, spread))
        self.memory.face = shown
        return shown
