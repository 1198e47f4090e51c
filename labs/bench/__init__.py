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
    from labs.bench.lab import Follows, Lab, drawn, drawn_from
    from labs.bench.question import Question
    from labs.bench.run import Run
    from labs.bench.scenario import Control, Scenario, Step
    from labs.bench.scene import Scene

WORDS = {
    "labs.bench.checks": ("answered", "at", "changed", "charted", "distinct", "fitted", "made", "noted", "precise",
                          "predicted", "pressed", "ran", "reads", "repeated", "spans"),
    "labs.bench.lab": ("Follows", "Lab", "drawn", "drawn_from"),
    "labs.bench.question": ("Question",),
    "labs.bench.run": ("Run",),
    "labs.bench.scenario": ("Control", "Scenario", "Step"),
    "labs.bench.scene": ("Scene",),
}
_HOME = {word: module for module, words in WORDS.items() for word in words}
__all__ = [
    "Control", "Follows", "Lab", "Question", "Run", "Scenario", "Scene", "Step", "answered", "at", "changed", "charted",
    "distinct", "drawn", "drawn_from", "fitted", "made", "noted", "precise", "predicted", "pressed", "ran", "reads",
    "repeated", "spans",
]


def __getattr__(word: str) -> Any:
    if word.startswith("_") or word not in _HOME:
        raise AttributeError(f"labs.bench has no word {word!r}. Did you mean: {nearest(word, _HOME)}?")
    return getattr(import_module(_HOME[word]), word)


def __dir__() -> list[str]:
    return sorted(_HOME)
