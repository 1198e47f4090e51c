"""The report: everything of the run, nothing hidden, nothing from outside, nothing that runs."""

import base64
import re
import shutil
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from engine.quantity import Quantity
from engine.solver import Solver, observable
from labs.bench.chart import chart
from labs.bench.checks import distinct, reads
from labs.bench.documents import Document
from labs.bench.drawing import svg, ticks
from labs.bench.instrument import Instrument
from labs.bench.lab import Lab, drawn
from labs.bench.question import Question
from labs.bench.record import Record
from labs.bench.report import report
from labs.bench.scenario import Control, Scenario, Step

PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG a picture").decode()
TRUE_G = 7.31415


class Spring(Solver):
    """Stands in for an apparatus: only its declarations are used."""

    length = Quantity("m", default=1.0, low=0.1, high=2.0, doc="length", live=True,
                      label={"en": "Length", "zh": "摆长"})
    gravity = Quantity("m/s²", default=9.8, low=1.0, high=30.0, doc="gravity")

    def prepare(self) -> SimpleNamespace:
        """Nothing stands there."""
        return SimpleNamespace()

    @property
    def dt(self) -> float:
        """Seconds per step."""
        return 0.01

    def step(self) -> None:
        """Time passes, nothing else."""

    @observable("s", "period")
    def period(self) -> float:
        """Nobody asks."""
        return 1.0


class Bench(Lab):
    """A pendulum on paper."""

    solver = Spring
    title = {"en": "Pendulum", "zh": "单摆"}

    def instruments(self) -> list[Instrument]:
        """A stopwatch, for the period alone."""
        return [Instrument("period", label={"en": "Period", "zh": "周期"}, observable="period", unit="s", low=0.0,
                           high=60.0, resolution=0.01)]


def scenario() -> Scenario:
    return Scenario(
        title={"en": "How strong is gravity <here>?", "zh": "这里的重力有多强？"}, lab=Bench(gravity=drawn(1.6, 25.0)),
        controls=[Control("length")], instruments=["period"], id="gravity",
        steps=[Step({"en": "Measure four lengths.", "zh": "测四个摆长。"}, done=distinct("length", at_least=4)),
               Step({"en": "Read forty times.", "zh": "读四十次。"}, done=reads("period", 40)),
               Step({"en": "Think.", "zh": "想一想。"})],
        questions=[Question({"en": "What is g?", "zh": "g 是多少？"}, answer="gravity", within=0.05, unit="m/s²"),
                   Question({"en": "Why?", "zh": "为什么？"})])


def documents(*more: dict[str, Any], rows: int = 6, note: str = "") -> list[Document]:
    """A run with some rows, a chart of T² against the length, and what else is asked for."""
    chance = np.random.default_rng(3)
    column = {"manual": False, "resolution": None, "noise": None}
    found: list[dict[str, Any]] = [
        {"kind": "start", "schema": 1, "scenario": "gravity", "scenario_hash": "0", "lab": "pendulum",
         "engine": "0.1.0", "numeric": {}, "backend": "cpu", "language": "en", "seat": "3-2 / 17", "key_print": "feed"},
        {"kind": "descriptor", "settings": {"length": 1.0}, "columns": [
            {"name": "length", "source": "control", "label": Spring.length.label, "unit": "m", **column},
            {"name": "period", "source": "instrument", "label": {"en": "Period", "zh": "周期"}, "unit": "s",
             **column}]}]
    for row in range(1, rows + 1):
        length, period = 0.2 * row, 2 * np.pi * np.sqrt(0.2 * row / TRUE_G) + 0.01 * chance.normal()
        reading = {"value": period, "text": f"{period:.2f}", "uncertainty": 0.01, "unit": "s", "ok": True, "note": "",
                   "step": row, "time": 0.1}
        found.append({"kind": "event", "step": row, "time": 0.1, "descriptor": "d", "row": row,
                      "settings": {"length": length}, "readings": {"period": reading}})
    acts: list[dict[str, Any]] = [{"do": "row", "what": {"id": 1, "what": "note", "text": note}},
                                  {"do": "row", "what": {"id": 2, "what": "exclude", "text": ""}},
                                  {"do": "formula", "what": {"name": "T2", "text": "period**2"}},
                                  {"do": "chart", "what": {"x": "length", "y": "T2", "fit": "proportional"}}]
    found += [{"kind": "action", "step": 9, "time": 0.1, **act} for act in acts] + list(more)
    return [{"uid": "run" if not seq else f"d{seq}", "run": "run", "seq": seq, "wall": 1.79e9, **one}  # type: ignore[misc]
            for seq, one in enumerate(found)]


def answer(value: Any, verdict: str, left: int | None, question: str = "q1") -> dict[str, Any]:
    return {"kind": "answer", "step": 9, "question": question, "value": value, "unit": "m/s²", "verdict": verdict,
            "left": left}


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S)))


