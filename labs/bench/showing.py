"""What of a run reaches the page: a scenario as given, the state as it stands. Plain data, and nothing hidden."""

import math
from typing import Any

from labs.bench import units
from labs.bench.chart import MODELS, chart
from labs.bench.lab import Lab
from labs.bench.run import Run
from labs.bench.scenario import Scenario, Step
from labs.bench.scene import Scene
from labs.bench.words import both, both_say, catalogue
from labs.bench.writing import quantity_text

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


NOTHING = {"en": "", "zh": ""}


def given(scenario: Scenario, run: Run, scene: Scene, *, hints: bool = True) -> dict[str, Any]:
    """Everything that does not change while a student works, in both languages; in an exam without hints."""
    public = scenario.public()
    factor = units.scale(units.parse(scenario.lab.clock))[0]
    return {
        **public,
        "scene": {lang: scene.description(run.solver, lang) for lang in ("en", "zh")},
        "steps": [{**told, **({} if hints else {"why": NOTHING, "hint": NOTHING}), "question": _asked(step)}
                  for told, step in zip(public["steps"], scenario.steps, strict=True)],
        "instruments": [_face(descriptor) for descriptor in public["instruments"]],
        "questions": [_question(question) for question in public["questions"]],
        "fits": [{"name": name, "label": both(model.label)} for name, model in MODELS.items()],
        "speeds": list(SPEEDS),
        "time": {"unit": scenario.lab.clock, "scale": 1 / factor,
                 "decimals": max(0, 1 - math.floor(math.log10(scenario.lab.pace / factor)))},
        "legend": [{"label": entry["quantity"], "unit": entry["unit"], "low": entry["low"], "high": entry["high"],
                    "colors": entry["colours"]} for entry in scene.legend()],
        "words": {"zh": catalogue("zh")},
        "catalogue": "/",
    }


def state(run: Run, *, hints: bool = True) -> dict[str, Any]:
    """Everything that changes."""
    return passing(run, hints=hints) | written(run)


def passing(run: Run, *, hints: bool = True) -> dict[str, Any]:
    """What changes while time passes."""
    return {"time": run.time, "steps": _steps(run, hints), "live": live(run), "saved": saved(run),
            "stopped": _stopped(run)}


def written(run: Run) -> dict[str, Any]:
    """What changes with the documents of the run only."""
    table = run.table.public()
    return {
        "guide": run.record.guide, "controls": dict(run.settings), "can_undo": run.can_undo, "can_redo": run.can_redo,
        "columns": table["columns"], "rows": table["rows"], "chart": _chart(run), "questions": _verdicts(run),
    }


def live(run: Run) -> dict[str, Any]:
    """The faces of the instruments, as they stand now."""
    found = {}
    for name, instrument in run.instruments.items():
        reading = instrument.display()
        if reading is not None:
            found[name] = {"text": reading.text, "uncertainty": reading.uncertainty, "ok": reading.ok,
                           "note": reading.note, **instrument.face()}
    return found


def saved(run: Run) -> dict[str, Any]:
    """Whether everything written so far would survive a power cut."""
    pending = run.logbook.pending
    return {"all": pending == 0, "pending": pending, "why": both_say(run.logbook.why) if run.logbook.why else None}


def answer(scenario: Scenario, question: str, value: Any) -> Any:
    """An answer of the page (a choice by its place) as the run takes it (a choice by its key)."""
    asked = scenario.asked.get(question)
    if asked is None or not asked.choices or not isinstance(value, int):
        return value
    keys = list(asked.choices)
    return keys[value] if 0 <= value < len(keys) else value


def clock(lab: Lab, time: float) -> str:
    """A time of the solver as a person reads it: `40 ps`."""
    return f"{time / units.scale(units.parse(lab.clock))[0]:g} {lab.clock}"


def _asked(step: Step) -> str | None:
    """The question that a step puts, if its condition is an answer."""
    names = [] if step.done is None else list(step.done.names())
    return next((name for kind, name in names if kind == "question"), None)


def _face(descriptor: dict[str, Any]) -> dict[str, Any]:
    return {**descriptor, "kind": descriptor.get("kind", "digital")}


def _question(question: dict[str, Any]) -> dict[str, Any]:
    choices = question["choices"]
    kind = "choice" if choices else "text" if question["open"] else "number"
    return {**question, "kind": kind, "choices": choices and [choice["text"] for choice in choices]}


def _verdicts(run: Run) -> dict[str, dict[str, Any]]:
    """Attempts left, the last answer and its verdict; a choice by its place, as the page knows it."""
    found = {}
    for name, told in run.questions().items():
        choices = run.scenario.asked[name].choices
        value = list(choices).index(told["value"]) if choices and told["value"] in choices else told["value"]
        verdict = "given" if told["verdict"] == "recorded" else told["verdict"]
        found[name] = {"left": told["left"], "verdict": verdict, "value": value}
    return found


def _steps(run: Run, hints: bool) -> list[dict[str, Any]]:
    return [{"done": one.done, "have": one.have, "need": one.need, "told": told if hints else NOTHING}
            for one, told in zip(run.progress(), run.told(), strict=True)]


def _stopped(run: Run) -> dict[str, Any] | None:
    if run.stopped is None:
        return None
    if run.finished:
        return {"text": both_say("This experiment is finished. Your data are saved.")}
    quantity = quantity_text(run.stopped["quantity"])
    text = both_say("The bench stopped: {quantity} left the range of numbers. Your data are saved. "
                    "Go back, and change less at once.", quantity=quantity)
    return {"text": text, "back": True}


def _chart(run: Run) -> dict[str, Any]:
    """The chart last chosen; before that, the one that the scenario begins with."""
    chosen = run.record.charts[-1] if run.record.charts else None
    columns = [column.name for column in run.table.columns]
    if chosen is None and (run.scenario.chart or len(columns) > 1):
        across, up = run.scenario.chart or columns[-2:]
        chosen = {"x": across, "y": up, "fit": ""}
    if chosen is None or not {chosen["x"], chosen["y"]} <= set(columns):
        return {"x": "", "y": "", "fit": "", "points": []}
    drawn = chart(run.table, chosen["x"], chosen["y"], chosen.get("fit", "")).public()
    return {**drawn, "points": [{**point, "id": point["row"]} for point in drawn["points"]],
            "residuals": [{"id": point["row"], "x": point["x"], "r": point["residual"], "u": _spread(drawn, point)}
                          for point in drawn["points"] if point["residual"] is not None],
            "parameters": [{**one, "text": one["pair"]} for one in drawn["parameters"]],
            "equation": drawn["formula"], "chi2": drawn["reduced_chi2"] if drawn["weighted"] else None,
            "message": drawn["problem"] or drawn["verdict"] or ""}


def _spread(drawn: dict[str, Any], point: dict[str, Any]) -> float:
    """The standard uncertainty of a residual, x's share included, as the fit weighed it."""
    normalised = point["normalised"]
    return abs(point["residual"] / normalised) if normalised else point["uy"]
