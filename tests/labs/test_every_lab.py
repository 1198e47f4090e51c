"""What every lab must do, whichever it is: open, advance, be read, be put back, and not mind how time is cut.

Labs are discovered, none is listed and none is left out.
"""

import json
import pickle
from collections import deque
from typing import Any

import numpy as np
import pytest

from engine.chance import Chance
from engine.errors import Refusal
from engine.quantity import Quantity
from labs.bench.history import Place
from labs.bench.instrument import Instrument, Reading
from labs.bench.lab import Lab, discover
from labs.bench.replay import replay
from labs.bench.run import Run, engine_version
from labs.bench.scenario import label
from labs.bench.words import both

KEY = b"a key for tests of every lab, ab"
FOUND = discover()
LABS = {name: found for name, found in FOUND.items() if not isinstance(found, Exception)}
TICKS = 6  # that a lab is watched for


def test_every_lab_imports() -> None:
    assert {name: found for name, found in FOUND.items() if isinstance(found, Exception)} == {}


def test_there_are_labs() -> None:
    assert {"gas_piston", "pendulum"} <= set(LABS)


@pytest.fixture(params=list(LABS), scope="module")
def lab(request: pytest.FixtureRequest) -> Lab:
    return LABS[request.param]()


@pytest.fixture(scope="module")
def run(lab: Lab) -> Run:
    """A run that has been under way for some ticks; tests must leave it as they found it."""
    begun = Run(lab, KEY)
    begun.advance(TICKS * lab.tick)
    return begun


def bits(run: Run) -> bytes:
    """Everything that determines what the run will show, byte by byte."""
    snapshot = run.solver.snapshot()
    arrays = b"".join(name.encode() + array.tobytes() for name, array in sorted(snapshot.arrays.items()))
    return arrays + repr((snapshot.steps, snapshot.scalars, snapshot.parameters)).encode() + memories(run)


def memories(run: Run) -> bytes:
    """The instruments' memories, down to the arrays in them."""
    return repr({name: flat(instrument.snapshot()) for name, instrument in run.instruments.items()}).encode()


def flat(thing: Any) -> Any:
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, dict):
        return {key: flat(value) for key, value in thing.items()}
    if hasattr(thing, "__dict__"):
        return type(thing).__name__, flat(vars(thing))
    return [flat(item) for item in thing] if isinstance(thing, list | tuple | deque) else repr(thing)


def measured(run: Run) -> list[Reading | None]:
    """What each instrument says now; a stopwatch is started and stopped."""
    return [one.read(run.solver, run.step, ordinal) for one in run.instruments.values() for ordinal in (0, 1)]


def test_it_says_what_it_is_in_both_languages(lab: Lab) -> None:
    assert all(both(lab.title).values()) and lab.tick >= 1 and lab.pace > 0
    for name, quantity in lab.solver.quantities().items():
        both(quantity.doc)
        if quantity.live:
            assert label(quantity)["zh"] != label(quantity)["en"], f"{name} has no label in both languages"
    for action in lab.solver.actions().values():
        assert isinstance(action.label, dict) and both(action.label)


def test_names_on_the_bench_are_unique_and_instruments_tell_their_specification(lab: Lab) -> None:
    instruments = lab.instruments()
    assert instruments and len({one.name for one in instruments}) == len(instruments)
    known = set(lab.solver.quantities()) | set(lab.solver.observables()) | set(dir(lab.solver))
    for instrument in instruments:
        told = instrument.descriptor()
        assert {"name", "label", "unit", "resolution", "manual", "kind"} <= set(told)
        assert instrument.observable in known and instrument.resolution > 0
        assert both(instrument.label)["en"] != "" and both(instrument.label)["zh"] != both(instrument.label)["en"]


def test_each_call_gives_new_instruments(lab: Lab) -> None:
    assert all(one is not other for one, other in zip(lab.instruments(), lab.instruments(), strict=True))


def test_truths_are_numbers(lab: Lab, run: Run) -> None:
    for name, truth in lab.truths().items():
        assert np.isfinite(truth(run.apparatus.hidden)), name


