"""What every solver inherits: ranges, snapshots, whole steps, finite checks."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine.errors import NumericalFailure, Refusal
from engine.quantity import Quantity
from engine.solver import Snapshot, Solver, action, discover, observable


@dataclass
class Heights:
    height: np.ndarray
    thrown: bool


class Fall(Solver):
    """Free fall by the explicit Euler rule; enough to see the base at work."""

    gravity = Quantity("m/s²", default=9.8, low=0.0, high=30.0, doc="gravity", live=True)
    start = Quantity("m", default=1.0, low=0.0, high=10.0, doc="height at the start")

    def prepare(self) -> Heights:
        return Heights(self.array(2, fill=self.start), False)

    @property
    def dt(self) -> float:
        return 0.01

    def step(self) -> None:
        self.state.height[0] += self.dt * self.state.height[1]
        self.state.height[1] -= self.dt * self.gravity

    @observable("m", "height above the floor", symbol="h")
    def height(self) -> float:
        return float(self.state.height[0])

    @action("throw it up")
    def throw(self) -> None:
        self.state.height[1] = 5.0
        self.state.thrown = True


def test_a_then_b_is_a_plus_b() -> None:
    one, two = Fall(), Fall()
    one.advance(37)
    one.advance(63)
    two.advance(100)
    assert one.state.height.tobytes() == two.state.height.tobytes() and one.time == two.time == pytest.approx(1.0)


def test_a_snapshot_brings_everything_back_through_bytes() -> None:
    fall = Fall(start=3.0)
    fall.advance(10)
    fall.act("throw")
    fall.change("gravity", 1.6)
    saved = Snapshot.from_bytes(fall.snapshot().to_bytes())
    fall.advance(50)
    there = fall.state.height.copy()
    again = Fall()
    again.restore(saved)
    assert again.gravity == 1.6 and again.state.thrown and again.steps == 10
    again.advance(50)
    assert again.state.height.tobytes() == there.tobytes()


def test_a_broken_snapshot_is_refused() -> None:
    with pytest.raises(Refusal, match="cannot be read"):
        Snapshot.from_bytes(Fall().snapshot().to_bytes()[:60])


def test_misspelt_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(Refusal, match="gravity"):
        Fall(gravitee=3)
    for call in (lambda f: f.observe("heigth"), lambda f: f.act("trow"), lambda f: f.change("start", 1.0)):
        with pytest.raises(Refusal, match="height|throw|gravity"):
            call(Fall())
    with pytest.raises(Refusal, match="f32, f64"):
        Fall(precision="f16")
    with pytest.raises(Refusal, match="forward"):
        Fall().advance(-1)


def test_a_number_that_is_none_stops_the_run_and_names_itself() -> None:
    fall = Fall()
    fall.state.height[0] = np.nan
    with pytest.raises(NumericalFailure, match="height left the range") as stop:
        fall.advance(1)
    assert stop.value.quantity == "height" and stop.value.step == 1


def test_declarations_keep_their_order_and_words() -> None:
    assert list(Fall.quantities()) == ["gravity", "start"]
    assert Fall.observables()["height"].symbol == "h" and Fall.actions()["throw"].label == "throw it up"


def test_every_module_of_the_engine_imports() -> None:
    broken = {name: found for name, found in discover().items() if isinstance(found, Exception)}
    assert not broken and "molecules.lennard_jones" in discover()
