"""A declaration is read without being run, proofread, and shows the browser nothing that is hidden."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.chance import Chance
from engine.errors import Refusal
from labs.bench.checks import answered, at, distinct, fitted, made, pressed, reads
from labs.bench.lab import drawn, drawn_from
from labs.bench.notebook import discover
from labs.bench.question import Question, convert, number_in
from labs.bench.scenario import Control, Scenario, Step, check, load, problems
from labs.bench.words import both, say
from tests.labs.bench.tiny import KEY, DriftLab, scenario

BOTH = {"en": "do", "zh": "做"}


def notebook(folder: Path, *cells: str, name: str = "drift.ipynb", markdown: str = "# Drift") -> Path:
    content: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": markdown}]
    content += [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
                 "source": cell.splitlines(keepends=True)} for cell in cells]
    path = folder / name
    path.write_text(json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


@pytest.fixture
def drift_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny lab, as if it were one of ours."""
    import sys
    from types import ModuleType

    module = ModuleType("labs.drift_for_tests")

    class TinyLab(DriftLab):
        """The tiny lab."""

    TinyLab.__module__ = module.__name__
    module.TinyLab = TinyLab  # type: ignore[attr-defined]
    module.json = json  # type: ignore[attr-defined]
    module.loads = json.loads  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


IMPORTS = """from labs.bench import Control, Question, Scenario, Step, distinct, drawn, pressed, reads
from labs.drift_for_tests import TinyLab
"""
SCENARIO = """Scenario(
    title={"en": "How strong is gravity here?", "zh": "这里的重力有多强？"},
    lab=TinyLab(length=2.0 / 2, gravity=drawn(1.6, 25.0)),
    controls=[Control("length", low=0.2, high=1.5)],
    instruments=["tape", "watch"],
    steps=[
        Step({"en": "Five lengths.", "zh": "五个长度。"}, done=distinct("length", at_least=5) & reads("tape")),
        Step("p V", done=pressed("kick") | reads("watch", times=-(-2))),
    ],
    questions=[Question({"en": "What is g here?", "zh": "这里的 g 是多少？"}, answer="gravity", within=0.05)],
)
"""


