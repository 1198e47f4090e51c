"""A run is a function of scenario, draw key and acts; how time is cut into frames changes no bit of it."""

import json
from typing import Any

import pytest

from engine.errors import Refusal
from labs.bench.checks import ran, reads
from labs.bench.control import Control
from labs.bench.documents import essence
from labs.bench.lab import drawn_from
from labs.bench.logbook import MemoryLogbook
from labs.bench.question import Question
from labs.bench.run import Run
from labs.bench.scenario import Step, problems
from tests.labs.bench.tiny import KEY, DriftLab, scenario


def act(run: Run, do: str, **what: Any) -> Any:
    """The document that comes of an act, without mypy's questions about its kind."""
    return run.act(do, **what)


def state_of(run: Run) -> bytes:
    """The solver's arrays and the instruments' memories."""
    return run.solver.state.height.tobytes() + repr(sorted((name, one.snapshot()) for name, one
                                                           in run.instruments.items())).encode()


def papers(run: Run) -> str:
    """All documents without names of papers and clocks, as they would be written to a file."""
    return json.dumps([essence(document) for document in run.documents], sort_keys=True)


def advance_to(run: Run, step: int, pace: list[int]) -> None:
    turn = 0
    while run.step < step:
        run.advance(min(pace[turn % len(pace)], step - run.step))
        turn += 1


def experiment(run: Run, pace: list[int]) -> Run:
    """A student's hour: every kind of act, at fixed steps, with time cut as `pace` says."""
    def at(step: int, do: str, **what: Any) -> None:
        advance_to(run, step, pace)
        run.act(do, **what)
    at(10, "read")
    at(21, "set", name="push", value=2.0)
    at(40, "read")
    at(43, "measure", instrument="tape")
    at(47, "measure", instrument="watch", press="start", time=0.47)
    at(50, "press", name="kick")
    at(61, "read")
    at(75, "undo")
    assert run.step == 50
    at(80, "measure", instrument="watch", press="stop", time=0.8)
    at(81, "redo")
    assert run.step == 75
    at(90, "set", name="length", value=0.5)
    at(90, "set", name="medium", value="water")
    at(101, "read")
    at(130, "reset")
    assert run.step == 0
    at(20, "read")
    at(33, "undo")
    assert run.step == 130 and run.settings["length"] == 0.5
    at(140, "answer", question="q2", value="because")
    at(140, "row", id=1, what="exclude")
    at(140, "formula", name="pp", text="push * push")
    at(140, "chart", x="push", y="meter", fit="linear")
    at(141, "read")
    return run


PACES = [[1], [7], [4], [3, 1, 10, 2], [1000]]


@pytest.mark.parametrize("pace", PACES[1:], ids=str)
def test_pacing_changes_no_bit_of_states_or_documents(pace: list[int]) -> None:
    one, other = experiment(Run(scenario(), KEY), PACES[0]), experiment(Run(scenario(), KEY), pace)
    assert state_of(one) == state_of(other)
    assert papers(one) == papers(other)


def test_another_key_draws_other_values_and_shows_other_readings() -> None:
    one, other = Run(scenario(), KEY), Run(scenario(), b"another key")
    assert one.solver.parameters["gravity"] != other.solver.parameters["gravity"]
    assert 1.6 <= other.solver.parameters["gravity"] <= 25.0
    shown = []
    for run in (one, other):
        run.advance(20)
        shown.append(act(run, "read")["readings"]["meter"]["value"])
    assert shown[0] != shown[1]


def test_what_was_drawn_and_the_key_stand_in_no_document() -> None:
    run = experiment(Run(scenario(), KEY), [9])
    text = json.dumps(run.documents) + json.dumps(run.scenario.public()) + json.dumps(run.questions())
    assert str(run.solver.parameters["gravity"])[:6] not in text and KEY.hex() not in text
    assert "1.6" not in json.dumps(run.scenario.public()) and "25.0" not in json.dumps(run.scenario.public())


