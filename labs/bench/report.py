"""The report of one run: one HTML file, two pages on paper, made from the run's documents and its scenario alone.

Nothing in it comes from elsewhere. An accepted value is shown only where it can no longer help anybody to an answer:
beside a question that is answered for good, or when the lesson is closed.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from engine.errors import Refusal
from labs.bench.chart import AS_STATED, MODELS, Chart, chart
from labs.bench.digits import beside, digits
from labs.bench.documents import Document, ordered, start_of
from labs.bench.drawing import svg
from labs.bench.question import Question
from labs.bench.record import Record
from labs.bench.scenario import Scenario
from labs.bench.table import EMPTY, Row, TableColumn
from labs.bench.words import LANGUAGES, _, both, both_say, say
from labs.bench.writing import quantity_text, verdict_text

ROWS = 18  # of the table that are printed; the CSV file holds all
LINES = 5  # of what went well and of what to try next
NAMES = {"en": "English", "zh": "中文"}
PICTURE = re.compile(r"data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}")
PICTURE_SIZE = 4_000_000  # characters; a larger picture is left out
LARGE_SHARE = 0.8  # of the variance of the points comes from one column: that instrument limits the result


def report(documents: Iterable[Document], scenario: Scenario, lang: str | None = None, picture: str | None = None,
           closed: bool = False, truths: Mapping[str, float] | None = None) -> str:
    """The report as one HTML file, in one language or (None) in both with a switch.

    `picture` is the bench as a data URI. `truths` gives the true value of each question by its id, in the question's
    unit; it appears only where the question is answered for good or the lesson is `closed`.
    """
    record = Record(scenario)
    for document in ordered(documents):
        record.take(document)
    last = record.charts[-1] if record.charts else None
    drawn = chart(record.table, last["x"], last["y"], last.get("fit") or "") if last else None
    parts = [Part(record, one, drawn, closed, truths or {}).content() for one in ([lang] if lang else LANGUAGES)]
    shown = picture if picture and len(picture) < PICTURE_SIZE and PICTURE.fullmatch(picture) else ""
    folder = files("labs.bench")
    style = Markup(folder.joinpath("report.css").read_text("utf-8"))
    return _template().render(parts=parts, picture=shown, style=style)


@lru_cache(maxsize=1)
def _template() -> Any:
    engine = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return engine.from_string(files("labs.bench").joinpath("report.html.j2").read_text("utf-8"))


class Part:
    """The report in one language."""

    def __init__(self, record: Record, lang: str, drawn: Chart | None, closed: bool,
                 truths: Mapping[str, float]) -> None:
        self.record, self.scenario, self.lang, self.drawn = record, record.scenario, lang, drawn
        self.closed, self.truths = closed, truths

    def say(self, message: str | Refusal, **fields: Any) -> str:
        """The sentence in this part's language."""
        return say(message, self.lang, **fields)

    def content(self) -> dict[str, Any]:
        """What the template fills in."""
        answers = [self._answer(name, question) for name, question in self.scenario.asked.items()
                   if name in self.record.answers]
        rows = [row for row in self.record.table.rows if not row.deleted]
        return {
            "lang": self.lang, "language": NAMES[self.lang], "say": self.say,
            "title": both(self.scenario.title)[self.lang], "summary": both(self.scenario.summary)[self.lang],
            "head": self._head(), "foot": self._foot(), "stopped": self._stopped(),
            "questions": [{"text": both(one.text)[self.lang]} for one in self.scenario.questions],
            "settings": self._settings(), "heads": [one.heading(self.lang) for one in self.record.table.columns],
            "rows": [self._row(row) for row in rows[:ROWS]],
            "more": len(rows) > ROWS and self.say(_("{more} more rows are in the CSV file."), more=len(rows) - ROWS),
            "answers": answers, "accepted": any(one["accepted"] for one in answers),
            **self._chart(), "well": self._well()[:LINES], "next": self._next()[:LINES]}

    def _head(self) -> str:
        start = start_of(self.record.documents)
        day = datetime.fromtimestamp(start["wall"], UTC).strftime("%Y-%m-%d")
        return " · ".join(filter(None, (both(self.scenario.lab.title)[self.lang], start["seat"], day)))

    def _foot(self) -> str:
        start = start_of(self.record.documents)
        return self.say(_("Run {run}, scenario {scenario}, Wanxiang {engine}. Whoever holds the record can do this run "
                          "again and get the same readings."), run=start["uid"][:12],
                        scenario=start["scenario"] or "–", engine=start["engine"])

    def _stopped(self) -> str:
        stop = self.record.stopped
        if stop is None or stop["how"] != "failed":
            return ""
        quantity = quantity_text(stop["quantity"])
        return self.say(_("The bench had stopped: {quantity} left its range."), quantity=quantity)

    def _settings(self) -> list[dict[str, str]]:
        found = []
        for control in self.scenario.controls:
            value = self.record.settings.get(control.name)
            text = digits(float(value))[0] if isinstance(value, int | float) else str(value or "")
            found.append({"label": self.record.label(control.name)[self.lang],
                          "text": f"{text} {self.record.units.get(control.name, '')}".strip()})
        return found

    def _row(self, row: Row) -> dict[str, Any]:
        return {"id": row.id, "excluded": row.excluded, "note": row.note,
                "cells": [self._cell(row, column) for column in self.record.table.columns]}

    def _cell(self, row: Row, column: TableColumn) -> str:
        cell = row.cells.get(column.name, EMPTY)
        if not cell.ok:
            return self.say(cell.note) if cell.note else "–"
        spread = beside(cell.text, cell.value, cell.uncertainty)
        return f"{cell.text} ±\u00a0{spread}" if spread else cell.text

    def _chart(self) -> dict[str, Any]:
        drawn = self.drawn
        if drawn is None or not drawn.points:
            return {"chart": "", "parameters": [], "model": "", "judgement": []}
        parameters = [{"label": f"{one['name']}, {one['label'][self.lang]}",
                       "text": f"{one['pair']} {one['unit']}".strip()} for one in drawn.parameters()]
        model = MODELS.get(drawn.model)
        judgement = [drawn.problem and self.say(drawn.problem), (drawn.verdict() or {}).get(self.lang)]
        if drawn.found is not None and drawn.found.weighted:
            judgement.insert(1, f"χ²/ν = {drawn.found.chi2 / drawn.found.dof:.2f}, ν = {drawn.found.dof}")
        return {"chart": Markup(svg(drawn, self.lang)), "parameters": parameters,  # its texts were escaped there
                "model": f"{model.label[self.lang]}: {model.formula}" if model else "",
                "judgement": [line for line in judgement if line]}

    def _answer(self, name: str, question: Question) -> dict[str, str]:
        last = self.record.answers[name][-1]
        accepted = self._accepted(name, question) if self.closed or settled(last) else ""
        truth, given = self.truths.get(name), last["value"]
        off = ""
        if accepted and truth and isinstance(given, int | float):
            off = f"{100 * (given / truth - 1):+.2g} %"
        return {"question": both(question.text)[self.lang], "given": self._given(question, given, last["unit"]),
                "accepted": accepted, "difference": off,
                "verdict": verdict_text(last["verdict"], last["left"])[self.lang]}

    def _given(self, question: Question, value: float | str, unit: str) -> str:
        if question.choices is not None:
            return both(question.choices.get(str(value), str(value)))[self.lang]
        return str(value) if isinstance(value, str) else f"{digits(value)[0]} {unit}".strip()

    def _accepted(self, name: str, question: Question) -> str:
        if question.choices is not None:
            return both(question.choices.get(question.answer or "", ""))[self.lang]
        truth = self.truths.get(name)
        return "" if truth is None else f"{truth:.4g} {self.scenario.unit(question)}".strip()

    def _well(self) -> list[str]:
        done = [step for step, ready in zip(self.scenario.steps, self.record.steps_done, strict=True) if ready]
        lines = []
        if done:
            lines.append(self.say(_("{done} of {all} steps are done."), done=len(done), all=len(self.scenario.steps)))
        if self.drawn is not None and self.drawn.found is not None:
            if self.drawn.verdict() == both_say(AS_STATED):
                lines.append(self.say(AS_STATED))
            first = self.drawn.parameters()[0]
            if first["value"] and first["uncertainty"] < 0.1 * abs(first["value"]):
                lines.append(self.say(_("You know the {parameter} to {percent} %."), parameter=first["label"],
                                      percent=f"{100 * first['uncertainty'] / abs(first['value']):.2g}"))
        return lines + [both(step.text)[self.lang] for step in done if step.done is not None]

    def _next(self) -> list[str]:
        lines = []
        limit = limiting(self.drawn)
        if limit is not None:
            lines.append(self.say(
                _("Most of the uncertainty comes from {column}: read it more precisely, or more often."),
                column=limit.label))
        for step, ready in zip(self.scenario.steps, self.record.steps_done, strict=True):
            if not ready:
                told = both(step.text) if step.done is None else step.done.describe(self.record)
                lines.append(told[self.lang])
        open_ = [name for name in self.scenario.asked if name not in self.record.answers]
        if open_:
            lines.append(self.say(_("{count} questions wait for an answer."), count=len(open_)))
        return lines


def settled(answer: Any) -> bool:
    """Whether a question is answered for good: right, or no attempts left."""
    return bool(answer["verdict"] == "right" or answer["left"] == 0)


def limiting(drawn: Chart | None) -> TableColumn | None:
    """The column of the chart whose uncertainty makes nearly all of the points' effective variance."""
    if drawn is None or drawn.found is None or not drawn.found.weighted:
        return None
    model, values = MODELS[drawn.model], drawn.found.values
    used = [point for point in drawn.points if not point.excluded]
    sideways = sum(float(model.slope(point.x, *values) * point.ux) ** 2 for point in used)
    upright = sum(point.uy**2 for point in used)
    share = sideways / (sideways + upright)
    return drawn.x if share > LARGE_SHARE else drawn.y if share < 1 - LARGE_SHARE else None