@pytest.mark.usefixtures("drift_lab")
class TestLoading:
    def test_a_notebook_of_one_declaration(self, tmp_path: Path) -> None:
        found = load(notebook(tmp_path, IMPORTS, SCENARIO))
        assert check(found) is found and found.id == "drift" and found.lab.parameters["gravity"] == drawn(1.6, 25.0)
        assert list(found.asked) == ["q1"] and found.unit(found.asked["q1"]) == "m/s²"

    def test_assignments_and_several_cells(self, tmp_path: Path) -> None:
        declared = SCENARIO.replace("1.5", "longest")
        declared = declared.replace("TinyLab(length=2.0 / 2, gravity=drawn(1.6, 25.0))", "bench")
        source = "longest = 1.5\nbench = TinyLab(length=longest)\nlesson = " + declared + "\nlesson\n"
        assert load(notebook(tmp_path, IMPORTS, source)).lab.parameters == {"length": 1.5}

    @pytest.mark.parametrize(("cells", "words"), [
        (["import os\n" + IMPORTS, SCENARIO], r"cell 2, line 1: .*imports from labs"),
        ([IMPORTS + "from os import system", SCENARIO], r"cell 2, line 3: .*from labs only, not from 'os'"),
        ([IMPORTS + "from . import x", SCENARIO], r"line 3: .*labs only"),
        ([IMPORTS + "from labs.drift_for_tests import json", SCENARIO], r"has no 'json'"),
        ([IMPORTS + "from labs.drift_for_tests import loads", SCENARIO], r"has no 'loads'"),
        ([IMPORTS + "from labs.bench import Scenaro", SCENARIO], r"has no 'Scenaro'. Did you mean: Scenario"),
        ([IMPORTS + "from labs.pendulumm import X", SCENARIO], r"labs.pendulumm cannot be imported"),
        ([IMPORTS + "from labs.bench import *", SCENARIO], r"has no '\*'"),
        ([IMPORTS, "\n\nprint(1)\n" + SCENARIO], r"cell 3, line 3: 'print' is not known"),
        ([IMPORTS, "for x in [1]:\n    pass\n" + SCENARIO], r"cell 3, line 1: A scenario holds"),
        ([IMPORTS, SCENARIO + "\nopen('x')"], r"line 13: 'open' is not known"),
        ([IMPORTS, "().__class__\n" + SCENARIO], r"line 1: This cannot stand"),
        ([IMPORTS, "x = [y for y in 'ab']\n" + SCENARIO], r"line 1: This cannot stand"),
        ([IMPORTS, "x = 'a' * 10\n" + SCENARIO], r"Only numbers"),
        ([IMPORTS, "x = 1 / 0\n" + SCENARIO], r"cannot be computed"),
        ([IMPORTS, SCENARIO.replace("low=0.2", "lov=0.2")], r"line 4: Control knows no 'lov'. Did you mean: low"),
        ([IMPORTS, SCENARIO.replace("title=", "titel=")], r"Scenario knows no 'titel'. Did you mean: title"),
        ([IMPORTS, SCENARIO.replace("length=2.0", "lenth=2.0")], r"line 3: TinyLab has no parameter 'lenth'.*length"),
        ([IMPORTS, SCENARIO.replace("2.0 / 2", "9.0")], r"line 3: length = 9.0 m is outside"),
        ([IMPORTS, SCENARIO.replace("1.6, 25.0", "25.0, 1.6")], r"must be the smaller"),
        ([IMPORTS, SCENARIO.replace("],\n)", "],\n")], r"not Python"),
        ([IMPORTS, SCENARIO, SCENARIO], r"declares 2 scenarios"),
        ([IMPORTS], r"declares 0 scenarios"),
        ([IMPORTS, "%matplotlib inline\n" + SCENARIO], r"cell 3, line 1: This is not Python"),
    ])
    def test_anything_else_is_refused_with_its_place(self, tmp_path: Path, cells: list[str], words: str) -> None:
        with pytest.raises(Refusal, match=words) as refusal:
            load(notebook(tmp_path, *cells))
        assert str(refusal.value).startswith("drift.ipynb") and "\n" not in str(refusal.value)

    def test_a_broken_notebook_leaves_the_others_alone(self, tmp_path: Path) -> None:
        notebook(tmp_path, IMPORTS, SCENARIO)
        notebook(tmp_path, "import os", name="broken.ipynb")
        (tmp_path / "torn.ipynb").write_text("{")
        found = discover(tmp_path)
        assert isinstance(found["drift"], Scenario)
        assert isinstance(found["broken"], Refusal) and isinstance(found["torn"], Refusal)

    def test_the_content_is_what_is_declared_not_how_it_is_stored(self, tmp_path: Path) -> None:
        one = load(notebook(tmp_path, IMPORTS, SCENARIO))
        other = load(notebook(tmp_path, IMPORTS + SCENARIO, name="copy.ipynb", markdown="other words"))
        changed = load(notebook(tmp_path, IMPORTS, SCENARIO.replace("at_least=5", "at_least=6"), name="six.ipynb"))
        assert one.content_hash == other.content_hash != changed.content_hash


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="Cannot read"):
        load(tmp_path / "none.ipynb")


def test_a_sound_scenario_has_no_problems() -> None:
    assert problems(scenario()) == []


