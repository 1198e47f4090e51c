"""A run goes on in another process: from its documents, from a snapshot, from a record that was cut short."""

import json
from typing import Any

import pytest

from engine.errors import Refusal
from labs.bench.documents import essence
from labs.bench.logbook import MemoryLogbook
from labs.bench.replay import replay
from labs.bench.run import Run
from tests.labs.bench.test_run import experiment, state_of
from tests.labs.bench.tiny import KEY, scenario


@pytest.mark.parametrize("pace", [[6], [1]], ids=str)
def test_a_run_goes_on_in_another_process_where_it_was(pace: list[int]) -> None:
    whole = experiment(Run(scenario(), KEY), pace)
    cut = experiment(Run(scenario(), KEY), pace)
    documents = json.loads(json.dumps(cut.documents))
    resumed = Run.resume(scenario(), KEY, documents)
    assert state_of(resumed) == state_of(whole) and resumed.step == whole.step
    assert resumed.can_undo == whole.can_undo and resumed.settings == whole.settings
    assert [row.cells for row in resumed.rows] == [row.cells for row in whole.rows]
    for run in (whole, resumed):
        run.advance(30)
        run.act("read")
        run.act("undo")
        run.advance(7)
    assert state_of(resumed) == state_of(whole)
    assert essence(resumed.documents[-2])["readings"] == essence(whole.documents[-2])["readings"]


def test_a_snapshot_brings_the_time_since_the_last_act() -> None:
    run = Run(scenario(), KEY)
    run.act("set", name="push", value=2.0)
    run.advance(77)
    block = run.snapshot()
    resumed = Run.resume(scenario(), KEY, run.documents, snapshot=block)
    assert resumed.step == 77 and state_of(resumed) == state_of(run)
    for harm in (block[:-1], block[:60] + b"x" + block[61:], b"", b"nonsense"):
        assert Run.resume(scenario(), KEY, run.documents, snapshot=harm).step == 0


def test_a_snapshot_of_another_run_is_not_taken() -> None:
    other = Run(scenario(), KEY)
    other.advance(50)
    run = Run(scenario(), KEY)
    assert Run.resume(scenario(), KEY, run.documents, snapshot=other.snapshot()).step == 0


def test_a_run_is_not_resumed_with_another_key() -> None:
    with pytest.raises(Refusal, match="draw key"):
        Run.resume(scenario(), b"wrong", Run(scenario(), KEY).documents)


def test_a_failed_run_can_be_resumed_and_healed() -> None:
    run = Run(scenario(), KEY)
    run.advance(6)
    run.act("set", name="push", value=8.5)
    run.advance(100)
    resumed = Run.resume(scenario(), KEY, run.documents, snapshot=run.snapshot())
    assert resumed.failed
    resumed.go_back()
    assert resumed.stopped is None and resumed.advance(1) == 1


@pytest.mark.parametrize("do", ["read", "measure"])
def test_a_record_cut_between_an_action_and_its_reading_is_completed(do: str) -> None:
    run = Run(scenario(), KEY)
    run.advance(8)
    run.act("read")
    run.act("set", name="length", value=0.7)
    run.advance(9)
    run.act(do, **({"instrument": "tape"} if do == "measure" else {}))
    saved: list[Any] = run.documents[:-1]
    block = run.snapshot()
    book = MemoryLogbook()
    resumed = Run.resume(scenario(), KEY, saved, book, snapshot=block)
    assert [one["kind"] for one in book.documents] == ["event", "action"]  # what was saved is not saved again
    assert essence(book.documents[0]) == essence(run.documents[-1])
    assert resumed.documents[: len(saved)] == saved and replay(resumed.documents, scenario(), KEY).equal


def test_a_press_that_shows_nothing_is_complete_as_it_is() -> None:
    run = Run(scenario(), KEY)
    run.advance(8)
    run.act("measure", instrument="watch", press="start", time=0.08)
    resumed = Run.resume(scenario(), KEY, run.documents)
    resumed.advance(100)
    resumed.act("measure", instrument="watch", press="stop", time=1.0)
    assert resumed.rows[0].cells["watch"].value == pytest.approx(0.92)
    assert replay(resumed.documents, scenario(), KEY).equal


def test_a_record_of_nothing_but_its_start_can_be_gone_on_with() -> None:
    run = Run(scenario(), KEY)
    resumed = Run.resume(scenario(), KEY, run.documents[:1])
    assert [one["kind"] for one in resumed.documents] == ["start", "descriptor"]
    resumed.advance(5)
    resumed.act("read")
    assert replay(resumed.documents, scenario(), KEY).equal
