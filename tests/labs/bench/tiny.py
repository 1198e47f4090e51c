"""The smallest apparatus on which a run can be tested: a drifting weight, a meter, a tape and a watch."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.chance import Chance
from engine.quantity import Choice, Quantity
from engine.solver import Solver, action, observable
from labs.bench.checks import distinct, pressed, reads
from labs.bench.lab import Follows, Lab, drawn
from labs.bench.question import Question
from labs.bench.scenario import Control, Scenario, Step

KEY = bytes(range(32))


@dataclass
class Weight:
    height: np.ndarray
    kicks: int


class Drift(Solver):
    """A weight that drifts by `push` per step and shivers by chance; a push above 8 tears it apart."""

    push = Quantity("m/s", default=1.0, low=-10.0, high=10.0, doc="drift", label={"en": "push", "zh": "推力"},
                    live=True)
    length = Quantity("m", default=1.0, low=0.1, high=2.0, doc="length", label={"en": "length", "zh": "长度"},
                      symbol="L", live=True)
    medium = Choice(("air", "water"), default="air", doc="what it moves in", live=True)
    beads = Quantity("", default=4, low=1, high=9, doc="beads on its string")
    gravity = Quantity("m/s²", default=9.8, low=1.0, high=30.0, doc="gravity")

    def prepare(self) -> Weight:
        self.chance = Chance(self.seed)
        return Weight(self.array(4), 0)

    @property
    def dt(self) -> float:
        return 0.01

    def step(self) -> None:
        shiver = self.chance.normal(int(self.state.height[1]), 7)
        self.state.height[0] += np.float32(self.dt * self.push + 0.001 * self.gravity * shiver)
        self.state.height[1] += 1
        if self.push > 8.0 and self.state.height[1] % 10 == 3:
            self.state.height[0] = np.nan

    @observable("m", {"en": "height", "zh": "高度"}, symbol="h")
    def height(self) -> float:
        return float(self.state.height[0])

    @action({"en": "Kick", "zh": "踢"})
    def kick(self) -> None:
        self.state.height[0] += 5.0
        self.state.kicks += 1


@dataclass(frozen=True)
class Reading:
    instrument: str
    value: float
    unit: str
    uncertainty: float
    step: int
    time: float
    text: str
    ok: bool = True
    note: str = ""


class Meter:
    """Averages the height over its last samples, with a hidden zero error and noise by chance."""

    manual = False
    unit, resolution, noise = "m", 0.001, 0.01

    def __init__(self, name: str = "meter", observable: str = "height") -> None:
        self.name, self.observable, self.label = name, observable, {"en": "meter", "zh": "仪表"}
        self.symbol = ""
        self.window: deque[float] = deque(maxlen=5)

    def begin(self, chance: Chance, dt: float) -> None:
        self.chance, self.dt = chance, dt
        self.zero = 0.05 * chance.child("zero").normal(0)

    def sample(self, solver: Solver, step: int) -> None:
        self.window.append(solver.observe(self.observable))

    def display(self) -> Reading | None:
        return None

    def read(self, solver: Solver, step: int, ordinal: int) -> Reading:
        value = float(np.mean(self.window)) + self.zero + self.noise * self.chance.normal(ordinal, step)
        value = round(value / self.resolution) * self.resolution
        return Reading(self.name, value, self.unit, math.hypot(self.noise, 0.05), step, step * self.dt, f"{value:.3f}")

    def descriptor(self) -> dict[str, Any]:
        return {"name": self.name, "label": self.label, "unit": self.unit, "resolution": self.resolution,
                "noise": self.noise, "manual": self.manual}

    def snapshot(self) -> Any:
        return list(self.window)

    def restore(self, state: Any) -> None:
        self.window = deque(state, maxlen=5)


class Tape(Meter):
    """A ruler: read by hand, measures a setting."""

    manual = True

    def __init__(self) -> None:
        super().__init__("tape", "length")
        self.label = {"en": "tape", "zh": "卷尺"}

    def sample(self, solver: Solver, step: int) -> None:
        """A ruler shows nothing by itself."""

    def read(self, solver: Solver, step: int, ordinal: int) -> Reading:
        value = round(solver.parameters["length"] + 0.0005 * self.chance.normal(ordinal, step), 3)
        return Reading("tape", value, "m", 0.0005, step, step * self.dt, f"{value:.3f}")


class Watch(Meter):
    """A stopwatch: the first press starts it, the second shows the time between."""

    manual = True

    def __init__(self) -> None:
        super().__init__("watch", "height")
        self.unit, self.label, self.started = "s", {"en": "watch", "zh": "秒表"}, -1.0

    def read(self, solver: Solver, step: int, ordinal: int, *, press: str, time: float) -> Reading | None:  # type: ignore[override]
        if press == "start":
            self.started = time
            return None
        return Reading("watch", round(time - self.started, 2), "s", 0.1, step, time, f"{time - self.started:.2f}")

    def snapshot(self) -> Any:
        return self.started

    def restore(self, state: Any) -> None:
        self.started = state


class DriftLab(Lab):
    """A weight, a meter, a tape and a watch."""

    solver = Drift
    title = {"en": "Drift", "zh": "漂移"}
    tick: ClassVar[int] = 4
    presses: ClassVar[tuple[str, ...]] = ("kick",)

    def instruments(self) -> list[Any]:
        return [Meter(), Tape(), Watch()]

    def truths(self) -> dict[str, Any]:
        return {"period": Follows(lambda p: 2 * math.pi * math.sqrt(p["length"] / p["gravity"]), "s")}


def scenario(**changes: Any) -> Scenario:
    """A scenario with something of everything."""
    declared: dict[str, Any] = {
        "title": {"en": "Drift", "zh": "漂移"}, "lab": DriftLab(gravity=drawn(1.6, 25.0)),
        "controls": [Control("push", high=9.0), Control("length", low=0.2, high=1.5), Control("medium")],
        "instruments": ["meter", "tape", "watch"],
        "steps": [
            Step({"en": "Guess.", "zh": "猜。"}, kind="predict"),
            Step({"en": "Measure three pushes.", "zh": "测三个推力。"}, done=distinct("push", at_least=3)),
            Step({"en": "Kick, and read twice.", "zh": "踢，读两次。"}, done=pressed("kick") & reads("meter", times=2)),
        ],
        "questions": [
            Question({"en": "g?", "zh": "g？"}, answer="gravity", within=0.05),
            Question({"en": "Why?", "zh": "为什么？"}),
            Question({"en": "Which?", "zh": "哪个？"}, answer="b", choices={"a": "A", "b": "B", "c": "C"}),
            Question({"en": "Period?", "zh": "周期？"}, answer="period", within_abs=5.0, unit="ms", attempts=2),
        ],
    }
    return Scenario(**{**declared, **changes}, id="drift")
