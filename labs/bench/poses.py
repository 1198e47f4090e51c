"""What moves on the bench, read from a solver and packed for the wire.

Positions of molecules travel as 16-bit integers between two corners, speeds as one byte, poses of parts as 32-bit
floats.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import Refusal
from labs.bench.shapes import Shape, Text
from labs.bench.solids import aim

Reader = Callable[[Any], Any]
POSE = 11  # numbers per part: position 3, quaternion 4, scale 3, glow 1
FINEST, FASTEST, TAGGED = 65535, 254, 255  # a speed byte of 255 marks the one molecule that is tagged
UP = {"y": (0, 1, 2), "z": (1, 2, 0), "x": (2, 0, 1)}  # cyclic, so that right hands stay right hands


@dataclass(frozen=True)
class Frame:
    """From the solver's frame to the picture's: turn `up` upwards, move `centre` to the origin, multiply by `scale`."""

    up: str = "y"
    centre: NDArray[np.floating] = field(default_factory=lambda: np.zeros(3))
    scale: float = 1.0

    def turn(self, vectors: Any) -> NDArray[np.floating]:
        """Solver's components, shape (..., 3), in the bench's order."""
        return np.asarray(vectors, float)[..., list(UP[self.up])]

    def place(self, bench: Any) -> NDArray[np.floating]:
        """Points of the bench, shape (..., 3), in the picture."""
        return (np.asarray(bench, float) - self.centre) * self.scale


@dataclass
class Part:
    """A shape on the bench, and what it follows: each reader takes the solver."""

    shape: Shape
    position: Reader | None = None
    quaternion: Reader | None = None
    scale: Reader | None = None
    ends: Reader | None = None
    glow: Reader | None = None

    @property
    def moves(self) -> bool:
        return any((self.position, self.quaternion, self.scale, self.ends, self.glow))

    def pose(self, solver: Any, frame: Frame) -> NDArray[np.float32]:
        """Position, quaternion, scale and glow now, shape (11,)."""
        place: NDArray[np.floating] = np.zeros(3)
        turn: NDArray[np.floating] = np.array([0.0, 0.0, 0.0, 1.0])
        size: NDArray[np.floating] = np.ones(3)
        if self.ends is not None:
            first, last = frame.turn(self.ends(solver))
            length = float(np.linalg.norm(last - first))
            place, turn = first, aim(last - first)
            size = frame.scale * (np.full(3, length) if self.shape.stretch == "whole" else np.array([1.0, length, 1.0]))
        if self.position is not None:
            place = frame.turn(self.position(solver))
        if self.quaternion is not None:
            given = np.asarray(self.quaternion(solver), float)
            turn = np.concatenate([frame.turn(given[:3]), given[3:]])
        if self.scale is not None:
            size = np.broadcast_to(np.asarray(self.scale(solver), float), (3,))
        glow = 0.0 if self.glow is None else float(self.glow(solver))
        return self._checked(np.concatenate([frame.place(place), turn, size, [glow]]))

    def _checked(self, pose: NDArray[np.floating]) -> NDArray[np.float32]:
        if not np.isfinite(pose).all():
            raise Refusal(
                "The picture cannot show {thing}: its place is not a number. Reset the run.", thing=self.shape.name
            )
        return pose.astype(np.float32)


@dataclass
class Cloud:
    """Molecules: how many, how large, between which corners (solver's frame), and who tells where they are.

    `positions` gives (count, 3), `speeds` (count,), both in the order of identity; `tagged` is the one to pick out.
    """

    count: int
    radius: float
    low: Sequence[float]
    high: Sequence[float]
    speed_range: tuple[float, float]
    positions: Reader
    speeds: Reader
    unit: str = "m/s"
    name: Text = field(default_factory=lambda: {"en": "molecules", "zh": "分子"})
    tagged: int | None = None

    def places(self, solver: Any, up: str) -> NDArray[np.uint16]:
        """Positions now, between the corners, as 16-bit integers of shape (count, 3) in the bench's order."""
        now = np.asarray(self.positions(solver))
        if now.shape != (self.count, 3):
            raise Refusal(
                "The cloud was declared with {count} molecules, but the solver gave an array of shape {shape}.",
                count=self.count, shape=now.shape,
            )
        low, high = np.asarray(self.low, float), np.asarray(self.high, float)
        scaled = (now - low) * (FINEST / (high - low))
        if not np.isfinite(scaled).all():
            raise Refusal("The picture cannot show the molecules: a position is not a number. Reset the run.")
        whole = np.rint(np.clip(scaled, 0.0, FINEST)).astype(np.uint16)
        return np.ascontiguousarray(whole[:, list(UP[up])])

    def paces(self, solver: Any) -> NDArray[np.uint8]:
        """Speeds now, as bytes from 0 to 254 of the speed range; 255 is the tagged molecule."""
        low, high = self.speed_range
        share = (np.asarray(self.speeds(solver), float) - low) / (high - low)
        paces = np.rint(np.clip(np.nan_to_num(share), 0.0, 1.0) * FASTEST).astype(np.uint8)
        if self.tagged is not None:
            paces[self.tagged] = TAGGED
        return paces