@pytest.mark.parametrize(("change", "words"), [
    ({"controls": [Control("lenght")]}, "control lenght: DriftLab has no control 'lenght'. Did you mean: length"),
    ({"controls": [Control("gravity")]}, "no control 'gravity'"),
    ({"controls": [Control("length", low=0.05)]}, "0.05 to 2.0 is not inside 0.1 to 2.0 m"),
    ({"controls": [Control("length", low=1.5, high=0.5)]}, "not inside"),
    ({"controls": [Control("length", low=1.2)]}, "length = 1.0 m is outside"),
    ({"lab": DriftLab(length=drawn(0.5, 0.8), gravity=3.0)}, "length is drawn and hidden"),
    ({"instruments": ["metre", "tape", "watch"]}, "no instrument 'metre'. Did you mean: meter"),
    ({"title": {"en": "only"}}, "title: .*lacks its 'zh'"),
    ({"title": ""}, "no title"),
    ({"steps": []}, "no steps"),
    ({"steps": ["measure"]}, "steps holds 'measure', which is not a Step"),
    ({"steps": [Step(BOTH), Step(BOTH, hint={"zh": "只"})]}, "step 2: .*lacks its 'en'"),
    ({"steps": [Step("")]}, "step 1: The text is empty"),
    ({"steps": [Step(BOTH, kind="mesure")]}, "no kind of step 'mesure'. Did you mean: measure"),
    ({"steps": [Step(BOTH, done=distinct("lengt", 3))]}, "no column 'lengt'. Did you mean: length"),
    ({"steps": [Step(BOTH, done=reads("length", 3))]}, "no instrument 'length'"),
    ({"steps": [Step(BOTH, done=reads("tape") & pressed("kik"))]}, "nothing to press named 'kik'. Did you mean: kick"),
    ({"steps": [Step(BOTH, done=answered("gravity"))]}, "no question 'gravity'"),
    ({"steps": [Step(BOTH, done=fitted("linear", x="T2"))]}, "no column 'T2'"),
    ({"steps": [Step(BOTH, done=at("puhs", 1.0))]}, "Did you mean: push"),
    ({"questions": [Question(BOTH, answer="gravty", within=0.1)]}, "question q1: .*'gravty'.*Did you mean: gravity"),
    ({"questions": [Question(BOTH, answer="gravity")]}, "How near"),
    ({"questions": [Question(BOTH, answer="gravity", within=0.0)]}, "greater than zero"),
    ({"questions": [Question(BOTH, answer="length", within=0.1)]}, "also a control"),
    ({"questions": [Question(BOTH, answer="gravity", within=0.1, unit="kg")]}, "kg|unit of what is asked"),
    ({"questions": [Question(BOTH, answer="d", choices={"a": "A", "b": "B"})]}, "none of the choices"),
    ({"questions": [Question(BOTH, answer="a", choices={"a": "A", "b": {"en": "B"}})]}, "lacks its 'zh'"),
    ({"questions": [Question(BOTH, id="q"), Question(BOTH, id="q")]}, "same id"),
])
def test_a_wrong_declaration_is_told_with_its_place_and_the_nearest_name(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words) as refusal:
        check(scenario(**change))
    assert say(refusal.value, "zh") and "\n" not in str(refusal.value)


def test_a_computed_column_that_a_step_asks_for_may_be_fitted() -> None:
    steps = [Step(BOTH, done=made("T2")), Step(BOTH, done=fitted("linear", x="length", y="T2"))]
    assert problems(scenario(steps=steps)) == []


def test_all_problems_are_told_at_once() -> None:
    found = problems(scenario(title={"en": "x"}, instruments=["metre"], controls=[Control("lenght")]))
    assert len(found) >= 3


def test_the_public_side_holds_no_answers_and_no_drawn_ranges() -> None:
    public = scenario(lab=DriftLab(gravity=drawn(1.6, 25.0))).public()
    text = json.dumps(public)
    assert "1.6" not in text and "25.0" not in text and "gravity" not in text and "within" not in text
    choices = [{"key": key, "text": both(key.upper())} for key in "abc"]
    assert public["questions"][2] == {"id": "q3", "text": {"en": "Which?", "zh": "哪个？"}, "unit": "", "attempts": 2,
                                      "choices": choices, "open": False}
    assert [one["name"] for one in public["controls"]] == ["push", "length", "medium"]
    assert public["controls"][0]["high"] == 9.0 and public["controls"][2]["options"] == ["air", "water"]
    assert public["controls"][1]["label"]["zh"] == "长度" and public["presses"][0]["name"] == "kick"


