"""The state of a fluid: where its molecules are, how they move, and what has been counted. All numbers are reduced."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.molecules.averages import Averages
from engine.runtime import runtime
from engine.solver import Snapshot


@dataclass
class Gas:
    """Molecules in the order of their cells. Arrays are (3, number) or (number,), on the back end."""

    place: Any
    """[σ]; between two sortings a molecule may be a little outside a periodic box"""
    velocity: Any
    """[√(ε/m)]"""
    force: Any
    """[ε/σ]"""
    anchor: Any
    """places when neighbours were last listed"""
    moved: Any
    """square of the way since then [σ²]"""
    identity: Any
    """who is where"""
    struck: Any
    """momentum given to the piston and to the other walls since the last tally, shape (2, number)"""
    impulse: np.ndarray
    """impulse per area up to then: on the piston, on the other walls, on all; on the host"""
    averages: Averages
    piston: float
    """where it is"""
    listed_piston: float
    """where it was when neighbours were last listed"""
    work: float = 0.0
    """done on the gas by the piston"""
    impulse_sampled: float = 0.0
    """impulse per area on all walls at the last sample"""
    energy_at_start: float = 0.0

    @classmethod
    def of(cls, places: np.ndarray, velocities: np.ndarray, piston: float, averaged: int) -> "Gas":
        """Molecules that are about to start, in the precision of `places`."""
        host, number, real = runtime().from_host, places.shape[1], places.dtype
        empty = [runtime().array(shape, real) for shape in ((3, number), (3, number), (number,), (2, number))]
        force, anchor, moved, struck = empty
        identity = host(np.arange(number, dtype=np.int32))
        return cls(host(places), host(velocities.astype(real)), force, anchor, moved, identity, struck, np.zeros(3),
                   Averages.of(averaged), piston, piston)  # fmt: skip

    def keep_on_host(self, snapshot: Snapshot) -> None:
        """After a restoration: what is counted on the host belongs there, whatever the back end."""
        self.impulse = snapshot.arrays["impulse"].copy()
        self.averages.sums = snapshot.arrays["averages.sums"].copy()
