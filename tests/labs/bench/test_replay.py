"""A record can be done again by anyone, in a fresh process, and edited records give themselves away."""

import copy
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Refusal
from labs.bench.logbook import FileLogbook, read_file
from labs.bench.replay import replay
from labs.bench.run import Run
from tests.labs.bench.test_run import experiment, papers, state_of
from tests.labs.bench.tiny import KEY, scenario

ROOT = Path(__file__).parents[3]


def recorded() -> list[Any]:
    """A run's documents as a file gives them back, verdicts included."""
    run = experiment(Run(scenario(), KEY), [7])
    run.act("answer", question="q1", value=12.0)
    run.act("finish")
    found: list[Any] = json.loads(json.dumps(run.documents))
    return found


def test_a_record_replays_bit_for_bit() -> None:
    outcome = replay(recorded(), scenario(), KEY)
    assert outcome.equal and outcome.exact and not outcome.scenario_changed
    assert outcome.events == 8 and outcome.answers == 2 and outcome.readings >= 8


def test_a_fresh_process_finds_the_same_readings(tmp_path: Path) -> None:
    book = FileLogbook(tmp_path / "run.jsonl")
    experiment(Run(scenario(), KEY, book), [3, 11])
    book.close()
    script = ("import sys; from labs.bench.logbook import read_file; from labs.bench.replay import replay; "
              "from tests.labs.bench.tiny import KEY, scenario; "
              "found = replay(read_file(sys.argv[1]).documents, scenario(), KEY); "
              "print(found.equal, found.exact, found.readings)")
    told = subprocess.run([sys.executable, "-c", script, str(tmp_path / "run.jsonl")], cwd=ROOT, capture_output=True,
                          text=True, check=True).stdout.split()
    assert told[:2] == ["True", "True"] and int(told[2]) >= 8


def test_a_reading_changed_in_its_last_digit_is_found() -> None:
    documents = recorded()
    event = next(one for one in documents if one["kind"] == "event")
    event["readings"]["meter"]["value"] += 1e-12
    differences = replay(documents, scenario(), KEY).differences
    assert [one.what for one in differences] == ["meter"] and differences[0].seq == event["seq"]


def test_a_verdict_changed_by_hand_is_found() -> None:
    documents = recorded()
    answer = next(one for one in documents if one["kind"] == "answer" and one["question"] == "q1")
    answer["verdict"] = "right" if answer["verdict"] == "wrong" else "wrong"
    assert [one.what for one in replay(documents, scenario(), KEY).differences] == ["answer"]


def test_in_another_numeric_class_readings_agree_within_their_uncertainties() -> None:
    documents = recorded()
    documents[0]["numeric"]["target"] = "another machine"
    event = next(one for one in documents if one["kind"] == "event")
    event["readings"]["meter"]["value"] += 0.01  # a fifth of its standard uncertainty
    outcome = replay(documents, scenario(), KEY)
    assert outcome.equal and not outcome.exact
    event["readings"]["meter"]["value"] += 1.0
    assert not replay(documents, scenario(), KEY).equal


def test_a_failure_and_the_way_back_replay_too() -> None:
    run = Run(scenario(), KEY)
    run.advance(9)
    run.act("read")
    run.act("set", name="push", value=8.5)
    run.advance(333)
    run.go_back()
    run.advance(50)
    run.act("read")
    outcome = replay(run.documents, scenario(), KEY)
    assert outcome.equal and outcome.events == 2


def test_a_resumed_run_replays() -> None:
    run = Run(scenario(), KEY)
    run.advance(9)
    run.act("set", name="push", value=2.0)
    run.advance(44)
    again = Run.resume(scenario(), KEY, run.documents, snapshot=run.snapshot())
    again.advance(10)
    again.act("read")
    assert again.documents[-1]["step"] == 63 and replay(again.documents, scenario(), KEY).equal  # type: ignore[typeddict-item]


def test_another_key_or_a_mutilated_record_is_refused() -> None:
    documents = recorded()
    with pytest.raises(Refusal, match="draw key"):
        replay(documents, scenario(), b"another")
    with pytest.raises(Refusal, match="missing"):
        replay(documents[:4] + documents[5:], scenario(), KEY)
    with pytest.raises(Refusal, match="no start"):
        replay(documents[1:], scenario(), KEY)
    backdated = copy.deepcopy(documents)
    next(one for one in backdated[8:] if one["kind"] == "action")["step"] = 0
    with pytest.raises(Refusal, match="edited"):
        replay(backdated, scenario(), KEY)
    invented = copy.deepcopy(documents)
    place = next(number for number, one in enumerate(invented) if one["kind"] == "action" and one["do"] == "undo")
    event = next(one for one in invented if one["kind"] == "event")
    invented[place] = {**event, "uid": "x", "seq": place}
    with pytest.raises(Refusal, match="follows from nothing"):
        replay(invented, scenario(), KEY)


def test_a_changed_scenario_is_told() -> None:
    assert replay(recorded(), scenario(title="Another title"), KEY).scenario_changed


def test_a_record_reads_back_from_its_file(tmp_path: Path) -> None:
    book = FileLogbook(tmp_path / "run.jsonl")
    run = experiment(Run(scenario(), KEY, book), [9])
    book.close()
    assert read_file(tmp_path / "run.jsonl").documents == run.documents
    assert all(book.saved(one["uid"]) for one in run.documents)


CLICKS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([
    ("set", {"name": "push", "value": 2.0}), ("set", {"name": "push", "value": 8.7}),
    ("set", {"name": "length", "value": 0.4}),
    ("set", {"name": "push", "value": 3.0, "drag": True}), ("press", {"name": "kick"}), ("read", {}), ("undo", {}),
    ("redo", {}), ("reset", {}), ("back", {}), ("measure", {"instrument": "tape"}),
    ("measure", {"instrument": "watch", "press": "start", "time": 0.0}), ("row", {"id": 1, "what": "delete"})])),
    max_size=25)


def clicked(run: Run, clicks: list[tuple[int, tuple[str, dict[str, Any]]]]) -> Run:
    """Somebody who presses everything; refusals are part of it."""
    for wait, (do, what) in clicks:
        run.advance(wait)
        with suppress(Refusal):
            run.act(do, **what)
    return run


@settings(max_examples=25, deadline=None)
@given(CLICKS)
def test_whatever_is_clicked_replays_and_resumes(clicks: list[Any]) -> None:
    run, poor = clicked(Run(scenario(), KEY), clicks), Run(scenario(), KEY)
    poor.apparatus.ring.limit = 0
    clicked(poor, clicks)
    if not any(one["kind"] == "stop" for one in run.documents):  # how far one goes back depends on the snapshots kept
        assert papers(run) == papers(poor)
    assert replay(run.documents, scenario(), KEY).equal
    resumed = Run.resume(scenario(), KEY, run.documents, snapshot=run.snapshot())
    if not run.failed:
        assert state_of(resumed) == state_of(run)
    assert resumed.settings == run.settings and resumed.can_undo == run.can_undo and resumed.step == run.step