def test_undo_restores_the_bench_to_the_bit_and_keeps_the_readings() -> None:
    run = Run(scenario(), KEY)
    run.advance(30)
    before, settings = state_of(run), dict(run.settings)
    run.act("set", name="push", value=3.0)
    run.advance(50)
    run.act("read")
    run.act("press", name="kick")
    run.advance(5)
    after = state_of(run)
    run.act("undo")
    run.act("undo")
    assert state_of(run) == before and run.settings == settings and run.step == 30 and len(run.rows) == 1
    run.act("redo")
    run.act("redo")
    assert state_of(run) == after and run.step == 85 and not run.can_redo
    assert [one["seq"] for one in run.documents] == list(range(len(run.documents)))


def test_undo_without_its_snapshot_computes_the_same_bits_again() -> None:
    run, poor = Run(scenario(), KEY), Run(scenario(), KEY)
    poor.apparatus.ring.limit = 0  # nothing but the beginning is kept
    for one in (run, poor):
        experiment(one, [5])
    assert not poor.apparatus.ring._saved and run.apparatus.ring._saved
    assert state_of(run) == state_of(poor) and papers(run) == papers(poor)


def test_the_ring_stays_within_its_memory() -> None:
    run = Run(scenario(), KEY)
    run.apparatus.ring.limit = 20_000
    for number in range(40):
        run.advance(1)
        run.act("set", name="push", value=0.1 * number)
    assert 0 < run.apparatus.ring.nbytes <= 20_000


def test_one_drag_is_one_undo() -> None:
    run = Run(scenario(), KEY)
    run.act("set", name="push", value=2.0)
    for number in range(5):
        run.advance(10)
        run.act("set", name="push", value=3.0 + 0.1 * number, drag=number > 0)
    run.act("undo")
    assert run.settings["push"] == 2.0
    run.act("undo")
    assert run.settings["push"] == 1.0 and not run.can_undo


def test_setting_what_is_set_already_is_nothing_to_undo() -> None:
    run = Run(scenario(), KEY)
    run.act("set", name="push", value=1.0)
    assert not run.can_undo


def test_acts_that_measure_nothing_leave_the_solver_alone() -> None:
    run = Run(scenario(), KEY)
    run.advance(17)
    run.act("read")
    before = state_of(run)
    for do, what in (("row", {"id": 1, "what": "note", "text": "odd"}), ("formula", {"name": "pp", "text": "push * 2"}),
                     ("chart", {"x": "push", "y": "meter"}), ("fit", {"model": "linear", "x": "push", "y": "meter"}),
                     ("note", {"text": "hm"}), ("answer", {"question": "q2", "value": "so"}), ("confirm", {"step": 0}),
                     ("language", {"value": "zh"}), ("guide", {"on": False}), ("read", {})):
        run.act(do, **what)
        last: Any = run.documents[-1]
        assert last["step"] == 17
    assert state_of(run) == before and run.record.language == "zh" and run.rows[0].note == "odd"


def test_a_read_makes_one_row_of_all_digital_instruments_and_the_settings() -> None:
    run = Run(scenario(), KEY)
    run.advance(8)
    event: Any = run.act("read")
    assert list(event["readings"]) == ["meter"] and event["settings"]["push"] == 1.0 and event["step"] == 8
    assert run.rows[0].cells["meter"].value == event["readings"]["meter"]["value"]


def test_a_setting_that_an_instrument_measures_is_no_column() -> None:
    run = Run(scenario(), KEY)
    columns: Any = run.documents[1]
    assert [column["name"] for column in columns["columns"]] == ["push", "medium", "meter", "tape", "watch"]


def timed(run: Run) -> None:
    run.act("measure", instrument="watch", press="start", time=run.time)
    run.advance(100)
    run.act("measure", instrument="watch", press="stop", time=run.time)


