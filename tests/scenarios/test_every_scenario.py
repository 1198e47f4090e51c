"""What every shipped scenario must be: sound, long enough, in both languages, silent about its answers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from labs.bench.chart import MODELS
from labs.bench.run import Run
from labs.bench.scenario import Scenario, load, problems
from labs.bench.words import both
from labs.bench.writing import verdict_text

FOLDER = Path(__file__).resolve().parents[2] / "scenarios"
PATHS = sorted(FOLDER.glob("*.ipynb"))
KEY = b"a key for tests of every scenario"


def test_there_are_scenarios() -> None:
    assert {"gas_isotherm", "dense_gas", "pendulum_gravity"} <= {path.stem for path in PATHS}


@pytest.fixture(params=PATHS, ids=lambda path: path.stem, scope="module")
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return load(request.param)


def in_both(text: Any) -> bool:
    """A text that somebody wrote twice: a bare string is for symbols, not for sentences."""
    return isinstance(text, dict) and all(both(text).values()) and text["en"] != text["zh"]


def test_it_is_sound(scenario: Scenario) -> None:
    assert [str(problem) for problem in problems(scenario)] == []


def test_it_has_ten_steps_and_guides_by_predicting_measuring_and_explaining(scenario: Scenario) -> None:
    assert len(scenario.steps) >= 10 and scenario.guide
    assert {"predict", "measure", "explain"} <= {step.kind for step in scenario.steps}
    watched = [step for step in scenario.steps if step.done is not None]
    assert len(watched) >= 7  # most steps are seen done, few are merely confirmed


def test_every_text_is_in_both_languages(scenario: Scenario) -> None:
    for text in (scenario.title, scenario.summary, scenario.level, *scenario.curriculum):
        assert in_both(text)
    assert in_both(scenario.subject) or str(scenario.subject).isidentifier()  # a word that the catalogue translates
    for step in scenario.steps:
        assert in_both(step.text) and (not step.why or in_both(step.why)) and (not step.hint or in_both(step.hint))
    assert any(step.why for step in scenario.steps) and any(step.hint for step in scenario.steps)
    for question in scenario.questions:
        assert in_both(question.text)
        for choice in (question.choices or {}).values():
            assert all(both(choice).values())


def test_it_asks_something_that_is_judged_and_something_to_explain(scenario: Scenario) -> None:
    assert any(question.answer for question in scenario.questions)
    assert any(question.answer is None for question in scenario.questions)


def test_it_opens_with_nothing_done_and_every_condition_can_be_told(scenario: Scenario) -> None:
    run = Run(scenario, KEY)
    assert not any(one.done for one in run.progress())
    for step, told in zip(scenario.steps, run.told(), strict=True):
        assert (step.done is None) == (told["en"] == "") and bool(told["zh"]) == bool(told["en"])
        assert not {"{", "}"} & set(told["en"] + told["zh"])
    assert run.advance(scenario.lab.tick) == scenario.lab.tick


def test_what_reaches_the_browser_holds_no_answers(scenario: Scenario) -> None:
    run = Run(scenario, KEY)
    text = json.dumps([scenario.public(), run.questions(), run.told()], ensure_ascii=False)
    assert '"answer"' not in text and '"within' not in text and "drawn" not in text
    for question in scenario.questions:
        if question.answer and question.choices is None and question.answer in run.apparatus.hidden:
            assert not re.search(rf"\b{run.apparatus.hidden[question.answer]:.5g}\b", text)
    for name, value in scenario.lab.parameters.items():
        if hasattr(value, "resolve"):
            assert name in scenario.shelf or f'"{name}"' not in text
            assert not re.search(rf"\b{run.apparatus.hidden[name]:.5g}", text + json.dumps(run.documents))


def test_fits_that_are_asked_for_exist(scenario: Scenario) -> None:
    for step in scenario.steps:
        source = "" if step.done is None else step.done.source
        if "fitted('" in source:
            assert source.split("fitted('")[1].split("'")[0] in MODELS


def test_a_verdict_has_words_in_both_languages() -> None:
    for verdict, left in (("right", 2), ("wrong", 2), ("wrong", 0), ("recorded", None)):
        assert in_both(verdict_text(verdict, left))


def test_another_process_would_load_the_same(scenario: Scenario) -> None:
    assert load(FOLDER / f"{scenario.id}.ipynb").content_hash == scenario.content_hash
