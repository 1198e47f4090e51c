"""What is read by eye: nothing to see until somebody looks, and every look is a little different."""

from typing import Any, ClassVar

from engine.solver import Solver
from labs.bench.instrument import Instrument, Reading, Signal, true_value


class ByEye(Instrument):
    """An instrument without a display. Each reading draws its own error; the face keeps the last one."""

    kind: ClassVar[str] = "by_eye"
    manual: ClassVar[bool] = True

    def sample(self, solver: Solver, step: int) -> None:
        """Shows nothing by itself."""

    def read(self, solver: Solver, step: int, ordinal: int, **how: Any) -> Reading:
        """Look now; `ordinal` numbers the looks."""
        seen = Signal(float(self._in_unit(true_value(solver, self.observable))))
        self.memory.face = self._shown(seen, step, ordinal)
        return self.memory.face
