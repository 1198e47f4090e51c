"""Documents are checked field by field, and a run's are in order and complete."""

import json
from typing import Any

import pytest

from engine.errors import Refusal
from labs.bench.documents import SCHEMA, check, essence, key_print, ordered
from labs.bench.run import Run
from tests.labs.bench.tiny import KEY, scenario


def papers() -> list[Any]:
    run = Run(scenario(), KEY, seat="3-2 / 17", language="zh-CN")
    run.advance(8)
    run.act("read")
    run.act("answer", question="q1", value=3)
    run.act("finish")
    return run.documents


def changed(document: Any, **fields: Any) -> Any:
    return {**document, **fields}


def test_every_document_of_a_run_passes_and_points_to_its_start() -> None:
    found = papers()
    assert [one["kind"] for one in found] == ["start", "descriptor", "action", "event", "answer", "stop"]
    for number, document in enumerate(found):
        assert check(json.loads(json.dumps(document))) == document
        assert document["run"] == found[0]["uid"] and document["seq"] == number
    assert len({one["uid"] for one in found}) == len(found)


def test_the_start_says_what_the_run_is_a_function_of() -> None:
    start = papers()[0]
    assert start["scenario"] == "drift" and len(start["scenario_hash"]) == 64 and start["seat"] == "3-2 / 17"
    assert start["language"] == "zh" and start["schema"] == SCHEMA and start["numeric"]["precision"] == "f32"
    assert start["backend"] == start["numeric"]["backend"]


def test_the_draw_key_is_in_none() -> None:
    text = json.dumps(papers())
    assert KEY.hex() not in text and key_print(KEY) in text


@pytest.mark.parametrize(("kind", "harm", "words"), [
    (0, {"schema": SCHEMA + 1}, "newer version"), (0, {"seat": 17}, "seat"),
    (1, {"columns": [{}]}, "descriptor.columns"),
    (2, {"do": None}, "do"), (2, {"steps": 3}, "step"), (3, {"step": 1.5}, "step"), (3, {"step": True}, "step"),
    (3, {"time": float("nan")}, "time"), (3, {"readings": {"meter": {"value": "1"}}}, "event.readings"),
    (4, {"verdict": "splendid"}, "verdict"), (5, {"how": "bored"}, "how"), (5, {"kind": "stopp"}, "stop")])
def test_a_harmed_document_is_refused_with_the_field(kind: int, harm: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        check({**papers()[kind], **harm})


@pytest.mark.parametrize("missing", ["uid", "run", "seq", "what", "step"])
def test_a_missing_field_is_named(missing: str) -> None:
    document = {name: value for name, value in papers()[2].items() if name != missing}
    with pytest.raises(Refusal, match=missing):
        check(document)


def test_what_is_no_document_is_refused() -> None:
    things: list[Any] = [None, [], "start", {"kind": []}, {}]
    for thing in things:
        with pytest.raises(Refusal):
            check(thing)


def test_order_is_by_number_and_doubles_are_one() -> None:
    found = papers()
    assert ordered(reversed(found + found[2:4])) == found
    with pytest.raises(Refusal, match="two runs"):
        ordered([*found, changed(found[2], uid="other")])
    with pytest.raises(Refusal, match="belongs to another run"):
        ordered([*found[:2], changed(found[2], run="other"), *found[3:]])
    with pytest.raises(Refusal, match="no start"):
        ordered([])


def test_essences_of_two_equal_runs_are_equal() -> None:
    one, other = papers(), papers()
    assert [essence(document) for document in one] == [essence(document) for document in other]
    assert one[0]["uid"] != other[0]["uid"]
