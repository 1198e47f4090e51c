"""A speed histogram of nitrogen at 300 K, drawn from Maxwell's distribution."""

import math

import numpy as np
import pytest

from engine.chance import Chance
from labs.bench.instrument import SETTLING, Reading
from labs.bench.instruments.speed_histogram import SpeedHistogram

MEAN, RMS = 476.2, 516.8  # m/s, N₂ at 300 K
WIDTH = RMS / math.sqrt(3)


class Gas:
    """Stands for a solver: molecules whose velocities are forgotten in 20 steps."""

    def __init__(self, seed: int, molecules: int = 200) -> None:
        self.chance = np.random.default_rng(seed)
        self.velocity = self.chance.normal(size=(molecules, 3)) * WIDTH

    def speeds(self) -> np.ndarray:
        return np.linalg.norm(self.velocity, axis=1)

    def step(self) -> None:
        keep = math.exp(-1 / 20)
        kick = WIDTH * self.chance.normal(size=self.velocity.shape)
        self.velocity = keep * self.velocity + math.sqrt(1 - keep**2) * kick


def measured(instrument: SpeedHistogram, seed: int, steps: int) -> Reading:
    gas = Gas(seed)
    instrument.begin(Chance(seed), 1e-14)
    for step in range(steps + 1):
        if step % 4 == 0:
            instrument.sample(gas, step)  # type: ignore[arg-type]
        gas.step()
    reading = instrument.display()
    assert reading is not None
    return reading


@pytest.mark.parametrize(("shows", "true"), [("mean", MEAN), ("rms", RMS)])
@pytest.mark.parametrize(("window", "steps"), [(0.0, 0), (4e-12, 420)])
def test_pulls(shows: str, true: float, window: float, steps: int) -> None:
    pulls, claims = [], []
    for seed in range(50):
        instrument = SpeedHistogram(shows=shows, high=1500, window=window, resolution=0.1, update=1e-13)
        reading = measured(instrument, seed, steps)
        assert reading.value is not None
        assert reading.uncertainty is not None
        pulls.append((reading.value - true) / reading.uncertainty)
        claims.append(reading.uncertainty)
    assert 0.7 < math.sqrt(np.mean(np.square(pulls))) < 1.3
    alone = 200.9 / math.sqrt(200)  # of the mean at one instant: √(1 − 8/3π) rms / √N
    assert np.mean(claims) == pytest.approx(alone, rel=0.2) if not window else np.mean(claims) < 0.6 * alone


def test_counts_scatter_by_their_root() -> None:
    instrument = SpeedHistogram(high=1500, bins=10)
    measured(instrument, 1, 0)
    face = instrument.face()
    assert len(face["edges"]) == 11
    assert sum(face["counts"]) == 200
    assert face["errors"] == pytest.approx(np.sqrt(face["counts"]))


def test_a_window_settles_first() -> None:
    reading = measured(SpeedHistogram(high=1500, window=4e-12), 1, 40)
    assert (reading.ok, reading.note) == (False, SETTLING)