def test_length_is_measured_once_and_the_swings_three_times() -> None:
    run = Run(scenario(), KEY)
    run.act("set", name="length", value=0.8)
    run.act("measure", instrument="tape")
    run.act("set", name="push", value=2.0)  # another setting: the length read is still good, its row still open
    run.act("press", name="kick")
    for _ in range(3):
        timed(run)
    tapes = {row.cells["tape"].value for row in run.rows}
    assert len(run.rows) == 3 and len(tapes) == 1 and all("watch" in row.cells for row in run.rows)
    assert run.record.readings["tape"] == 1 and run.record.readings["watch"] == 3
    assert [row.cells["push"].value for row in run.rows] == [2.0, 2.0, 2.0]
    run.act("set", name="length", value=0.5)
    timed(run)
    assert "tape" not in run.rows[3].cells  # the old length no longer holds


def test_after_an_undo_an_old_length_is_not_carried() -> None:
    run = Run(scenario(), KEY)
    run.act("set", name="length", value=0.8)
    run.act("measure", instrument="tape")
    run.act("undo")
    timed(run)
    assert len(run.rows) == 2 and "tape" not in run.rows[1].cells


def test_read_closes_the_row_in_progress() -> None:
    run = Run(scenario(), KEY)
    run.act("measure", instrument="tape")
    run.act("read")
    assert len(run.rows) == 1 and set(run.rows[0].cells) >= {"tape", "meter"}
    run.act("read")
    assert len(run.rows) == 2
    by_hand = Run(scenario(instruments=["tape"]), KEY)
    with pytest.raises(Refusal, match="Measure something first"):
        by_hand.act("read")
    by_hand.act("measure", instrument="tape")
    by_hand.act("read")
    by_hand.act("measure", instrument="tape")
    assert len(by_hand.rows) == 2


def test_repeated_readings_at_one_step_scatter_as_noise_does() -> None:
    run = Run(scenario(), KEY)
    values = [act(run, "read")["readings"]["meter"]["value"] for _ in range(5)]
    assert len(set(values)) > 1 and max(values) - min(values) < 0.1


def test_a_numerical_failure_stops_the_run_and_going_back_heals_it() -> None:
    run = Run(scenario(), KEY)
    run.advance(9)
    run.act("read")
    run.act("set", name="push", value=8.5)
    assert run.advance(500) < 500 and run.failed
    assert dict(run.stopped or {}) == {"how": "failed", "quantity": "height", "step": 12}
    for do, what in (("read", {}), ("set", {"name": "push", "value": 1.0}), ("press", {"name": "kick"})):
        with pytest.raises(Refusal, match="Go back first"):
            run.act(do, **what)
    run.act("note", text="it broke")
    assert run.advance(5) == 0 and len(run.rows) == 1
    with pytest.raises(Refusal, match="never was"):
        run.act("back", after=2, step=5)
    run.go_back()
    assert run.stopped is None and run.step == 9 and run.settings["push"] == 1.0
    assert run.advance(100) == 100
    run.act("read")


@pytest.mark.parametrize("pace", [[1], [3], [500]], ids=str)
def test_a_failure_is_dated_alike_at_every_pace(pace: list[int]) -> None:
    run = Run(scenario(), KEY)
    run.advance(9)
    run.act("set", name="push", value=8.5)
    while not run.failed:
        run.advance(pace[0])
    assert run.stopped is not None and run.stopped["step"] == 12
    run.act("undo")
    assert run.step == 9 and not run.failed


def test_answers_are_judged_here_with_limited_attempts() -> None:
    run = Run(scenario(), KEY)
    gravity = run.solver.parameters["gravity"]
    assert run.questions()["q1"] == {"left": 3, "verdict": "", "value": None, "text": {"en": "", "zh": ""}}
    run.act("answer", question="q1", value=gravity * 1.2)
    assert run.questions()["q1"]["verdict"] == "wrong" and run.questions()["q1"]["left"] == 2
    run.act("answer", question="q1", value=f"{gravity * 100 * 1.01:.3f} cm/s²")
    assert run.questions()["q1"]["verdict"] == "right"
    with pytest.raises(Refusal, match="settled"):
        run.act("answer", question="q1", value=1)
    for _ in range(2):
        run.act("answer", question="q4", value=1.0)
    with pytest.raises(Refusal, match="settled"):
        run.act("answer", question="q4", value=2.0)
    assert "no attempts" in run.questions()["q4"]["text"]["en"]