def test_it_tells_the_question_the_table_the_fit_and_the_answer() -> None:
    page = text(report(documents(answer(7.2, "wrong", 2)), scenario(), "en", picture=PICTURE))
    for words in ("How strong is gravity &lt;here&gt;?", "What is g?", "Length (m)", "T2 (s²)", "Proportional: y = a·x",
                  "slope", "s²/m", "χ²/ν", "7.2 m/s²", "Not yet. Attempts left: 2.", "3-2 / 17"):
        assert words in page, words


def test_the_accepted_value_is_kept_until_the_question_is_settled_or_the_lesson_closed() -> None:
    truths = {"q1": TRUE_G}

    def page(verdict: str, left: int, closed: bool = False) -> str:
        return report(documents(answer(7.2, verdict, left)), scenario(), closed=closed, truths=truths)

    assert "7.31" not in page("wrong", 2) and "Accepted value" not in page("wrong", 2)
    for shown in (page("right", 2), page("wrong", 0), page("wrong", 2, closed=True)):
        assert "7.314 m/s²" in shown and "-1.6 %" in shown
    assert "7.31" not in report(documents(), scenario(), closed=True, truths=truths), "nothing was answered"


def test_what_went_well_and_what_is_next_follow_from_the_conditions() -> None:
    page = text(report(documents(), scenario(), "en"))
    well, next_ = page.split("What went well")[1].split("What to try next")
    assert "1 of 3 steps are done." in well and "Measure four lengths." in well
    assert "Period: 5 of 40" in next_ and "Think." in next_ and "2 questions wait" in next_
    assert "Most of the uncertainty comes from T2" in next_


def test_both_languages_or_one() -> None:
    both, chinese = report(documents(), scenario()), report(documents(), scenario(), "zh")
    assert read(both).tags.count("article") == 2 and "What you measured" in both
    assert "What you measured" not in chinese and "你测到的数据" in chinese and "摆长 (m)" in chinese


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}</style></article>"


def test_hostile_notes_and_answers_are_only_text() -> None:
    clean = read(report(documents(answer("because", "recorded", None, "q2")), scenario()))
    page = report(documents(answer(HOSTILE, "recorded", None, "q2"), note=HOSTILE), scenario())
    assert read(page).tags == clean.tags
    assert "{{7*7}}" in page and not any(name.startswith("on") for name, _ in read(page).attributes)


@pytest.mark.parametrize("picture", ["https://example.org/x.png", "javascript:alert(1)", "data:text/html;base64,AAAA",
                                     "data:image/svg+xml;base64,AAAA", 'data:image/png;base64,AA" onload="x', "x" * 99])
def test_only_a_small_picture_that_is_one_gets_in(picture: str) -> None:
    assert "<img" not in report(documents(), scenario(), picture=picture)
    assert f'<img src="{PICTURE}"' in report(documents(), scenario(), picture=PICTURE)


def test_nothing_comes_from_elsewhere_and_nothing_runs() -> None:
    page = read(report(documents(), scenario(), picture=PICTURE))
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert {value for name, value in page.attributes if name in ("src", "href", "xlink:href")} == {PICTURE}
    assert "url(" not in report(documents(), scenario()) and "@import" not in report(documents(), scenario())


def test_a_run_without_readings_has_a_report_too() -> None:
    nothing = documents(rows=0)[:2]
    page = text(report(nothing, scenario(), "en"))
    assert "There are no readings yet." in page and "No chart was drawn." in page


def test_a_long_table_is_cut_and_says_so() -> None:
    page = report(documents(rows=60), scenario(), "en")
    assert "42 more rows are in the CSV file." in page


def test_the_picture_of_the_chart_is_sound_xml_with_every_point_and_residual() -> None:
    record = Record(scenario())
    for document in documents():
        record.take(document)
    drawing = svg(chart(record.table, "length", "T2", "linear"), "en")
    root = ElementTree.fromstring(drawing)
    assert len(root.findall("circle")) == 10, "five points used, each with its residual; the excluded one is a cross"
    assert root.find("polyline") is not None
    inside = [float(one.get("cx", "nan")) for one in root.findall("circle")]
    assert min(inside) >= 70 and max(inside) <= 626
    assert svg(chart(record.table, "length", "T2"), "zh").count("<circle") == 5


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_it_prints_on_two_pages() -> None:
    from playwright.sync_api import sync_playwright

    given = answer("I cannot press the stopwatch exactly. " * 4, "recorded", None, "q2")
    page = report(documents(answer(7.2, "right", 2), given, rows=60), scenario(), picture=PICTURE)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        sheet = browser.new_page()
        sheet.set_content(page)
        paper = sheet.pdf(prefer_css_page_size=True)
        browser.close()
    assert re.findall(rb"/Type /Pages\s.*?/Count (\d+)", paper, re.S) == [b"2"]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.2e-9, 5e-9), (99.5, 100.5), (0.0, 7e12)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 3 <= len(found) <= 8
    assert low - 1e-9 * (high - low) <= found[0] and found[-1] <= high + 1e-9 * (high - low)
    assert float(f"{found[1] - found[0]:.6e}".split("e")[0]) in (1.0, 2.0, 5.0)