def test_every_instrument_reads_or_says_why_not(run: Run) -> None:
    for name, instrument in run.instruments.items():
        instrument_state = instrument.snapshot()
        readings = [instrument.read(run.solver, run.step, ordinal) for ordinal in (0, 1)]
        instrument.restore(instrument_state)
        assert any(readings), name
        for reading in filter(None, readings):
            assert reading.unit == instrument.unit and reading.step == run.step
            if reading.ok:
                assert reading.value is not None and np.isfinite(reading.value) and reading.text
                assert reading.uncertainty is not None and reading.uncertainty > 0
            else:
                assert reading.note


def test_reading_and_looking_touch_nothing(run: Run) -> None:
    before = bits(run)
    digital = [one for one in run.instruments.values() if not one.manual]
    for instrument in digital:
        instrument.display()
        instrument.read(run.solver, run.step, 0)
        instrument.face()
        instrument.descriptor()
    for name in run.solver.observables():
        run.solver.observe(name)
        run.solver.uncertainty(name)
    assert bits(run) == before


def test_snapshot_and_restore_are_exact(run: Run, lab: Lab) -> None:
    before, here = bits(run), run.record.here
    saved = run.apparatus._save()
    run.apparatus.advance(2 * lab.tick + 1, here.head)
    later = bits(run)
    run.apparatus._load(saved)
    assert bits(run) == before
    run.apparatus.advance(2 * lab.tick + 1, here.head)
    assert bits(run) == later
    run.apparatus._load(saved)


def test_instruments_can_be_stored(run: Run) -> None:
    for instrument in run.instruments.values():
        state = instrument.snapshot()
        assert flat(pickle.loads(pickle.dumps(state))) == flat(state)


def test_a_then_b_is_a_plus_b(lab: Lab, run: Run) -> None:
    other = Run(lab, KEY)
    while other.step < run.step:
        other.advance(min(1 + other.step % 7, run.step - other.step))
    assert bits(other) == bits(run)
    assert repr(measured(other)) == repr(measured(run))
    run.apparatus.go(run.record.history, run.record.here)


def test_another_key_gives_other_instruments(lab: Lab) -> None:
    def zeros(key: bytes) -> list[float]:
        instruments = lab.instruments()
        for instrument in instruments:
            instrument.begin(Chance(key).child(instrument.name), 1e-3)
        return [one._zero + one._gain for one in instruments]
    assert any(one.zero_error or one.gain_error for one in lab.instruments())
    assert zeros(b"one") != zeros(b"another")


def nudge(run: Run, name: str) -> None:
    """Change a control a little, in the direction in which it can be changed."""
    quantity, now = run.solver.quantities()[name], run.settings[name]
    if not isinstance(quantity, Quantity):
        return
    for nearby in (now + 0.01 * (now or 1.0), now - 0.01 * (now or 1.0)):
        try:
            run.act("set", name=name, value=nearby if isinstance(quantity.default, float) else round(nearby))
            return
        except Refusal:
            continue
    pytest.fail(f"{name} can be changed in no direction")


def test_controls_can_be_set_pressed_and_undone(lab: Lab) -> None:
    run = Run(lab, KEY)
    run.advance(lab.tick)
    before = bits(run)
    for name in list(run.settings):
        nudge(run, name)
    for name in lab.presses:
        run.act("press", name=name)
    run.advance(lab.tick)
    while run.can_undo:
        run.act("undo")
    assert bits(run) == before and run.record.here == Place(0, lab.tick)


def test_a_record_of_it_replays_bit_for_bit(lab: Lab) -> None:
    run = Run(lab, KEY)
    for action in lab.presses:
        run.act("press", name=action)
    run.advance(3 * lab.tick + 1)
    run.act("read")
    nudge(run, next(iter(run.settings)))
    run.advance(2 * lab.tick - 1)
    for name in [name for name, one in run.instruments.items() if one.manual]:
        run.act("measure", instrument=name)
    run.act("undo")
    run.advance(lab.tick)
    run.act("read")
    outcome = replay(json.loads(json.dumps(run.documents)), lab, KEY)
    assert outcome.equal and outcome.exact and outcome.readings >= 2


def test_the_hidden_numbers_do_not_stand_in_the_descriptors(run: Run) -> None:
    text = repr([instrument.descriptor() for instrument in run.instruments.values()])
    for instrument in run.instruments.values():
        if isinstance(instrument, Instrument) and instrument._zero:
            assert repr(instrument._zero)[:8] not in text


def test_the_version_is_told() -> None:
    assert engine_version()
