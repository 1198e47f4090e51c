"""An averaging window: the mean of a fluctuating signal, and how far that mean may still be off.

The window is cut into blocks. Their scatter tells the standard error of the mean, if neighbouring blocks do not know
of each other; as they do, the error is widened by the correlation ρ of neighbours, (1 + ρ)/(1 − ρ) for a signal whose
memory fades exponentially (Zięba, Metrol. Meas. Syst. 17, 3, 2010), and for the few blocks from which the scatter
itself is known (Student's t with ν degrees of freedom has variance ν/(ν − 2)).
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BLOCKS = 32  # in a full window, where samples come often enough
FEWEST = 8  # blocks from which an error can be told
STRUCK = 8  # blocks that must have been hit, where single impulses are counted
STRONGEST = 0.9  # correlation of neighbours that is still believed
OPPOSED = -0.6  # the same where blocks alternate
TINY = 1e-300  # keeps a signal without any scatter from dividing by zero


@dataclass
class Window:
    """Blocks of a signal: `length` and `span` in steps; a cumulative signal is differenced, another one averaged.

    Where samples come seldom, more than the span is kept, so that an error can still be told; the mean looks no
    further back than the weights say.
    """

    length: int
    span: int
    cumulative: bool = False
    blocks: deque[Any] = field(default_factory=deque)
    lengths: deque[int] = field(default_factory=deque)
    opened: int | None = None
    held: Any = 0.0
    """The cumulative signal at the opening of the block, or the sum of its samples."""
    samples: int = 0
    struck: int = 0
    """Blocks in which a cumulative signal grew at all."""
    closed: int = 0
    """Blocks since the beginning."""

    @classmethod
    def of(cls, span: int, cumulative: bool = False) -> "Window":
        """A window of `span` steps."""
        return cls(max(1, span // BLOCKS), span, cumulative)

    def add(self, step: int, value: Any) -> None:
        """Take the signal at a step; samples come in the order of steps. Cumulative blocks are means per step."""
        if self.opened is None:
            self.opened, self.held = step, value if self.cumulative else 0.0
            return
        if not self.cumulative:
            self.held, self.samples = self.held + value, self.samples + 1
        length = step - self.opened
        if length >= self.length:
            self._close((value - self.held) / length if self.cumulative else self.held / self.samples, length)
            self.opened, self.held, self.samples = step, value if self.cumulative else 0.0, 0

    def _close(self, block: Any, length: int) -> None:
        self.closed += 1
        self.blocks.append(block)
        self.lengths.append(length)
        while sum(self.lengths) > self.span and len(self.blocks) > FEWEST:
            self.blocks.popleft()
            self.lengths.popleft()
        if self.cumulative:
            self.struck = sum(block != 0.0 for block in self.blocks)

    @property
    def ready(self) -> bool:
        """Whether there is enough to tell a mean and its error."""
        return len(self.blocks) >= FEWEST and (not self.cumulative or self.struck >= STRUCK)

    def ages(self) -> np.ndarray:
        """Steps from the middle of each block to the end of the last, shape (blocks,)."""
        lengths = np.array(self.lengths, float)
        return np.asarray(np.cumsum(lengths[::-1])[::-1] - lengths / 2)

    def even(self) -> np.ndarray:
        """Weights of one for the blocks within the span; the last block always counts."""
        weights = (self.ages() < self.span).astype(float)
        weights[-1] = 1.0
        return weights

    def mean(self, weights: np.ndarray | None = None) -> Any:
        """Mean in which the blocks have these weights; those within the span evenly, if not said."""
        return np.average(np.array(self.blocks), axis=0, weights=self.even() if weights is None else weights)

    def error(self, weights: np.ndarray | None = None) -> Any:
        """Standard error of that mean."""
        error = standard_error(np.array(self.blocks), self.even() if weights is None else weights)
        if self.cumulative and 0 < self.struck < len(self.blocks):
            # So few impulses that a window with too few of them also shows too little scatter.
            error = error * math.sqrt(1 + 2 / self.struck)
        return error


def standard_error(blocks: np.ndarray, weights: np.ndarray) -> Any:
    """Standard error of Σ w x / Σ w over the blocks x, shape (n, …)."""
    count = len(blocks)
    apart = blocks - blocks.mean(axis=0)
    squares = (apart * apart).sum(axis=0)
    neighbours = (apart[1:] * apart[:-1]).sum(axis=0) / (squares + TINY)
    neighbours = neighbours + (1 + 3 * neighbours) / count  # its bias in short series (Kendall 1954)
    opposed = np.where(neighbours < -2 / math.sqrt(count), neighbours, 0.0)  # a weaker alternation is chance
    believed = np.minimum(np.maximum(neighbours, np.maximum(opposed, OPPOSED)), STRONGEST)
    widened = (1 + believed) / (1 - believed)
    freedom = np.minimum(np.maximum(count / widened, 4.0), count) - 1
    share = (weights * weights).sum() / weights.sum() ** 2
    return np.sqrt(squares / (count - 1) * share * widened * freedom / (freedom - 2))
