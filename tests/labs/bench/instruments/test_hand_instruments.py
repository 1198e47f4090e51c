"""Ruler and stopwatch: read by eye and by hand."""

import math

import numpy as np
import pytest

from engine.chance import Chance
from engine.errors import Refusal
from engine.mechanics.pendulum import Pendulum
from labs.bench.instrument import ABOVE, Reading
from labs.bench.instruments.ruler import Ruler
from labs.bench.instruments.stopwatch import Stopwatch

approx = pytest.approx


def test_every_look_at_a_ruler_is_a_little_different_but_its_worn_end_stays() -> None:
    pendulum, means, pulls = Pendulum(length=0.8341), [], []
    for key in range(60):
        ruler = Ruler()
        ruler.begin(Chance(key), pendulum.dt)
        looks = [ruler.read(pendulum, 0, ordinal) for ordinal in range(30)]
        values = np.array([look.value for look in looks])
        assert len(set(values)) > 1
        assert all(len(look.text) == len("0.834") for look in looks)
        means.append(values.mean() - 0.8341)
        pulls.append((values[0] - 0.8341) / (looks[0].uncertainty or math.nan))
        assert ruler.read(pendulum, 0, 3).text == looks[3].text
    assert np.std(means) == approx(0.3e-3, rel=0.35)
    assert 0.8 < math.sqrt(np.mean(np.square(pulls))) < 1.2


def test_a_ruler_is_too_short_in_words() -> None:
    ruler = Ruler(high=1.0)
    ruler.begin(Chance(1), 1e-3)
    reading = ruler.read(Pendulum(length=1.5), 0, 0)
    assert (reading.ok, reading.note, reading.value) == (False, ABOVE, None)
    assert ruler.display() == reading


def press(watch: Stopwatch, step: int, ordinal: int = 0, **how: object) -> Reading | None:
    return watch.read(Pendulum(), step, ordinal, **how)  # type: ignore[arg-type]


def test_a_stopwatch_takes_the_time_on_the_students_screen() -> None:
    watch = Stopwatch()
    watch.begin(Chance(1), 1e-3)
    assert press(watch, 1100, press="start", time=1.0) is None
    assert watch.face() == {"running": True, "started": 1.0, "laps": []}
    running = watch.display()
    assert running is not None
    assert running.text == ""
    lap = press(watch, 2300, press="lap", time=2.2)
    stop = press(watch, 3000, press="stop", time=2.987)
    assert lap is not None
    assert stop is not None
    assert (lap.text, stop.text, stop.value) == ("1.20", "1.99", 1.99)
    assert stop.uncertainty == approx(0.01 / math.sqrt(12), rel=0.01)
    assert watch.face()["laps"] == ["1.20"]
    assert watch.display() == stop


def test_a_press_cannot_come_from_the_future() -> None:
    watch = Stopwatch()
    watch.begin(Chance(1), 1e-3)
    press(watch, 1000, time=0.5)
    stop = press(watch, 2000, time=99.0)
    assert stop is not None
    assert stop.text == "1.50"


def test_scripted_students_draw_a_reaction_and_their_uncertainty_says_so() -> None:
    pulls, late = [], []
    for key in range(300):
        watch = Stopwatch()
        watch.begin(Chance(key), 1e-3)
        press(watch, 1000, press="start", time=1.0, scripted=True)
        late.append(watch.face()["started"] - 1.0)
        stop = press(watch, 21000, press="stop", time=21.0, scripted=True)
        assert stop is not None
        assert stop.value is not None
        assert stop.uncertainty is not None
        pulls.append((stop.value - 20) / stop.uncertainty)
    assert np.mean(late) == approx(0.20, abs=0.01)
    assert np.std(late) == approx(0.03, rel=0.15)
    assert 0.85 < math.sqrt(np.mean(np.square(pulls))) < 1.15


def test_stopwatch_survives_a_restart_and_refuses_what_it_cannot_do() -> None:
    watch = Stopwatch()
    watch.begin(Chance(1), 1e-3)
    press(watch, 1000, press="start", time=1.0)
    saved = watch.snapshot()
    press(watch, 2000, press="stop", time=2.0)
    with pytest.raises(Refusal, match="not running"):
        press(watch, 3000, press="lap", time=2.5)
    with pytest.raises(Refusal, match="no button"):
        press(watch, 3000, press="explode")
    watch.restore(saved)
    stop = press(watch, 3000, press="stop", time=3.0)
    assert stop is not None
    assert stop.text == "2.00"
    press(watch, 3000, press="clear")
    assert watch.face()["running"] is False
