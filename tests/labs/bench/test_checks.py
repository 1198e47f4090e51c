"""Conditions count what the student did, say how far it is in both languages, and combine."""

from collections.abc import Callable
from typing import Any

import pytest

from labs.bench.checks import (
    Condition,
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
from labs.bench.run import Run
from tests.labs.bench.tiny import KEY, scenario


def new_run() -> Run:
    return Run(scenario(), KEY)


def read_at(run: Run, **settings: Any) -> None:
    for name, value in settings.items():
        run.act("set", name=name, value=value)
    run.advance(4)
    run.act("read")


def test_distinct_counts_settings_at_which_something_was_read() -> None:
    run, five = new_run(), distinct("length", at_least=5)
    for length in (0.2, 0.4, 0.4, 0.6, 0.8):
        read_at(run, length=length)
    run.act("set", name="length", value=1.0)  # set, but nothing read there
    assert five.progress(run.record) == (4, 5) and not five.met(run.record)
    assert five.describe(run.record)["en"] == "different values of length: 4 of 5"
    assert "长度" in five.describe(run.record)["zh"]
    run.act("read")
    assert five.met(run.record)
    run.act("set", name="length", value=1.2)
    run.act("read")
    assert five.describe(run.record)["en"] == "different values of length: 5 of 5"  # six are no more than enough
    run.act("row", id=6, what="delete")
    run.act("row", id=1, what="exclude")
    assert five.progress(run.record) == (4, 5)
    run.act("row", id=1, what="include")
    run.act("row", id=2, what="delete")
    assert five.met(run.record)  # 0.4 was read twice


def test_distinct_of_readings_needs_more_than_their_noise() -> None:
    run, two = new_run(), distinct("tape", at_least=2)
    for _ in range(6):
        run.act("measure", instrument="tape")
    assert two.progress(run.record)[0] == 1
    run.act("set", name="length", value=1.1)
    run.act("measure", instrument="tape")
    assert two.met(run.record)


def test_distinct_can_ask_for_a_distance_and_for_company() -> None:
    run = new_run()
    for length in (0.2, 0.25, 0.3, 0.5):
        read_at(run, length=length)
    assert distinct("length", 9, apart=0.1).progress(run.record)[0] == 3
    assert distinct("length", 9, with_="watch").progress(run.record)[0] == 0
    assert distinct("medium", 1).progress(run.record)[0] == 1  # a word counts as well


def test_spans_measures_the_range_of_settings_and_readings() -> None:
    run = new_run()
    assert spans("length", width=1.0).progress(run.record) == (0.0, 1.0)
    for length in (0.2, 0.7, 1.2):
        read_at(run, length=length)
    assert spans("length", width=1.0).met(run.record) and not spans("length", width=1.001).met(run.record)
    assert spans("length", width=2.0).describe(run.record)["en"] == "spread of length: 1 of 2 m"


def test_readings_are_counted_per_instrument_and_carried_ones_are_none() -> None:
    run = new_run()
    run.act("measure", instrument="tape")
    for _ in range(3):
        run.act("measure", instrument="watch", press="start", time=run.time)
        run.advance(10)
        run.act("measure", instrument="watch", press="stop", time=run.time)
    assert [reads(name, 9).progress(run.record)[0] for name in ("tape", "watch", "meter")] == [1, 3, 0]
    assert repeated("length", times=3, with_="watch").met(run.record)
    assert repeated("length", times=4).progress(run.record) == (3, 4)


def test_repeated_wants_one_and_the_same_setting() -> None:
    run, three = new_run(), repeated("length", times=3)
    for length in (0.2, 0.4, 0.2, 0.4):
        read_at(run, length=length)
    assert three.progress(run.record) == (2, 3)
    read_at(run, length=0.2)
    assert three.met(run.record)


def test_precise_looks_at_the_relative_uncertainty() -> None:
    run = new_run()
    run.act("measure", instrument="tape")  # 1 m ± 0.5 mm
    assert precise("tape", to=0.001).met(run.record) and not precise("tape", to=0.0001).met(run.record)
    assert "0.1 %" in precise("tape", to=0.001).describe(run.record)["en"]


def test_at_wants_readings_in_a_range() -> None:
    run = new_run()
    read_at(run, push=2.0)
    assert at("push", 1.5, 2.5).met(run.record) and not at("push", low=2.5).met(run.record)
    assert at("push", high=2.0).met(run.record)
    assert at("push", low=3.0).describe(run.record)["en"].startswith("readings with push at least 3")


def test_ran_counts_the_longest_stretch_of_time() -> None:
    run, condition = new_run(), ran(time=0.5)
    run.advance(25)
    assert condition.progress(run.record)[0] == pytest.approx(0.25) and not condition.met(run.record)
    run.advance(25)
    run.act("reset")
    assert condition.met(run.record)


def test_fits_and_charts_are_conditions_on_what_was_drawn() -> None:
    run = new_run()
    for push in (1.0, 2.0, 3.0):
        read_at(run, push=push)
    linear = fitted("linear", x="push", y="meter")
    run.act("chart", x="push", y="meter")
    assert charted(x="push").met(run.record) and not charted(y="tape").met(run.record) and not linear.met(run.record)
    run.act("chart", x="push", y="meter", fit="power")
    assert not linear.met(run.record) and fitted().met(run.record)
    run.act("fit", model="linear", x="push", y="meter")
    assert linear.met(run.record) and not fitted("linear", points=4).met(run.record)
    run.act("row", id=1, what="delete")
    assert linear.progress(run.record) == (2, 3)


def test_a_computed_column_can_be_wanted_and_fitted() -> None:
    run = new_run()
    for push in (1.0, 2.0, 3.0):
        read_at(run, push=push)
    run.act("formula", name="twice", text="2 * push")
    run.act("fit", model="linear", x="twice", y="meter")
    assert made("twice").met(run.record) and fitted(x="twice").met(run.record)
    assert spans("twice", width=4.0).met(run.record)
    run.act("formula", name="twice", text="")
    assert not made("twice").met(run.record)


def test_answers_presses_changes_and_notes() -> None:
    run = new_run()
    conditions: list[tuple[Condition, Callable[[], Any]]] = [
        (predicted("q2"), lambda: run.act("answer", question="q2", value="it grows")),
        (answered("q1"), lambda: run.act("answer", question="q1", value=0.001)),
        (answered("q1", right=True), lambda: run.act("answer", question="q1", value=run.solver.parameters["gravity"])),
        (pressed("kick"), lambda: run.act("press", name="kick")),
        (changed("push", times=2), lambda: [run.act("set", name="push", value=value) for value in (2.0, 3.0)]),
        (noted(), lambda: [run.act("read"), run.act("row", id=1, what="note", text="?")]),
    ]
    for condition, do in conditions:
        assert not condition.met(run.record)
        do()
        assert condition.met(run.record)
        assert all(condition.describe(run.record).values())


def test_two_ways_that_read_alike_are_told_once() -> None:
    told = (fitted("linear") | fitted("proportional")).describe(new_run().record)
    assert told["en"] == "points in the fit: 0 of 3" and "或者" not in told["zh"]


def test_and_or_combine_progress_words_and_names() -> None:
    run = new_run()
    both, either = reads("meter", 2) & pressed("kick"), reads("meter", 4) | pressed("kick")
    assert both.progress(run.record) == (0.0, 2.0)
    read_at(run)
    assert both.progress(run.record) == (0.5, 2.0) and either.progress(run.record) == (1, 4)
    run.act("press", name="kick")
    assert both.progress(run.record) == (1.5, 2.0) and not both.met(run.record) and either.met(run.record)
    read_at(run)
    assert both.met(run.record) and both.progress(run.record) == (2.0, 2.0)
    assert ";" in both.describe(run.record)["en"] and ", or " in either.describe(run.record)["en"]
    assert list(both.names()) == [("instrument", "meter"), ("press", "kick")]
    assert both.source == "(reads('meter', 2) & pressed('kick'))"
