"""The error bar of an averaging window must be as wide as the mean really scatters."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labs.bench.window import BLOCKS, FEWEST, Window

Series = Callable[[np.random.Generator], np.ndarray]
SPAN = 640


def remembering(memory: float) -> Series:
    """Noise whose memory fades as exp(−t/memory), of mean zero."""
    keep = math.exp(-1 / memory)

    def draw(chance: np.random.Generator) -> np.ndarray:
        noise = chance.normal(size=SPAN) * math.sqrt(1 - keep**2)
        noise[0] /= math.sqrt(1 - keep**2)
        for step in range(1, SPAN):
            noise[step] += keep * noise[step - 1]
        return noise

    return draw


def fill(values: np.ndarray, cumulative: bool = False) -> Window:
    window = Window.of(len(values), cumulative)
    for step, value in enumerate([0.0, *(np.cumsum(values) if cumulative else values)]):
        window.add(step, value)
    return window


@pytest.mark.parametrize(
    ("signal", "true"),
    [
        pytest.param(lambda chance: chance.normal(5, 2, SPAN), 5.0, id="white"),
        pytest.param(remembering(SPAN / 100), 0.0, id="remembers a hundredth of the window"),
        pytest.param(remembering(SPAN / 20), 0.0, id="remembers a twentieth"),
    ],
)
def test_pulls_of_a_mean(signal: Series, true: float) -> None:
    chance = np.random.default_rng(3)
    pulls = []
    for _ in range(300):
        window = fill(signal(chance))
        pulls.append((window.mean() - true) / window.error())
    assert 0.8 < math.sqrt(np.mean(np.square(pulls))) < 1.2
    assert np.mean(np.abs(pulls) > 3) < 0.03


@pytest.mark.parametrize("impacts", [12, 25, 100, 2000])
def test_pulls_of_counted_impulses(impacts: int) -> None:
    """Impacts at random, each of a random strength (exponential): the true rate is `impacts` per window."""
    chance = np.random.default_rng(impacts)
    pulls, relative = [], []
    for _ in range(300):
        struck = chance.poisson(impacts / SPAN, SPAN)
        window = fill(chance.gamma(np.maximum(struck, 1e-9)) * (struck > 0), cumulative=True)
        if window.ready:
            pulls.append((window.mean() * SPAN - impacts) / (window.error() * SPAN))
            relative.append(window.error() / window.mean())
    assert 0.7 < math.sqrt(np.mean(np.square(pulls))) < 1.3
    # each impact scatters by its own size too: √(2/n)
    assert np.median(relative) == pytest.approx(math.sqrt(2 / impacts), rel=0.15)


def test_few_blocks_tell_nothing_and_few_impacts_neither() -> None:
    window = Window.of(SPAN)
    for step in range(SPAN // BLOCKS * 7 + 1):
        window.add(step, 1.0)
    assert not window.ready
    assert not fill(np.array([1.0 if step % 200 == 0 else 0.0 for step in range(SPAN)]), cumulative=True).ready


def test_growing_window_has_the_larger_error() -> None:
    chance = np.random.default_rng(1)
    short, full = [], []
    for _ in range(100):
        noise = chance.normal(size=SPAN)
        window = Window.of(SPAN)
        for step, value in enumerate([0.0, *noise]):
            window.add(step, value)
            if step == SPAN // 4:
                short.append(window.error())
        full.append(window.error())
    assert 2 < np.mean(short) / np.mean(full) < 3  # a quarter of the samples, and fewer blocks to know their scatter


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 50), st.integers(1, 3000), st.booleans(), st.floats(-5, 5))
def test_window_holds_what_it_says(tick: int, span: int, cumulative: bool, slope: float) -> None:
    """On any grid of samples: a steady growth (or a steady signal) comes out exactly, and blocks stay in the window."""
    window = Window.of(span, cumulative)
    for step in range(0, 2 * span + 3 * tick, tick):
        window.add(step, slope * step if cumulative else slope)
    assert window.mean() == pytest.approx(slope, abs=1e-9)
    within = float(window.even() @ np.array(window.lengths))
    assert within <= span + max(tick, window.length + tick)
    assert within > span - 2 * max(tick, window.length + tick)
    assert len(window.blocks) >= FEWEST or not window.ready


def test_arrays_are_averaged_bin_by_bin() -> None:
    chance = np.random.default_rng(2)
    window: Any = Window.of(SPAN)
    for step in range(SPAN + 1):
        window.add(step, chance.normal([1.0, 2.0], [0.1, 0.4]))
    assert window.mean() == pytest.approx([1, 2], abs=0.1)
    assert window.error()[1] / window.error()[0] == pytest.approx(4, rel=0.5)
