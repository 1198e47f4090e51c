"""A photogate: a beam of light at the lowest point, and a crystal clock that notes when the bob darkens it.

The solver tells when the bob's edges pass the beam (observables `beam_blocked`, `beam_cleared`, found within a step by
interpolation); the gate adds what a gate adds: jitter of each edge, the rate of its crystal, the count of its clock,
and a beam that is not a line: it trips somewhere within its width, which makes the bob look longer or shorter.
"""

import math
from typing import Any, ClassVar

from engine.chance import Chance
from engine.errors import Refusal
from engine.solver import Solver
from labs.bench.instrument import Instrument, Reading, Signal, true_value
from labs.bench.words import Text, _

PERIOD: Text = {"en": "photogate: period", "zh": "光电门：周期"}
PASSAGE: Text = {"en": "photogate: passage", "zh": "光电门：挡光时间"}
WAITING = _("waiting for the bob")
LONGEST = 15  # periods over which it can average: the solver remembers 32 edges


class Photogate(Instrument):
    """Shows the last period (every second darkening, mean of `periods`), or how long the last passage was dark.

    Parameters
    ----------
    shows
        `period` or `passage`.
    beam, clock, jitter
        Width of the beam [m], count of the clock [s], standard deviation of an edge [s].
    gain_error
        Standard deviation of the hidden rate of the crystal.

    """

    kind: ClassVar[str] = "photogate"

    def __init__(self, name: str = "photogate", *, shows: str = "period", periods: int = 1, beam: float = 2e-3,
                 clock: float = 1e-4, jitter: float = 2e-5, gain_error: float = 1e-5, high: float = 100.0,
                 unit: str = "s", label: Text | None = None, key: str = "", symbol: str | None = None,
                 doc: Text = "") -> None:  # fmt: skip
        if shows not in ("period", "passage") or not 1 <= periods <= LONGEST:
            raise Refusal("A photogate shows a period of 1 to {most} swings or a passage, not {shows!r} of {periods}.",
                          most=LONGEST, shows=shows, periods=periods)
        passing = shows == "passage"
        super().__init__(name, label=label or (PASSAGE if passing else PERIOD), unit=unit, low=0.0, high=high,
                         observable="beam_cleared" if passing else "beam_blocked", gain_error=gain_error, key=key,
                         resolution=clock / 10 ** math.ceil(math.log10(periods)),
                         symbol=symbol if symbol is not None else ("" if passing else "T"), doc=doc)  # fmt: skip
        self.shows, self.periods, self.beam, self.clock, self.jitter = shows, periods, beam, clock, jitter

    def begin(self, chance: Chance, dt: float) -> None:
        """Begin a run; where within its width the beam trips and where in its count the clock stands is drawn here."""
        super().begin(chance, dt)
        self._phase = chance.child("phase").uniform(0)
        self._trip = self.beam / math.sqrt(12) * chance.child("trip").normal(0)

    def sample(self, solver: Solver, step: int) -> None:
        """Note new edges."""
        edges = true_value(solver, self.observable)
        last = float(edges[-1]) if len(edges) else None
        if self.memory.face is not None and last == self.memory.more["edge"]:
            return
        self.memory.more["edge"] = last
        self.memory.face = self._period(edges, step) if self.shows == "period" else self._passage(solver, edges, step)

    def descriptor(self) -> dict[str, Any]:
        """The specification, the width of the beam included."""
        return {**super().descriptor(), "beam": self.beam, "noise": self.jitter, "periods": self.periods}

    def _period(self, edges: Any, step: int) -> Reading:
        """Every second darkening is a full swing."""
        if len(edges) <= 2 * self.periods:
            return self._word(WAITING, step)
        first, last = float(edges[-1 - 2 * self.periods]), float(edges[-1])
        counted = self._stamp(last, 0) - self._stamp(first, 0)
        # With one period the face's own resolution is the count of one of the two edges.
        edges_counted = 12 if self.periods == 1 else 6
        left = math.hypot(math.sqrt(2) * self.jitter, self.clock / math.sqrt(edges_counted))
        return self._shown(Signal(counted / self.periods / self._factor, left / self.periods / self._factor), step, 0)

    def _passage(self, solver: Solver, cleared: Any, step: int) -> Reading:
        """From the last darkening to the light after it."""
        dark = [float(edge) for edge in true_value(solver, "beam_blocked") if len(cleared) and edge < cleared[-1]]
        speed = float(true_value(solver, "passage_speed"))
        if not dark or speed == 0:
            return self._word(WAITING, step)
        first, last = dark[-1], float(cleared[-1])
        counted = self._stamp(last, 1, self._trip / speed) - self._stamp(first, 0)
        left = math.hypot(math.sqrt(2) * self.jitter, self.clock / math.sqrt(12), self.beam / math.sqrt(12) / speed)
        return self._shown(Signal(counted / self._factor, left / self._factor), step, 0)

    def _stamp(self, edge: float, side: int, late: float = 0.0) -> float:
        """What the clock counts at an edge [s]: whole counts, with a jitter that is always the same for the same edge.

        Its crystal's rate is put in here only to tell the counts; the chain of the instrument applies it.
        """
        late += self.jitter * self._noise.normal(int(edge / self._dt), side)
        return math.floor((edge + late) * self._gain / self.clock + self._phase) * self.clock / self._gain
