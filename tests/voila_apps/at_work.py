"""What a student does at a bench, all of it: a script for any scenario."""

from typing import Any

from labs.bench.scenario import Scenario
from tests.voila_apps.hidden import Hidden
from tests.voila_apps.wire import Pupil


def work(pupil: Pupil, scenario: Scenario) -> None:
    """Everything that a page can do, short of an answer."""
    given = pupil.models[pupil.page]["state"]["given"]
    pupil.order("play", on=True)
    pupil.listen_for(0.3)
    pupil.order("play", on=False)
    pupil.order("speed", value=4)
    pupil.order("step")
    for press in given["presses"]:
        pupil.order("press", name=press["name"])
    for control in given["controls"]:
        pupil.order("set", name=control["name"], value=control["high"])
        pupil.order("undo")
        pupil.order("redo")
        measure(pupil, given, scenario)
        pupil.order("set", name=control["name"], value=0.5 * (control["low"] + control["high"]), drag=True)
        measure(pupil, given, scenario)
    pupil.order("undo")
    columns = [one["name"] for one in pupil.state["columns"]]
    pupil.order("formula", name="twice", text=f"2*{columns[-1]}")
    pupil.order("chart", x=columns[0], y=columns[-1], fit="linear")
    pupil.order("row", id=1, what="exclude")
    pupil.order("row", id=1, what="note", text="a first try")
    pupil.order("confirm", step=0)
    pupil.order("lang", value="zh")
    pupil.order("guide", on=False)
    pupil.change(pupil.page, given={}, stream="none")
    pupil.order("reset")
    measure(pupil, given, scenario)


def measure(pupil: Pupil, given: dict[str, Any], scenario: Scenario) -> None:
    """Let time pass, use every instrument, read."""
    pupil.order("ahead", seconds=2 * scenario.lab.pace)
    pupil.listen(lambda one: "state" in one.custom and pupil.state["ahead"] is None)
    for instrument in given["instruments"]:
        if instrument["kind"] == "stopwatch":
            pupil.order("measure", instrument=instrument["name"], press="start", time=0.25)
            pupil.order("measure", instrument=instrument["name"], press="stop", time=pupil.state["time"])
        elif instrument["manual"]:
            pupil.order("measure", instrument=instrument["name"])
    pupil.order("read")


def answer(pupil: Pupil, scenario: Scenario, hidden: Hidden) -> list[bytes]:
    """Answer wrongly, take the files, then answer rightly; the files that were given before that."""
    for name, question in scenario.asked.items():
        wrong = 0 if question.choices else 1e-33
        judged(pupil, name, wrong)
    pupil.order("csv")
    pupil.order("report", picture="")
    reported = list(pupil.files.values())
    for name, question in scenario.asked.items():
        if question.answer is not None and question.choices is None:
            judged(pupil, name, hidden.numbers[f"answer to {name}"][0] * (1 + (question.within or 0) / 3))
            assert pupil.state["questions"][name]["verdict"] == "right"
    return reported


def judged(pupil: Pupil, question: str, value: Any) -> None:
    """Answer, and wait for the verdict."""
    before = pupil.state["questions"][question]
    pupil.order("answer", question=question, value=value)
    if pupil.state["questions"][question] == before:
        pupil.listen(lambda _: pupil.state["questions"][question] != before)
