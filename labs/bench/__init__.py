"""The words that labs and scenarios are written in. Each is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.errors import nearest

if TYPE_CHECKING:
    from labs.bench.checks import (
        answered,
        at,
        changed,
        charted,
        computed,
        distinct,
        fitted,
        made,
        noted,
        precise,
        predicted,
        pressed,
        ran,
        reads,
        repeated,
        spans,
    )
    from labs.bench.control import Control
    from labs.bench.instrument import Instrument
    from labs.bench.instruments.photogate import Photogate
    from labs.bench.instruments.pressure_gauge import PressureGauge
    from labs.bench.instruments.ruler import Ruler
    from labs.bench.instruments.scale import Scale
    from labs.bench.instruments.speed_histogram import SpeedHistogram
    from labs.bench.instruments.stopwatch import Stopwatch
    from labs.bench.instruments.thermometer import Thermometer
    from labs.bench.lab import Follows, Lab, drawn, drawn_from
    from labs.bench.question import Question
    from labs.bench.run import Run
    from labs.bench.scenario import Scenario, Step
    from labs.bench.scene import Scene

WORDS = {
    "labs.bench.checks": ("answered", "at", "changed", "charted", "computed", "distinct", "fitted", "made", "noted",
                          "precise", "predicted", "pressed", "ran", "reads", "repeated", "spans"),
    "labs.bench.instrument": ("Instrument",),
    "labs.bench.instruments.photogate": ("Photogate",),
    "labs.bench.instruments.pressure_gauge": ("PressureGauge",),
    "labs.bench.instruments.ruler": ("Ruler",),
    "labs.bench.instruments.scale": ("Scale",),
    "labs.bench.instruments.speed_histogram": ("SpeedHistogram",),
    "labs.bench.instruments.stopwatch": ("Stopwatch",),
    "labs.bench.instruments.thermometer": ("Thermometer",),
    "labs.bench.lab": ("Follows", "Lab", "drawn", "drawn_from"),
    "labs.bench.question": ("Question",),
    "labs.bench.run": ("Run",),
    "labs.bench.control": ("Control",),
    "labs.bench.scenario": ("Scenario", "Step"),
    "labs.bench.scene": ("Scene",),
}
_HOME = {word: module for module, words in WORDS.items() for word in words}
__all__ = [
    "Control", "Follows", "Instrument", "Lab", "Photogate", "PressureGauge", "Question", "Ruler", "Run", "Scale",
    "Scenario", "Scene", "SpeedHistogram", "Step", "Stopwatch", "Thermometer", "answered", "at", "changed",
    "charted", "computed", "distinct", "drawn", "drawn_from", "fitted", "made", "noted", "precise", "predicted",
    "pressed", "ran", "reads", "repeated", "spans",
]


def __getattr__(word: str) -> Any:
    if word.startswith("_") or word not in _HOME:
        raise AttributeError(f"labs.bench has no word {word!r}. Did you mean: {nearest(word, _HOME)}?")
    return getattr(import_module(_HOME[word]), word)


def __dir__() -> list[str]:
    return sorted(_HOME)
