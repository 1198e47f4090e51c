"""An instrument's chain, link by link: window, delay, lag, gain and zero, noise, range, resolution."""

import json
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chance import Chance
from engine.errors import Refusal
from labs.bench.instrument import ABOVE, BELOW, NOTHING, SETTLING, Instrument, Reading, places, rounded
from labs.bench.instruments.pressure_gauge import PressureGauge
from labs.bench.instruments.scale import Scale
from labs.bench.instruments.thermometer import Thermometer
from labs.bench.words import catalogue

DT = 0.01
approx = pytest.approx


class Source:
    """Stands for a solver: a signal as a function of the step."""

    def __init__(self, signal: Callable[[int], float]) -> None:
        self.signal, self.step = signal, 0

    def height(self) -> float:
        return self.signal(self.step)

    def observe(self, name: str) -> float:
        raise Refusal("There is no observable {name!r}.", name=name)


def meter(**specification: Any) -> Instrument:
    usual: dict[str, Any] = {"label": "meter", "observable": "height", "unit": "m", "resolution": 1e-9}
    return Instrument("meter", **{**usual, **specification})


def watch(instrument: Instrument, source: Any, steps: int, tick: int = 1, key: int = 7, first: int = 0) -> Instrument:
    """Begin a run and look at every tick."""
    if first == 0:
        instrument.begin(Chance(key), DT)
    for step in range(first, steps + 1, tick):
        source.step = step
        instrument.sample(source, step)
    return instrument


def shown(instrument: Instrument) -> Reading:
    reading = instrument.display()
    assert reading is not None
    return reading


def value_of(instrument: Instrument) -> float:
    value = shown(instrument).value
    assert value is not None
    return value


def test_an_ideal_meter_shows_the_truth_in_its_unit() -> None:
    assert value_of(watch(meter(unit="cm", resolution=0.01), Source(lambda step: 1.2345), 0)) == 123.45
    celsius = meter(unit="°C", resolution=0.1)
    assert value_of(watch(celsius, Source(lambda step: 300.0), 0)) == approx(26.9)  # 26.85, halves to even


@settings(max_examples=100, deadline=None)
@given(st.floats(-1e6, 1e6), st.sampled_from([1e-6, 1e-3, 0.01, 0.02, 0.1, 0.25, 0.5, 1.0, 5.0, 100.0]))
def test_digits_match_the_resolution(value: float, resolution: float) -> None:
    number, text = rounded(value, resolution)
    assert abs(number - value) <= resolution / 2 * (1 + 1e-6) + 4e-16 * abs(value)
    assert float(text) == number
    assert number / resolution == approx(round(number / resolution), abs=1e-4, rel=1e-15)
    assert len(text.partition(".")[2]) == places(resolution)
    assert text not in ("-0", "-0.0", "-0.00")


def test_places() -> None:
    assert [places(one) for one in (0.01, 0.5, 0.25, 10.0, 1e-4, 0.02)] == [2, 1, 2, 0, 4, 2]


def test_delay_shows_what_was() -> None:
    source: Any = Source(lambda step: float(step))
    instrument = watch(meter(delay=0.25), source, 24)
    assert instrument.display() is None
    assert instrument.read(source, 24, 0) == Reading("meter", None, "m", None, 24, 0.24, "", False, NOTHING)
    assert value_of(watch(instrument, source, 100, first=25)) == 75


@pytest.mark.parametrize("tick", [1, 5, 20])
def test_lag_follows_the_closed_form(tick: int) -> None:
    """A ramp of slope s from rest is followed at s (t − τ (1 − exp(−t/τ))), on any grid of samples."""
    lag = 0.3
    instrument = watch(meter(lag=lag), Source(lambda step: 2.0 * step * DT), 200, tick)
    time = 2.0
    assert value_of(instrument) == approx(2.0 * (time - lag * (1 - math.exp(-time / lag))), rel=1e-7)


def test_lag_after_a_jump() -> None:
    """1 − exp(−t/τ), but for the one sample in which the jump looks like a ramp: half a step of time."""
    source = Source(lambda step: 0.0 if step < 200 else 1.0)
    thermometer = Thermometer("t", observable="height", resolution=1e-9, noise=0, zero_error=0, lag=0.5)
    assert value_of(watch(thermometer, source, 260)) == approx(1 - math.exp(-0.605 / 0.5), abs=2e-4)