def test_a_truth_of_the_lab_is_judged_in_the_unit_of_the_question() -> None:
    run = Run(scenario(), KEY)
    period = 2 * 3.141592653589793 * (run.solver.parameters["length"] / run.solver.parameters["gravity"]) ** 0.5
    assert act(run, "answer", question="q4", value=1000 * period + 4.0)["verdict"] == "right"
    again = Run(scenario(), KEY)
    assert act(again, "answer", question="q4", value=1000 * period + 6.0)["verdict"] == "wrong"


def test_what_cannot_be_done_is_refused_and_leaves_no_document() -> None:
    run = Run(scenario(), KEY)
    count = len(run.documents)
    for do, what, words in (
            ("sett", {}, "set"), ("set", {"name": "pusch", "value": 1}, "push"),
            ("set", {"name": "push", "value": 9.5}, "range"),
            ("set", {"name": "push"}, "value"), ("set", {"name": "push", "value": float("nan")}, "finite|range|cannot"),
            ("press", {"name": "kik"}, "kick"), ("measure", {"instrument": "tap"}, "tape"),
            ("measure", {"instrument": "tape", "angle": 3}, "angle"), ("row", {"id": 5, "what": "delete"}, "row 5"),
            ("confirm", {"step": 9}, "step 9"), ("answer", {"question": "q9", "value": 1}, "q"), ("undo", {}, "undo"),
            ("redo", {}, "redo"), ("answer", {"question": "q1", "value": "many"}, "number"),
            ("set", {"name": "medium", "value": "oil"}, "air|water"), ("back", {}, "in order")):
        with pytest.raises(Refusal, match=words):
            run.act(do, **what)
    assert len(run.documents) == count


def test_a_finished_run_takes_nothing_more() -> None:
    run = Run(scenario(), KEY)
    run.act("finish")
    assert run.finished and run.advance(3) == 0
    with pytest.raises(Refusal, match="finished"):
        run.act("read")


def test_a_bare_lab_can_be_run() -> None:
    logbook = MemoryLogbook()
    run = Run(DriftLab(), KEY, logbook)
    run.act("set", name="length", value=1.9)
    assert {"push", "length", "medium"} == set(run.settings) and logbook.pending == len(run.documents) == 3


def test_steps_of_the_guide_are_seen_done_as_they_are() -> None:
    run = Run(scenario(), KEY)
    assert [one.done for one in run.progress()] == [False, False, False]
    run.act("confirm", step=0)
    for push in (1.0, 2.0, 3.0):
        run.act("set", name="push", value=push)
        run.advance(5)
        run.act("read")
    assert [one.done for one in run.progress()] == [True, True, False]
    assert run.told()[2]["en"].startswith("press Kick: 0 of 1")
    run.act("row", id=1, what="delete")
    assert run.progress()[1].done  # a step once done stays done
    run.act("press", name="kick")
    assert run.progress()[2].done


def test_which_one_it_is_can_be_asked_of_a_drawn_choice() -> None:
    question = Question("?", answer="medium", choices={"air": "A", "water": "W", "oil": "O"})
    declared = scenario(lab=DriftLab(medium=drawn_from("air", "water")), questions=[question],
                        controls=[Control("push")], steps=[Step("?")])
    assert problems(declared) == []
    for key in (b"1", b"2", b"3", b"4"):
        run = Run(declared, key)
        hidden = run.solver.parameters["medium"]
        other = "air" if hidden == "water" else "water"
        assert act(run, "answer", question="q1", value=other)["verdict"] == "wrong"
        assert act(run, "answer", question="q1", value=hidden)["verdict"] == "right"


def test_time_alone_can_finish_a_step() -> None:
    run = Run(scenario(steps=[Step("wait", done=ran(0.5) & reads("meter"))]), KEY)
    run.act("read")
    assert run.progress()[0].have == 1.0
    run.advance(25)
    assert run.progress()[0].have == pytest.approx(1.5) and not run.progress()[0].done
    run.advance(25)
    assert run.progress()[0].done
