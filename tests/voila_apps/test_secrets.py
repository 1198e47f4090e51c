"""What a student may not know reaches no browser: everything that a page is sent is read, and searched.

Whoever has the draw key can do the same run again, in another process, to the last bit: that is seen here too.
"""

import copy
import json
import math
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tornado.web import create_signed_value
from typer.testing import CliRunner

from labs.bench.scenario import Scenario, load
from tests.voila_apps.at_work import answer, judged, work
from tests.voila_apps.conftest import REPOSITORY, House, start
from tests.voila_apps.hidden import Hidden, forms, hidden_of
from tests.voila_apps.wire import Pupil
from voila_apps.cli import app
from voila_apps.home import shipped_scenarios
from voila_apps.store import RecordStore, draw_key

pytestmark = pytest.mark.xdist_group("hall")

SECRET, COOKIE = b"a secret of thirty-two bytes....", "wanxiang_seat"
SHIPPED = {path.stem: path for path in sorted(shipped_scenarios().glob("*.ipynb"))}
FEW, MANY = 4, 7  # significant digits by which a number is known: where nothing was measured, and where readings stand
COUNTERS = {"step", "time", "n", "frame", "run", "pending", "id", "row", "started"}  # whole numbers that just go up
WORDS = ("answer", "within", "within_abs", "truth", "truths", "hidden", "seed", "draw_key", "drawn", "key_print")
SPOKEN = {"status", "comm_open", "comm_msg", "comm_close", "kernel_info_reply", "comm_info_reply"}
HOSTILE = "x" * 9_000


# What a page is sent


@dataclass
class Visit:
    """A student who did everything, another who only sat down, and what the first one's run hides."""

    scenario: Scenario
    pupil: Pupil
    other: Pupil
    hidden: Hidden
    key: bytes
    run: str
    reported: list[bytes]

    def still(self) -> str:
        """All text that was there before anything was measured."""
        return self.pupil.html.decode() + json.dumps(self.pupil.models, ensure_ascii=False)

    def moving(self) -> str:
        """All text that came afterwards, without what merely counts."""
        told = [stripped(one.content) for one in self.pupil.heard if one.content.get("data", {}).get("states") is None]
        return json.dumps(told, ensure_ascii=False) + "".join(one.decode() for one in self.reported)

    def buffers(self) -> Iterator[bytes]:
        """All that came as bytes, apart from files."""
        for one in self.pupil.heard:
            yield from one.buffers if one.custom.get("say") != "file" else []