def test_an_unlagged_thermometer_follows_every_fluctuation() -> None:
    source = Source(lambda step: 300.0 + (step % 3))
    instrument = Thermometer("t", observable="height", resolution=0.01, noise=0, zero_error=0)
    seen = [value_of(watch(instrument, source, step, first=step)) for step in range(6)]
    assert seen == [300, 301, 302, 300, 301, 302]


def test_a_lagged_thermometer_tells_that_it_has_not_settled() -> None:
    source = Source(lambda step: 300.0)
    instrument = watch(Thermometer("t", observable="height", lag=0.5), source, 20)
    assert (shown(instrument).ok, shown(instrument).note) == (False, SETTLING)
    assert (shown(watch(instrument, source, 100, first=21)).ok, shown(instrument).note) == (True, SETTLING)
    assert shown(watch(instrument, source, 160, first=101)).note == ""


def test_range_is_told_in_words() -> None:
    instrument = meter(low=0.0, high=10.0)
    for level, note in [(11.0, ABOVE), (-1.0, BELOW)]:
        reading = shown(watch(instrument, Source(lambda step, level=level: level), 0))  # type: ignore[misc]
        assert (reading.value, reading.text, reading.ok, reading.note) == (None, "", False, note)
    assert set(catalogue("zh")) >= {ABOVE, BELOW, SETTLING, NOTHING}


def test_noise_is_drawn_once_for_each_refresh() -> None:
    instrument, faces = meter(noise=0.1, update=0.1, resolution=1e-4), []
    source = Source(lambda step: 5.0)
    for step in range(101):
        faces.append(shown(watch(instrument, source, step, first=step)).text)
    assert len(set(faces)) == 11
    assert all(len(set(faces[first : first + 10])) == 1 for first in range(0, 100, 10))


def test_same_key_same_digits_whatever_was_seen_before() -> None:
    source = Source(lambda step: math.sin(step))
    specification = {"noise": 0.1, "zero_error": 0.2, "gain_error": 0.05, "drift": 0.1, "update": 0.05, "window": 0.5}
    one = watch(meter(**specification), source, 400, tick=2)
    two = watch(meter(**specification), source, 150, tick=2)
    for ordinal in range(5):
        two.read(source, 150, ordinal)  # type: ignore[arg-type]
    assert shown(watch(two, source, 400, tick=2, first=152)) == shown(one)
    assert shown(watch(meter(**specification), source, 400, tick=2, key=8)).text != shown(one).text


def test_a_reading_of_a_digital_instrument_is_what_its_face_shows() -> None:
    source = Source(lambda step: 5.0)
    instrument = watch(meter(noise=0.1, update=1.0, resolution=1e-4), source, 50)
    first, second = (instrument.read(source, 50, ordinal) for ordinal in (0, 1))  # type: ignore[arg-type]
    assert first == second
    assert first is not None
    assert (first.text, first.step) == (shown(instrument).text, 50)


def test_pulls_of_many_runs() -> None:
    """Over many runs, readings scatter about the truth as their uncertainty says."""
    specification = {"noise": 0.3, "zero_error": 0.4, "gain_error": 0.01, "drift": 0.5, "resolution": 0.5,
                     "unit": "cm"}  # fmt: skip
    pulls = []
    for key in range(300):
        reading = shown(watch(meter(**specification), Source(lambda step: 0.50), 100, tick=100, key=key))
        assert reading.value is not None
        assert reading.uncertainty is not None
        pulls.append((reading.value - 50) / reading.uncertainty)
    assert 0.9 < math.sqrt(np.mean(np.square(pulls))) < 1.1
    assert abs(np.mean(pulls)) < 0.2


def test_zero_and_gain_stay_the_same_within_a_run() -> None:
    source = Source(lambda step: 1.0 if step < 5 else 3.0)
    instrument = meter(zero_error=0.1, gain_error=0.1)
    low = value_of(watch(instrument, source, 0))
    high = value_of(watch(instrument, source, 9, first=1))
    gain = (high - low) / 2
    assert gain != 1
    assert low != gain  # a zero besides


def gas(key: int, impacts: float) -> Source:
    """Impulse per area [Pa s] that grows by random blows, 100 kPa on average, `impacts` per second."""
    chance = np.random.default_rng(key)
    blows = chance.poisson(impacts * DT, 2000).cumsum() * 100e3 / impacts
    return Source(lambda step: float(blows[step]))