def test_drawn_values_depend_on_key_and_name_only() -> None:
    one = DriftLab(gravity=drawn(1.6, 25.0)).draw(Chance(KEY))
    other = DriftLab(gravity=drawn(1.6, 25.0), length=drawn(0.5, 1.0)).draw(Chance(KEY))
    assert one["gravity"] == other["gravity"] and 0.5 <= other["length"] <= 1.0
    media = {DriftLab(medium=drawn_from("air", "water")).draw(Chance(key))["medium"] for key in range(20)}
    assert media == {"air", "water"}
    spread = [DriftLab(gravity=drawn(1.6, 25.0)).draw(Chance(key))["gravity"] for key in range(200)]
    assert min(spread) < 3.0 and max(spread) > 23.0 and abs(sum(spread) / 200 - 13.3) < 1.5


def test_what_may_be_drawn_is_checked_at_both_ends() -> None:
    with pytest.raises(Refusal, match="outside"):
        DriftLab(gravity=drawn(0.5, 25.0))
    with pytest.raises(Refusal, match="oil"):
        DriftLab(medium=drawn_from("air", "oil"))
    with pytest.raises(Refusal, match="at least two"):
        DriftLab(medium=drawn_from("air"))


@pytest.mark.parametrize(("given", "unit", "value"), [
    (9.81, "m/s²", 9.81), ("9.81", "m/s²", 9.81), ("9,81", "m/s²", 9.81), (" 981 cm/s²", "m/s²", 9.81),
    ("981 cm/s^2", "m/s²", 9.81), ("1.2e-3 m", "mm", 1.2), ("−4", "", -4.0), ("3.0×10^-2", "", 0.03),
    ("25 °C", "K", 298.15),
    ("1 kPa", "Pa", 1000.0), (".5", "", 0.5), ("6.0 * 10^3 Pa", "kPa", 6.0)])
def test_numbers_are_understood_as_people_write_them(given: Any, unit: str, value: float) -> None:
    assert number_in(given, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("given", "words"), [
    ("", "number"), ("much", "number"), ("nan", "number"), ("1e999", "number"), (True, "number"), (None, "number"),
    ([], "number"),
    ("3 bananas", "not known"), ("3 kg", "not a unit of"), ("1 " + "m" * 50, "not known"),
    ("1 m**9999999", "not known|not a unit")])
def test_what_is_no_number_is_refused(given: Any, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        number_in(given, "m/s²")


def test_tolerances_are_relative_or_absolute_and_not_a_hair_wider() -> None:
    relative, absolute = Question("g", answer="g", within=0.05), Question("g", answer="g", within_abs=0.2)
    assert relative.judge(10.49, 10.0) == "right" and relative.judge(10.51, 10.0) == "wrong"
    assert relative.judge(-9.6, -10.0) == "right" and relative.judge(10.0, -10.0) == "wrong"
    assert absolute.judge(10.19, 10.0) == "right" and absolute.judge(9.79, 10.0) == "wrong"
    assert convert(0.0, "degC", "K") == pytest.approx(273.15)


def test_choices_cannot_all_be_tried_and_open_answers_are_only_recorded() -> None:
    two = Question("?", answer="a", choices={"a": "A", "b": "B"})
    assert two.allowed == 1 and two.judge(two.read("b", ""), "a") == "wrong" and two.judge("a", "a") == "right"
    with pytest.raises(Refusal, match="a, b"):
        two.read("c", "")
    free = Question("why?")
    assert free.allowed is None and free.judge(free.read("x" * 9999, ""), None) == "recorded"
    assert len(str(free.read("x" * 9999, ""))) == 4000


def test_the_words_of_declarations_are_there_and_a_misspelt_one_is_answered() -> None:
    import labs.bench

    assert set(labs.bench.__all__) == set(dir(labs.bench))
    for word in labs.bench.__all__:
        assert getattr(labs.bench, word).__name__ == word
    with pytest.raises(AttributeError, match="Scenario"):
        labs.bench.Scenaro  # noqa: B018


def test_whole_quantities_are_drawn_whole() -> None:
    found = {DriftLab(beads=drawn(3, 6)).draw(Chance(key))["beads"] for key in range(40)}
    assert found == {3, 4, 5, 6} and all(isinstance(one, int) for one in found)
