"""Accepted values drawn again from the key are those that the run was judged by; the summary tells the slips."""

import json
from collections.abc import Callable

import pytest

from labs.bench.judging import truth
from labs.bench.run import Run
from labs.bench.scenario import Scenario, load
from tests.voila_apps.conftest import REPOSITORY
from voila_apps.teacher import summary
from voila_apps.teacher.answers import accepted, teachers_report, truths
from voila_apps.teacher.wall import Tile

KEY = b"k" * 32


@pytest.mark.parametrize("path", sorted((REPOSITORY / "scenarios").glob("*.ipynb")), ids=lambda path: path.stem)
def test_they_are_what_the_run_is_judged_by(path: str) -> None:
    scenario = load(path)
    run = Run(scenario, KEY)
    there = {name: truth(scenario, one, run.apparatus.hidden) for name, one in scenario.asked.items() if one.answer}
    assert truths(scenario, KEY) == there
    assert {one["id"] for one in accepted(scenario, KEY)["answers"] if one["value"]} == set(there)


def answered(pendulum: Scenario, make_run: Callable[..., Run], *factors: float) -> tuple[str, Tile, float]:
    name = next(name for name, one in pendulum.asked.items() if one.answer and not one.choices)
    right = float(truths(pendulum, KEY)[name])
    run = make_run()
    for factor in factors:
        run.act("answer", question=name, value=right * factor)
    tile = Tile(pendulum)
    tile.take(json.loads(json.dumps(run.documents)))
    return name, tile, right


@pytest.mark.parametrize(("factor", "words"), [(2, "twice"), (0.5, "half"), (1000, "10^3"), (0.01, "10^-2"),
                                               (3.14, "π times"), (1.12, "not near enough"), (-1, "sign")])
def test_a_slip_is_told_by_its_ratio(
    pendulum: Scenario, make_run: Callable[..., Run], factor: float, words: str
) -> None:
    name, tile, right = answered(pendulum, make_run, factor)
    (common,) = summary.common_errors(name, pendulum, {"3-2/4": tile}, {"3-2/4": {name: right}})
    assert words in common["text"]["en"] and common["seats"] == 1


def test_right_later_is_not_right_at_once(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    name, tile, right = answered(pendulum, make_run, 2.0, 1.0)
    told = summary.questions(pendulum, {"3-2/4": tile}, {"3-2/4": {name: right}})
    one = next(one for one in told if one["id"] == name)
    assert (one["first"], one["later"], one["wrong"], one["silent"]) == (0, 1, 0, 0)
    assert summary.steps(pendulum, {"3-2/4": tile})[0]["done"] == 0


def test_the_teachers_report_shows_what_was_accepted(pendulum: Scenario, make_run: Callable[..., Run]) -> None:
    _, tile, right = answered(pendulum, make_run, 2.0)
    assert f"{right:.4g}" in teachers_report(tile.record.documents, pendulum, KEY, "en")
