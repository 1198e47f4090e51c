"""Means and their errors, on noise whose truth is known."""

import numpy as np
import pytest

from engine.molecules.averages import BLOCKS, Averages


def correlated(seed: int, length: int, memory: float) -> np.ndarray:
    """Noise of mean 5 and variance 1 that remembers its past by exp(−1/memory)."""
    noise, kept = np.random.default_rng(seed).normal(size=length), np.exp(-1 / memory)
    values, now = np.empty(length), 0.0
    for i, kick in enumerate(noise):
        now = values[i] = kept * now + np.sqrt(1 - kept**2) * kick
    return 5.0 + values


def collected(values: np.ndarray) -> Averages:
    found = Averages.of(1)
    for value in values:
        found.add([value])
    return found


@pytest.mark.parametrize("memory", [0.1, 5.0, 30.0])
def test_errors_are_neither_too_small_nor_too_large(memory: float) -> None:
    """Deviations in units of the stated error have a spread near 1, whatever the correlation."""
    pulls = []
    for seed in range(120):
        found = collected(correlated(seed, 4000, memory))
        mean, error = found.mean(0), found.error(0)
        assert mean is not None and error is not None
        pulls.append((mean - 5.0) / error)
    assert 0.85 < np.sqrt(np.mean(np.square(pulls))) < 1.3


def test_a_bad_beginning_is_left_out() -> None:
    values = np.full(1000, 2.0)
    values[:150] = 100.0
    assert collected(values).mean(0) == pytest.approx(2.0)


def test_nothing_is_claimed_from_nothing() -> None:
    assert Averages.of(2).mean(1) is None
    assert collected(np.array([1.0, 2.0])).error(0) is None


def test_blocks_grow_with_the_run() -> None:
    values = np.arange(1000.0)
    found = collected(values)
    assert BLOCKS // 2 <= found.full < BLOCKS
    start = found.full // 4 * found.length
    assert found.mean(0) == pytest.approx(values[start : found.full * found.length].mean())
