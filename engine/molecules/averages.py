"""Means over time, with the standard error that correlated samples leave them.

Samples are summed into blocks; when all blocks are full, neighbours are joined and blocks become twice as long, so
a run of any length is some 32 to 64 blocks. The first quarter is left out of the mean: there the system may still
remember how it was set up. The error follows from the scatter of the blocks and the correlation of each with the
next (Flyvbjerg & Petersen, J. Chem. Phys. 91, 461, 1989, explain why blocks are needed at all).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BLOCKS = 64
LEFT_OUT = 4  # one part in this many, at the beginning
FEWEST = 8  # blocks from which an error can be told


@dataclass
class Averages:
    """Sums of samples, shape (BLOCKS, quantities); blocks that are full, samples in a block, samples in the next."""

    sums: np.ndarray
    full: int = 0
    length: int = 1
    begun: int = 0

    @classmethod
    def of(cls, quantities: int) -> "Averages":
        return cls(np.zeros((BLOCKS, quantities)))

    def add(self, sample: Sequence[float]) -> None:
        """Take one sample of all quantities."""
        self.sums[self.full] += sample
        self.begun += 1
        if self.begun == self.length:
            self.full, self.begun = self.full + 1, 0
        if self.full == BLOCKS:
            self.sums[: BLOCKS // 2] = self.sums[0::2] + self.sums[1::2]
            self.sums[BLOCKS // 2 :] = 0.0
            self.full, self.length = BLOCKS // 2, 2 * self.length

    def blocks(self, quantity: int) -> np.ndarray:
        """Means of the blocks that count."""
        return np.asarray(self.sums[self.full // LEFT_OUT : self.full, quantity] / self.length)

    def mean(self, quantity: int) -> float | None:
        """The mean; None before the first sample."""
        return float(self.blocks(quantity).mean()) if self.full else None

    def error(self, quantity: int) -> float | None:
        """Standard error of the mean; None while there are too few blocks to tell."""
        blocks = self.blocks(quantity)
        if len(blocks) < FEWEST:
            return None
        apart = blocks - blocks.mean()
        variance = apart @ apart / (len(blocks) - 1)
        with_next = apart[1:] @ apart[:-1] / (len(blocks) - 1)
        return math.sqrt((variance + 2.0 * max(0.0, float(with_next))) / len(blocks))
