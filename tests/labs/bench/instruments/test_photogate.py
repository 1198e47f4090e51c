"""A photogate below a pendulum: as honest as its clock."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import ellipk

from engine.chance import Chance
from engine.errors import Refusal
from engine.mechanics.pendulum import Pendulum
from labs.bench.instrument import Reading
from labs.bench.instruments.photogate import WAITING, Photogate

BOB: dict[str, Any] = {"bob_radius": 0.02, "release_angle": 0.2}


def measured(gate: Photogate, pendulum: Pendulum, steps: int, key: int = 1, tick: int = 10) -> Reading:
    gate.begin(Chance(key), pendulum.dt)
    return going_on(gate, pendulum, steps, tick)


def going_on(gate: Photogate, pendulum: Pendulum, steps: int, tick: int = 10) -> Reading:
    for _ in range(steps // tick):
        pendulum.advance(tick)
        gate.sample(pendulum, pendulum.steps)
    reading = gate.display()
    assert reading is not None
    return reading


def true_period(angle: float, gravity: float) -> float:
    inertia = 1 + 0.4 * 0.02**2
    return float(4 * math.sqrt(inertia / gravity) * ellipk(math.sin(angle / 2) ** 2))


@pytest.mark.parametrize("periods", [1, 5, 12])
def test_pulls_of_periods(periods: int) -> None:
    pulls, claims = [], []
    for key in range(100):
        gravity = 9.6 + 0.0044 * key
        pendulum = Pendulum(gravity=gravity, **BOB)
        reading = measured(Photogate(periods=periods, gain_error=1e-5), pendulum, 2000 * (periods + 2), key, tick=500)
        assert reading.value is not None
        assert reading.uncertainty is not None
        pulls.append((reading.value - true_period(0.2, gravity)) / reading.uncertainty)
        claims.append(reading.uncertainty)
    assert 0.8 < math.sqrt(np.mean(np.square(pulls))) < 1.2
    assert np.mean(claims) < 1e-4 / math.sqrt(periods)


def test_period_ratio_of_two_amplitudes() -> None:
    """T(20°)/T(10°) = 1.00575 to the digits of two readings."""
    readings = []
    for degrees in (10, 20):
        pendulum = Pendulum(bob_radius=0.02, release_angle=math.radians(degrees))
        readings.append(measured(Photogate(periods=10, gain_error=0), pendulum, 25_000, key=degrees, tick=50).value)
    assert readings[0] is not None
    assert readings[1] is not None
    assert readings[1] / readings[0] == pytest.approx(1.00575, abs=2e-5)


def test_it_waits_for_a_full_period_and_starts_anew_when_the_bob_is_held() -> None:
    pendulum, gate = Pendulum(**BOB), Photogate()
    reading = measured(gate, pendulum, 2000)
    assert (reading.ok, reading.note) == (False, WAITING)
    assert going_on(gate, pendulum, 1500).ok
    pendulum.act("hold")
    assert not going_on(gate, pendulum, 10).ok


def test_passage_times_follow_the_speed_of_the_bob() -> None:
    pulls = []
    for key in range(100):
        pendulum = Pendulum(**BOB)
        reading = measured(Photogate(shows="passage"), pendulum, 1000, key, tick=100)
        assert reading.value is not None
        assert reading.uncertainty is not None
        pulls.append((reading.value - 0.04 / pendulum.observe("passage_speed")) / reading.uncertainty)
    assert 0.8 < math.sqrt(np.mean(np.square(pulls))) < 1.2


def test_digits_do_not_depend_on_when_one_looks() -> None:
    gates = [measured(Photogate(), Pendulum(**BOB), 12_000, tick=tick) for tick in (4, 10, 400)]
    assert len({(gate.text, gate.uncertainty) for gate in gates}) == 1


def test_restart_goes_on_with_the_same_digits() -> None:
    pendulum, gate = Pendulum(**BOB), Photogate()
    measured(gate, pendulum, 5000)
    saved, place = gate.snapshot(), pendulum.snapshot()
    first = going_on(gate, pendulum, 5000)
    gate.restore(saved)
    pendulum.restore(place)
    assert going_on(gate, pendulum, 5000) == first


def test_what_a_gate_cannot_show_is_refused() -> None:
    with pytest.raises(Refusal, match="photogate"):
        Photogate(shows="colour")
    with pytest.raises(Refusal, match="photogate"):
        Photogate(periods=40)