def stripped(thing: Any) -> Any:
    """Plain data without counters."""
    if isinstance(thing, dict):
        return {name: stripped(value) for name, value in thing.items() if name not in COUNTERS}
    return [stripped(one) for one in thing] if isinstance(thing, list) else thing


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server whose secret is known here, so that what it hides is."""
    data = tmp_path_factory.mktemp("hall")
    (data / "secret.key").write_bytes(SECRET)
    opened = start(data, "--benches", "9")
    yield opened
    assert opened.close() == 0


def sit(hall: House, scenario: str, seat: str) -> Pupil:
    cookie = create_signed_value(draw_key(SECRET, "cookies", "", 0), COOKIE, seat).decode()
    return Pupil(hall.port, f"{COOKIE}={cookie}", scenario).sit_down()


def key_of(hall: House, seat: str, scenario: str) -> tuple[str, bytes]:
    store = RecordStore(hall.data / "record.sqlite")
    try:
        row = next(one for one in store.runs() if (one.seat, one.scenario) == (seat, scenario))
        return row.uid, bytes.fromhex(store.find(row.uid).draw_key)
    finally:
        store.close()


@pytest.fixture(scope="module", params=SHIPPED)
def visit(request: pytest.FixtureRequest, hall: House) -> Iterator[Visit]:
    """A visit to each shipped scenario."""
    scenario = load(SHIPPED[request.param])
    with ThreadPoolExecutor() as both:
        pupil, other = both.map(partial(sit, hall, request.param), ("Wang", "Li"))
    work(pupil, scenario)
    run, key = key_of(hall, "Wang", request.param)
    with ThreadPoolExecutor() as beside:  # some truths take seconds to compute; a page that is deaf for long is lost
        known = beside.submit(hidden_of, scenario, key)
        while not known.done():
            pupil.listen_for(0.2)
            other.listen_for(0.2)
    hidden = known.result()
    hidden.keys.append(SECRET)
    hidden.words += [one.environ()["WANXIANG_TOKEN"] for one in hall.kernels()]
    reported = answer(pupil, scenario, hidden)
    yield Visit(scenario, pupil, other, hidden, key, run, reported)
    pupil.leave()
    other.leave()


# Nothing of it is told


def test_a_page_receives_everything_that_is_searched_here(visit: Visit) -> None:
    """The search would be worth nothing if the page had been silent."""
    said = {one.custom.get("say") for one in visit.pupil.heard}
    assert {"everything", "state", "ack", "frame", "hold", "file", "pong"} <= said
    assert set(visit.hidden.numbers) > {"seed"} and len(visit.pupil.models) > 30
    assert sum(len(one) for one in visit.buffers()) > 10_000
    assert len(visit.pupil.state["rows"]) >= 3 and len(visit.reported) == 2
    assert all(any(cell["value"] is not None for cell in row["cells"].values()) for row in visit.pupil.state["rows"])


def test_nothing_hidden_stands_in_the_page_or_in_any_widget(visit: Visit) -> None:
    assert visit.hidden.in_text(visit.still(), FEW) == []


def test_nothing_hidden_stands_in_messages_tables_and_reports(visit: Visit) -> None:
    assert visit.hidden.in_text(visit.moving(), MANY) == []


def test_nothing_hidden_stands_in_buffers(visit: Visit) -> None:
    assert [found for block in visit.buffers() for found in visit.hidden.in_bytes(block)] == []


def test_no_question_carries_its_answer_and_nothing_is_named_that_is_hidden(visit: Visit) -> None:
    named = set[str]()

    def look(thing: Any) -> None:
        if isinstance(thing, dict):
            named.update(thing)
        for one in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else []:
            look(one)

    given = copy.deepcopy(visit.pupil.models[visit.pupil.page]["state"]["given"])
    given.pop("words")
    look(given)
    look(visit.pupil.state)
    for one in visit.pupil.heard:
        look(one.custom)
    assert {"questions", "controls", "live", "rows"} <= named and not named & set(WORDS)
    sources = [SHIPPED[visit.scenario.id].read_text("utf-8"), *visit.pupil.html.decode().splitlines()]
    assert not [line for line in sources[1:] if "drawn(" in line or "Scenario(" in line]


def test_two_students_with_other_hidden_values_are_sent_the_same_page(visit: Visit) -> None:
    """Whatever is written there, and however: what does not differ tells nothing."""
    mine, others = still_life(visit.pupil), still_life(visit.other)
    assert mine == others
    lengths = [[len(block) for block in one.buffers[part]] for one in (visit.pupil, visit.other)
               for part in sorted(one.buffers, key=lambda part, one=one: place(one, part))]  # type: ignore[misc]
    assert sorted(lengths[:len(lengths) // 2]) == sorted(lengths[len(lengths) // 2:])


def still_life(pupil: Pupil) -> tuple[Any, Any]:
    """Page and widgets with names of models replaced by their order."""
    names = {name: f"<{place(pupil, name)}>" for name in pupil.models}

    def renamed(text: str) -> str:
        for name, short in names.items():
            text = text.replace(name, short)
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|at 0x[0-9a-f]+", "<kernel>", text)

    states = sorted(renamed(json.dumps(one, sort_keys=True)) for one in pupil.models.values())
    page = renamed(pupil.html.decode())
    first = next(one.custom["state"] for one in pupil.heard if one.custom.get("say") == "everything")
    return [page, states], stripped({**first, "live": list(first["live"]), "saved": "sooner or later"})


def place(pupil: Pupil, model: str) -> int:
    """The place of a model among all, in the order in which they were made."""
    return list(pupil.models).index(model)


def test_the_number_of_molecules_is_in_no_count_and_in_no_length(visit: Visit) -> None:
    if "number" not in visit.hidden.numbers:
        pytest.skip("the number is known here, or there is none")
    number = int(visit.hidden.numbers["number"][0])
    lengths = {len(block) for block in visit.buffers()}
    assert 512 * 6 in lengths and not [n for n in lengths if n % number == 0 and n // number in range(1, 33)]
    counts = [one.custom["clouds"] for one in visit.pupil.heard if one.custom.get("say") == "frame"]
    assert counts and {tuple(one) for one in counts} == {(512,)}


def test_how_far_the_drawn_molecules_reach_does_not_tell_their_number(visit: Visit) -> None:
    if "number" not in visit.hidden.numbers:
        pytest.skip("the number is known here, or there is none")
    plan = visit.pupil.models[visit.pupil.stream]["state"]["plan"]
    (block,) = visit.pupil.buffers[plan["clouds"][0]["position"]]
    height = np.frombuffer(block, "<u2").reshape(-1, 3)[:, 1] / 65535 * 40  # nm; the piston stands at 30
    upper = int((height > 15).sum())
    assert abs(upper - 256) < 5 * math.sqrt(512) / 2 and height.max() > 28.5


# The search finds what is there


@pytest.mark.parametrize("told", ["13.2847123", "13.2847", "13.28", "1328.5", "-1.3285e+1", "0.0132847", "=13.285;",
                                  '{"g": 13.284712345}', "761.15795"])
def test_a_number_planted_in_a_text_is_found(told: str) -> None:
    hidden = Hidden({"gravity": [13.284712345, math.degrees(13.284712345)]})
    assert hidden.in_text(f"<p>on this world it is {told} by the way</p>", FEW)
    assert not hidden.in_text("13.29 and 14.2847123 and 1.5e13 and 113.28 and 3.2847", FEW)


def test_keys_and_counts_planted_in_a_page_are_found(visit: Visit) -> None:
    for form in forms(visit.key):
        assert visit.hidden.in_text(f"{visit.still()} <!-- {form} -->", FEW)
    models = copy.deepcopy(visit.pupil.models)
    for name, (value, *_) in visit.hidden.numbers.items():
        models[visit.pupil.page]["state"]["given"]["title"]["en"] = f"It is {value:.8g}."
        assert visit.hidden.in_text(json.dumps(models), FEW), name
        reading = {"live": {"pressure": {"uncertainty": value}}}
        assert visit.hidden.in_text(json.dumps(reading), MANY if value != int(value) else 3), name
        if value != round(value, 4):
            assert visit.hidden.in_bytes(b"\0" * 40 + struct.pack("<d", value)), name
    assert visit.hidden.in_bytes(b"\1" * 7 + visit.key)


# Forging changes nothing that is judged


def test_traits_that_a_browser_sets_change_nothing(visit: Visit) -> None:
    pupil = visit.other
    was = copy.deepcopy(pupil.models)
    forged = copy.deepcopy(was[pupil.page]["state"]["given"])
    for control in forged["controls"]:
        control["high"] = 1e9
    for question in forged["questions"]:
        question["attempts"] = 999
    pupil.change(pupil.page, given=forged, _esm="alert(1)", renderer="x", stream="y")
    pupil.change(pupil.stream, plan={"clouds": []}, words={}, _esm=5)
    pupil.change(pupil.page, given=5, nonsense=[])
    odd: list[Any] = ["text", 5, None, [], {}]
    for data in [*odd, {"method": "update"}, {"method": "custom"}, {"method": "update", "state": 5}]:
        pupil.tell(pupil.page, data)
        pupil.tell(pupil.stream, data)
    for content in [*odd, {"do": 5}, {"do": "credit", "tab": pupil.tab, "frame": [], "run": 0},
                    {"do": "ready", "tab": 5}, {"do": "away", "tab": [1]}]:
        pupil.say(pupil.page, content)
        pupil.say(pupil.stream, content)
    pupil.listen_for(0.1)
    control = forged["controls"][0]
    (notice,) = pupil.notices("set", name=control["name"], value=2e6)
    assert "outside its range" in notice["text"]["en"]
    pupil.ask_for_states()
    assert {name: pupil.models[name]["state"] for name in (pupil.page, pupil.stream)} == {
        name: was[name]["state"] for name in (pupil.page, pupil.stream)}


def test_attempts_are_counted_where_no_browser_reaches(visit: Visit) -> None:
    pupil = visit.other
    name = next(name for name, question in visit.scenario.asked.items()
                if question.answer is not None and question.choices is None)
    if visit.scenario.asked[name].answer in visit.scenario.lab.truths():
        pytest.skip("this truth takes seconds to compute; attempts are counted as everywhere")
    for left in (2, 1, 0):
        judged(pupil, name, 1e-33)
        assert pupil.state["questions"][name]["left"] == left
        pupil.change(pupil.page, given={})
    for value in (*visit.hidden.numbers[f"answer to {name}"], 1.0):
        pupil.order("undo")
        said = [one["text"]["en"] for one in pupil.notices("answer", question=name, value=value)]
        pupil.listen_for(0.2)
        assert said and pupil.state["questions"][name] == {"left": 0, "verdict": "wrong", "value": 1e-33}


ODD: list[Any] = [None, [], {}, HOSTILE]
FORGED: list[tuple[str, dict[str, Any]]] = [
    ("fly", {}), ("__init__", {}), ("", {}), (HOSTILE, {}), ("unknown", {}),
    *[("set", {"name": "CONTROL", "value": value})
      for value in (math.nan, math.inf, -1e9, 1e300, 10**400, "", "ten", *ODD)],
    *[("set", {"name": name, "value": 1.0})
      for name in ("gravity", "number", "temperature", "", 5, "__class__", *ODD)],
    ("set", {}), ("set", {"name": "CONTROL"}),
    *[("press", {"name": name}) for name in ("explode", "snapshot", "advance", 5, *ODD)], ("press", {}),
    *[("measure", {"instrument": name}) for name in ("telescope", "seed", 5, *ODD)], ("measure", {}),
    ("measure", {"instrument": "stopwatch", "press": "melt"}),
    ("measure", {"instrument": "stopwatch", "press": "start", "time": math.nan}),
    ("measure", {"instrument": "stopwatch", "press": "start", "time": "soon"}),
    ("measure", {"instrument": "stopwatch", "press": "start", "time": 10**400}),
    *[("row", {"id": name, "what": "delete"}) for name in (0, -1, 99, 1e300, math.nan, "1", *ODD)],
    ("row", {"id": 1, "what": "burn"}), ("row", {}),
    *[("ahead", {"seconds": seconds}) for seconds in (math.nan, math.inf, 1e300, 10**400, "", *ODD)],
    *[("speed", {"value": value}) for value in (0, -1, 1e9, math.nan, "fast", *ODD)], ("speed", {}), ("play", {}),
    *[("formula", {"name": "forged", "text": text})
      for text in ("(" * 190, HOSTILE, "().__class__", "gravity", "9**9**9**", "[1]*9**9", "open('x')", "1;2", "\0")],
    ("formula", {"name": HOSTILE, "text": "1"}), ("formula", {"name": "sqrt", "text": "1"}), ("formula", {}),
    *[("chart", {"x": x, "y": "COLUMN"}) for x in ("", "seed", 5, *ODD)], ("chart", {}),
    *[("chart", {"x": "COLUMN", "y": "COLUMN", "fit": fit}) for fit in ("magic", HOSTILE, 5, ["linear"], {"a": 1})],
    *[("answer", {"question": "NUMBER", "value": value})
      for value in (math.nan, math.inf, "", "much", True, "1e999", "5 m^9^9^9^9^9", "5 V/day", *ODD)],
    *[("answer", {"question": name, "value": 1}) for name in ("q99", "", *ODD)], ("answer", {}),
    *[("confirm", {"step": step}) for step in (-1, 99, 0.5, "0", 10**400, *ODD)], ("confirm", {}),
    ("back", {}), ("lang", {}), ("guide", {}),
]


def test_forged_orders_are_answered_in_a_sentence_and_the_run_goes_on(visit: Visit) -> None:
    pupil = visit.pupil
    standins = {"CONTROL": visit.scenario.controls[0].name, "COLUMN": visit.scenario.columns()[-1],
                "NUMBER": next(name for name, one in visit.scenario.asked.items() if one.answer and not one.choices)}
    kept = ("controls", "columns", "questions", "chart")
    before = {name: pupil.state[name] for name in kept}
    everything = "stopwatch" in visit.scenario.instruments  # elsewhere every fourth order will do: the desk is the same
    for do, fields in FORGED if everything else FORGED[::4]:
        forged = {name: standins.get(value, value) if isinstance(value, str) else value
                  for name, value in fields.items()}
        said = pupil.notices(do, **forged)
        assert said, (do, fields)
        for text in (text for one in said for text in one["text"].values()):
            assert 10 < len(text) < 500 and "\n" not in text and "Traceback" not in text, (do, fields, text)
            assert re.search("[一-鿿]", said[0]["text"]["zh"])
            assert visit.hidden.in_text(text, FEW) == [], (do, fields)
    assert before == {name: pupil.state[name] for name in kept}
    rows, time = len(pupil.state["rows"]), pupil.state["time"]
    pupil.order("step")
    pupil.order("read")
    assert pupil.state["time"] > time and len(pupil.state["rows"]) == rows + 1


def test_a_run_ahead_backwards_or_a_step_backwards_goes_nowhere(visit: Visit) -> None:
    pupil = visit.other
    time = pupil.state["time"]
    pupil.order("ahead", seconds=-5.0)
    pupil.order("step", steps=-99)
    assert pupil.state["time"] >= time


def test_a_page_hears_nothing_but_widgets(visit: Visit) -> None:
    """Not what a kernel prints, not what it executes, and no traceback, whatever it was sent."""
    for pupil in (visit.pupil, visit.other):
        assert {one.kind for one in pupil.heard} <= SPOKEN
        assert not [block for block in pupil.blocks if b"Traceback" in block or b"labs/bench" in block]


def test_a_widget_cannot_be_closed_from_a_browser(visit: Visit, hall: House) -> None:
    pupil = visit.other
    pupil.close_comm(pupil.page)
    pupil.close_comm(pupil.stream)
    again = sit(hall, visit.scenario.id, "Li")
    assert again.page == pupil.page and again.stream == pupil.stream
    again.leave()


# With the key, everything can be done again


def test_an_exported_run_gives_the_same_readings_in_a_fresh_process(visit: Visit, hall: House, tmp_path: Path) -> None:
    pupil, file = visit.pupil, tmp_path / "run.jsonl"
    while not pupil.state["saved"]["all"]:
        pupil.listen_for(0.1)
    here = CliRunner()
    assert here.invoke(app, ["export", visit.run, "-o", str(file), "--data", str(hall.data)]).exit_code == 0
    documents = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    command = [sys.executable, "-m", "voila_apps.cli", "replay", str(file), "--data", str(hall.data), "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["equal"] and outcome["exact"] and not outcome["scenario_changed"], outcome["differences"]
    shown = {(row["id"], name): cell["text"] for row in pupil.state["rows"] for name, cell in row["cells"].items()}
    read = {(one["row"], name): reading["text"] for one in documents if one["kind"] == "event"
            for name, reading in one["readings"].items()}
    assert len(read) >= 9 and read.items() <= shown.items()
    assert outcome["readings"] >= len(read) and outcome["answers"] >= len(visit.scenario.questions)
    assert not visit.hidden.in_text(file.read_text("utf-8").replace(documents[0]["key_print"], ""), MANY)
    other = here.invoke(app, ["replay", str(file), "--key", visit.key[::-1].hex()])
    assert other.exit_code == 2 and "draw key" in other.stderr and len(other.stderr.splitlines()) == 1
