"""The wall's fold, on documents of real runs."""

import json
from collections.abc import Callable
from typing import Any

from labs.bench.run import Run
from labs.bench.scenario import Scenario
from voila_apps.teacher.live import Wall
from voila_apps.teacher.wall import Limits, Seat, Tile, alerts, need

HERE = Seat(connected=True, since=900.0, claimed=True)


def folded(scenario: Scenario, run: Run) -> Tile:
    tile = Tile(scenario)
    tile.take(json.loads(json.dumps(run.documents)))
    return tile


def kinds(tile: Tile | None, seat: Seat, now: float, **how: Any) -> list[str]:
    return [one["kind"] for one in alerts(tile, seat, now, **how)]


def reading(run: Run) -> None:
    run.act("measure", instrument="ruler")
    run.advance(400)
    run.act("read")


def test_a_tile_tells_how_far_and_what_last(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    clock = [1000.0]
    run = make_run(clock)
    tile = folded(pendulum, run).public()
    assert (tile["step"], tile["readings"], tile["last"]["en"]) == (0, 0, "opened the bench")
    clock[0] = 1060.0
    name, question = next(iter(pendulum.asked.items()))
    run.act("answer", question=name, value=next(iter(question.choices or [])))
    clock[0] = 1100.0
    run.act("set", name="length", value=0.7)
    tile = folded(pendulum, run).public()
    assert tile["step"] == 1 and tile["done"].startswith("10")
    assert tile["last"] == {"en": "set length to 0.7 m", "zh": "把摆长调到 0.7 m"}
    assert (tile["at"], tile["since"]) == (1100.0, 1060.0)
    reading(run)
    assert folded(pendulum, run).public()["readings"] == 1


def test_the_language_and_the_guide_are_no_work(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    clock = [1000.0]
    run = make_run(clock)
    run.act("press", name="release")
    clock[0] = 1500.0
    run.act("language", value="zh")
    run.act("guide", on=False)
    assert folded(pendulum, run).at == 1000.0


def test_alerts_come_with_their_reasons(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    run = make_run([1000.0])
    tile = folded(pendulum, run)
    assert kinds(tile, HERE, 1010.0) == []
    assert kinds(tile, HERE, 1000.0 + Limits().idle + 1) == ["idle"]
    assert kinds(tile, HERE, 1000.0 + Limits().idle + 1, paused=True) == []
    assert kinds(tile, Seat(connected=False, since=1000.0), 1020.0) == ["left"]
    assert kinds(tile, Seat(connected=True, waiting=1), 1010.0) == ["consent"]
    assert kinds(None, Seat(waiting=1), 1010.0) == ["consent"] and need(alerts(None, Seat(waiting=1), 0.0)) == 3


def test_many_acts_on_one_step_for_long_is_stuck(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    clock = [1000.0]
    run = make_run(clock)
    for n in range(Limits().stuck_acts):
        clock[0] += 20
        run.act("set", name="length", value=0.5 + 0.01 * n)
    tile = folded(pendulum, run)
    assert kinds(tile, HERE, 1000.0 + Limits().stuck - 1) == []
    assert kinds(tile, HERE, 1000.0 + Limits().stuck + 1) == ["stuck"]


def test_readings_of_a_single_setting_are_noticed(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    run = make_run([1000.0])
    for _ in range(Limits().one_setting):
        reading(run)
    assert kinds(folded(pendulum, run), HERE, 1010.0) == ["setting"]
    run.act("set", name="length", value=0.6)
    reading(run)
    assert kinds(folded(pendulum, run), HERE, 1010.0) == []


def test_wrong_answers_and_a_stopped_bench(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    run = make_run([1000.0])
    name = next(name for name, one in pendulum.asked.items() if one.answer and not one.choices)
    run.act("answer", question=name, value=1000.0)
    assert kinds(folded(pendulum, run), HERE, 1010.0) == []
    run.act("answer", question=name, value=2000.0)
    tile = folded(pendulum, run)
    assert kinds(tile, HERE, 1010.0) == ["wrong"] and tile.public()["wrong"] == 1
    run.write("stop", how="failed", quantity="position", message="x")
    assert kinds(folded(pendulum, run), HERE, 1010.0)[0] == "failed"


def test_a_document_that_is_none_ends_the_fold_and_is_told(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    tile = folded(pendulum, make_run())
    tile.take([{"kind": "action", "do": "set"}])
    assert tile.flaw and "flaw" in kinds(tile, HERE, 1010.0)


def wall_of(scenario: Scenario, lesson: Any = None) -> Wall:
    return Wall(lesson or type("Lesson", (), {"paused": False, "uid": "x"})(), scenario, ["3-2/4", "3-2/5"])


def test_the_wall_tells_only_what_differs(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    run, wall = make_run([1000.0]), wall_of(pendulum)
    wall.look(set(), 1000.0)
    wall.seats["3-2/4"].claimed = True
    wall.look(set(), 1000.0)
    first = json.loads(json.dumps(run.documents))
    told = wall.look(wall.fold([("3-2/4", run.uid, first)], lambda _: []), 1000.0)
    assert set(told) == {"3-2/4"} and told["3-2/4"]["run"] == run.uid
    assert wall.look(set(), 1000.5) == {}
    reading(run)
    fresh = json.loads(json.dumps(run.documents))[len(first):]
    told = wall.look(wall.fold([("3-2/4", run.uid, fresh)], lambda _: []), 1001.0)
    assert "steps" not in told["3-2/4"] and told["3-2/4"]["readings"] == 1
    (row,) = told["3-2/4"]["more"]
    assert row[0] == 1 and len(row) == 1 + len(pendulum.columns())


def test_a_bench_that_was_opened_ahead_is_nobodys_work(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    run, wall = make_run([1000.0]), wall_of(pendulum)
    wall.load([("3-2/4", run.uid)], lambda uid: json.loads(json.dumps(run.documents)))
    assert wall.look({"3-2/4"}, 1000.0)["3-2/4"]["run"] == ""
    wall.seats["3-2/4"].claimed = True  # its student has come
    assert wall.look(set(), 1001.0)["3-2/4"]["run"] == run.uid


def test_what_was_missed_is_read_from_the_record(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    run, wall = make_run([1000.0]), wall_of(pendulum)
    reading(run)
    documents = json.loads(json.dumps(run.documents))
    wall.fold([("3-2/4", run.uid, documents[-1:])], lambda uid: documents)
    assert wall.tiles["3-2/4"].record.next_seq == len(documents)
    wall.fold([("3-2/4", run.uid, documents[-2:])], lambda uid: documents)  # twice does no harm
    assert wall.tiles["3-2/4"].record.next_seq == len(documents)


def test_a_row_taken_away_is_taken_from_the_wall(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    run, wall = make_run([1000.0]), wall_of(pendulum)
    reading(run)
    reading(run)
    wall.load([("3-2/4", run.uid)], lambda uid: json.loads(json.dumps(run.documents)))
    wall.look({"3-2/4"}, 1000.0)
    run.act("row", id=1, what="delete")
    last = json.loads(json.dumps(run.documents))[-1:]
    told = wall.look(wall.fold([("3-2/4", run.uid, last)], lambda _: []), 1001.0)
    assert [row[0] for row in told["3-2/4"]["rows"]] == [2]


def test_who_comes_back_gets_what_was_missed(pendulum: Scenario) -> None:
    wall = wall_of(pendulum)
    for number in range(3):
        wall.tell("change", {"seats": {"3-2/4": {"step": number}}})
    assert [event[0] for event in wall.since(wall.id(1)) or []] == [2, 3]
    assert wall.since(wall.id(3)) == []
    for lost in ("", "other-2", wall.id(9), f"{wall.epoch}-x"):
        assert wall.since(lost) is None, lost
    for _ in range(500):
        wall.tell("change", {"seats": {}})
    assert wall.since(wall.id(1)) is None
