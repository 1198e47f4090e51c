"""The ledger: published truths, each measured through instruments by a scripted student.

A truth is a function that does an experiment as a student would and returns what it measured,
with its standard uncertainty. Beside the published value that gives a pull; over many truths
and seeds the pulls must scatter as the uncertainties say: neither more, nor less.
"""

import importlib
import math
import pkgutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Literal

from scipy.stats import binom, norm
from uncertainties import UFloat

import labs
from engine.errors import Refusal, nearest

Speed = Literal["fast", "slow"]
RMS_BAND = (0.7, 1.3)
CONFIDENCE = 0.999  # of the binomial band within which the counts of large pulls must lie


@dataclass(frozen=True)
class Measured:
    """What a scripted student found, and the reference that holds for this experiment."""

    value: UFloat
    reference: float


@dataclass(frozen=True)
class Truth:
    """A published value and the experiment that must give it back."""

    name: str
    lab: str
    unit: str
    source: str
    speed: Speed
    experiment: Callable[[int], Measured]


@dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    name: str
    lab: str
    value: float
    uncertainty: float
    reference: float
    unit: str
    pull: float
    source: str
    seed: int
    seconds: float
    speed: Speed


@dataclass(frozen=True)
class Verdict:
    """Whether the pulls of a ledger scatter as their uncertainties say."""

    count: int
    rms: float
    above_two: int
    above_three: int
    sound: bool


_truths: dict[str, Truth] = {}


def truth(name: str, *, unit: str, source: str, speed: Speed = "fast") -> Callable[..., Callable[[int], Measured]]:
    """Enter an experiment, a function of a seed, into the ledger."""
    def enter(experiment: Callable[[int], Measured]) -> Callable[[int], Measured]:
        lab = experiment.__module__.removeprefix("labs.").split(".")[0]
        _truths[name] = Truth(name, lab, unit, source, speed, experiment)
        return experiment
    return enter


def discover() -> dict[str, Truth]:
    """Every truth of every lab, by name; each lab keeps its own in `labs/<lab>/truths.py`."""
    for lab in pkgutil.iter_modules(labs.__path__, "labs."):
        if lab.ispkg and find_spec(lab.name + ".truths"):
            importlib.import_module(lab.name + ".truths")
    return dict(_truths)


def measure(name: str, seed: int = 0) -> Entry:
    """Do the experiment of one truth and compare."""
    known = discover()
    if name not in known:
        raise Refusal("The ledger has no truth {name!r}. Did you mean: {nearest}?", name=name,
                      nearest=nearest(name, known))
    entry, began = known[name], time.perf_counter()
    found = entry.experiment(seed)
    value, uncertainty = float(found.value.nominal_value), float(found.value.std_dev)
    return Entry(entry.name, entry.lab, value, uncertainty, found.reference, entry.unit,
                 (value - found.reference) / uncertainty, entry.source, seed,
                 round(time.perf_counter() - began, 2), entry.speed)


def run(only: str | None = None, seeds: Iterable[int] = (0,), jobs: int = 1, speed: Speed | None = None) -> list[Entry]:
    """Measure the truths whose name contains `only`, at each seed, on `jobs` processes."""
    chosen = [name for name, entry in discover().items()
              if (only is None or only in name) and (speed is None or entry.speed == speed)]
    if not chosen:
        raise Refusal("No truth matches {only!r}. The ledger has: {nearest}.", only=only, nearest=", ".join(discover()))
    work = [(name, seed) for name in chosen for seed in seeds]
    if jobs == 1:
        return [measure(name, seed) for name, seed in work]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(measure, *zip(*work, strict=True)))


def judge(entries: Iterable[Entry]) -> Verdict:
    """RMS of the pulls within 0.7 to 1.3, and the counts beyond 2 and 3 within their binomial band."""
    pulls = [abs(entry.pull) for entry in entries]
    rms = math.sqrt(sum(pull * pull for pull in pulls) / len(pulls))
    counts = {limit: sum(pull > limit for pull in pulls) for limit in (2.0, 3.0)}
    plausible = all(_plausible(count, len(pulls), 2 * norm.sf(limit)) for limit, count in counts.items())
    return Verdict(len(pulls), rms, counts[2.0], counts[3.0], RMS_BAND[0] <= rms <= RMS_BAND[1] and plausible)


def _plausible(count: int, trials: int, chance: float) -> bool:
    low, high = binom.interval(CONFIDENCE, trials, chance)
    return bool(low <= count <= high)


def as_json(entries: Iterable[Entry]) -> dict[str, list[dict[str, Any]]]:
    """The ledger as `wanxiang ledger --json` prints it."""
    return {"truths": [asdict(entry) for entry in entries]}