@pytest.mark.parametrize("impacts", [25, 400])
def test_pressure_gauge_claims_no_more_than_it_counted(impacts: int) -> None:
    pulls, claims = [], []
    for key in range(120):
        gauge = PressureGauge(observable="height", window=1.0, high=500, resolution=0.1, noise=0.1)
        reading = shown(watch(gauge, gas(key, impacts), 105, tick=3, key=key))
        if reading.value is not None and reading.uncertainty is not None:
            pulls.append((reading.value - 100) / reading.uncertainty)
            claims.append(reading.uncertainty / reading.value)
    assert 0.7 < math.sqrt(np.mean(np.square(pulls))) < 1.3
    assert np.median(claims) == approx(1 / math.sqrt(impacts), rel=0.2)


def test_pressure_gauge_settles_first() -> None:
    early, late = [], []
    for key in range(20):
        gauge = watch(PressureGauge(observable="height", window=1.0, high=500, resolution=0.1), gas(key, 400), 15)
        assert (shown(gauge).ok, shown(gauge).note) == (False, SETTLING)
        early.append(shown(watch(gauge, gas(key, 400), 35, first=16)).uncertainty or math.nan)
        late.append(shown(watch(gauge, gas(key, 400), 120, first=36)).uncertainty or math.nan)
    assert np.mean(early) / np.mean(late) == approx(math.sqrt(100 / 33), rel=0.25)


def fluctuating(key: int) -> Source:
    """300 K with fluctuations of 5 K that are forgotten in 0.05 s."""
    chance, keep = np.random.default_rng(key), math.exp(-DT / 0.05)
    noise = np.zeros(601)
    noise[0] = chance.normal()
    for step in range(1, len(noise)):
        noise[step] = keep * noise[step - 1] + math.sqrt(1 - keep**2) * chance.normal()
    return Source(lambda step: 300 + 5 * float(noise[step]))


@pytest.mark.parametrize("specification", [{"lag": 1.0}, {"window": 3.0}, {"window": 1.0, "lag": 0.5}])
def test_pulls_of_a_thermometer_in_a_fluctuating_gas(specification: dict[str, Any]) -> None:
    """Between the mean temperature and what lag or window leave of the fluctuation."""
    pulls = []
    for key in range(120):
        instrument = Thermometer("t", observable="height", resolution=0.01, noise=0.05, zero_error=0.1, update=0.5,
                                 **specification)  # fmt: skip
        reading = shown(watch(instrument, fluctuating(key), 600, tick=4, key=key))
        assert reading.value is not None
        assert reading.uncertainty is not None
        pulls.append((reading.value - 300) / reading.uncertainty)
    assert 0.7 < math.sqrt(np.mean(np.square(pulls))) < 1.3


def test_a_window_averages() -> None:
    """Over whole periods a sine leaves nothing."""
    instrument = watch(meter(window=1.6), Source(lambda step: 2 + math.sin(2 * math.pi * step / 16)), 400)
    assert value_of(instrument) == approx(2, abs=1e-9)


@pytest.mark.parametrize(
    "specification", [{"window": 0.64}, {"lag": 0.2}, {"delay": 0.11}, {"window": 0.5, "lag": 0.1, "delay": 0.2}]
)
def test_restart_is_exact(specification: dict[str, float]) -> None:
    source = fluctuating(5)
    whole = watch(meter(noise=0.1, **specification), source, 500)
    half = watch(meter(noise=0.1, **specification), source, 250)
    saved = pickle.loads(pickle.dumps(half.snapshot()))
    watch(half, source, 300, first=251)  # goes on, and is brought back
    again = meter(noise=0.1, **specification)
    again.begin(Chance(7), DT)
    again.restore(saved)
    assert shown(watch(again, source, 500, first=251)) == shown(whole)
    half.restore(saved)
    assert shown(watch(half, source, 500, first=251)) == shown(whole)


def test_descriptor_is_plain_and_hides_what_is_drawn() -> None:
    instrument = Scale(observable="height", unit="mL", resolution=0.1, low=0, high=60, misprint=0.01, zero_error=0.2)
    before = json.dumps(instrument.descriptor())
    instrument.begin(Chance(3), DT)
    assert json.dumps(instrument.descriptor()) == before
    assert instrument.descriptor()["accuracy"] == {"en": "0.2 mL and 1 % of the reading", "zh": "0.2 mL 加读数的 1 %"}
    gauge = PressureGauge(window=2e-11, high=1e6, resolution=1, delay=1e-12).descriptor()
    assert (gauge["window"], gauge["delay"], gauge["window_unit"]) == (approx(20), approx(1), "ps")


def test_bad_specifications_are_refused() -> None:
    with pytest.raises(Refusal, match="window"):
        meter(cumulative=True)
    with pytest.raises(Refusal, match="no observable"):
        watch(meter(observable="hieght"), Source(lambda step: 0.0), 0)
