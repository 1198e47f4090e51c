"""The ledger: truths found through instruments, and the statistics that judge their uncertainties."""

import numpy as np
import pytest

from engine.errors import Refusal
from labs.bench import ledger

SEEDS = range(20)
FAST = [name for name, entry in ledger.discover().items() if entry.speed == "fast"]


def entries(pulls: list[float]) -> list[ledger.Entry]:
    return [ledger.Entry("x", "lab", pull, 1.0, 0.0, "", pull, "", seed, 0.0, "fast")
            for seed, pull in enumerate(pulls)]


@pytest.mark.parametrize(("width", "sound"), [(1.0, True), (0.5, False), (1.6, False)])
def test_pulls_must_scatter_as_the_uncertainties_say(width: float, sound: bool) -> None:
    assert ledger.judge(entries((width * np.random.default_rng(3).normal(size=400)).tolist())).sound is sound


def test_a_few_wild_pulls_are_too_many() -> None:
    pulls = np.random.default_rng(3).normal(size=200)
    assert ledger.judge(entries(pulls.tolist())).sound
    pulls[:6] = 3.2
    verdict = ledger.judge(entries(pulls.tolist()))
    assert ledger.RMS_BAND[0] < verdict.rms < ledger.RMS_BAND[1]
    assert not verdict.sound


def test_one_outlier_spoils_a_ledger() -> None:
    pulls = np.random.default_rng(3).normal(size=60)
    assert ledger.judge(entries(pulls.tolist())).sound
    assert not ledger.judge(entries([*pulls[:-1], 9.0])).sound


def test_every_fast_truth_comes_out() -> None:
    """One seed each; four standard uncertainties are for the one in ten thousand."""
    found = [ledger.measure(name, 1) for name in FAST]
    assert {entry.lab for entry in found} == {"gas_piston", "pendulum"}
    assert [entry.name for entry in found if abs(entry.pull) > 4] == []


@pytest.mark.parametrize("seed", [1, 2])
def test_the_product_and_the_speeds_are_known_to_a_per_cent(seed: int) -> None:
    found = [ledger.measure(name, seed) for name in FAST if "nitrogen" in name]
    assert len(found) == 4
    assert [entry.name for entry in found if entry.uncertainty > 0.01 * entry.reference] == []
    assert [entry.name for entry in found if abs(entry.pull) > 3.5] == []


def test_twenty_worlds_give_back_their_gravity() -> None:
    found = [ledger.measure("drawn g", seed) for seed in SEEDS]
    assert len({entry.reference for entry in found}) == len(SEEDS)
    assert all(abs(entry.value / entry.reference - 1) < 0.01 for entry in found)
    assert ledger.judge(found).sound


def test_an_unknown_truth_is_answered_with_the_nearest() -> None:
    with pytest.raises(Refusal, match="drawn g"):
        ledger.measure("drawn gg")


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_whole_ledger_is_sound() -> None:
    """Fast truths at eight seeds, slow ones at two: judged together."""
    found = ledger.run(seeds=range(2), speed="slow", jobs=2) + ledger.run(seeds=range(8), speed="fast", jobs=2)
    verdict = ledger.judge(found)
    assert verdict.sound, (verdict, [(entry.name, entry.seed, round(entry.pull, 2)) for entry in found])
