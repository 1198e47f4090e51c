"""Whatever is wrong is told in one line, in the reader's language: what, where, what to do. Nobody sees a traceback."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from labs.bench.desk import Desk
from labs.bench.replay import replay
from labs.bench.run import Run
from labs.bench.scenario import Scenario, load
from tests.labs.bench.tiny import KEY, scenario
from tests.voila_apps.conftest import PENDULUM, REPOSITORY, House, notebook, start
from voila_apps.cli import app
from voila_apps.home import shipped_scenarios

LANGUAGES = {"en": "en_GB.UTF-8", "zh": "zh_CN.UTF-8"}
CHINESE = re.compile("[一-鿿]")
Said = Callable[..., dict[str, str]]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Said:
    """Give a command in an English and in a Chinese terminal; the line in which each refuses."""
    for name in ("LC_ALL", "LC_MESSAGES", "WANXIANG_LANG", "WANXIANG_DEBUG", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WANXIANG_DATA", str(tmp_path / "data"))

    def give(*words: object) -> dict[str, str]:
        said = {}
        for lang, terminal in LANGUAGES.items():
            monkeypatch.setenv("LANG", terminal)
            result = CliRunner().invoke(app, [str(word) for word in words])
            said[lang] = one_line(result.exit_code, result.stdout, result.stderr)
        assert CHINESE.search(said["zh"]) and not CHINESE.search(said["en"])
        return said

    return give


def one_line(code: int, output: str, error: str) -> str:
    lines = error.splitlines()
    assert code == 2 and output == "" and len(lines) == 1, error
    assert "Traceback" not in error and re.search(r"[.?。？]$", lines[0]), error
    return lines[0]


# Scenarios


LAB = "PendulumLab()"
WRONG = {
    "a misspelt control": (PENDULUM.replace('"length"', '"lenght"'), "lenght", "Did you mean: length?"),
    "a misspelt instrument": (PENDULUM.replace('"ruler"', '"rouler"'), "rouler", "Did you mean: ruler?"),
    "a misspelt parameter": (PENDULUM.replace(LAB, "PendulumLab(lenght=1)"), "line 6", "Did you mean: length?"),
    "a misspelt lab": (PENDULUM.replace("labs.pendulum", "labs.pendulm"), "line 2", "Check the spelling"),
    "a misspelt word": (PENDULUM.replace("minutes", "minuets"), "line 4", "Did you mean: minutes?"),
    "another import": ("from os import path\n" + PENDULUM, "'os'", "Remove this line"),
    "a plain import": ("import subprocess\n" + PENDULUM, "'subprocess'", "Remove this line"),
    "a borrowed import": ("from labs.bench.scenario import json\n" + PENDULUM, "line 1", "Did you mean"),
    "other code": (PENDULUM + "\nfor one in range(9):\n    print(one)\n", "line 11", "Move anything else out"),
    "a parameter outside its range": (PENDULUM.replace(LAB, "PendulumLab(length=99)"), "99 m", "Choose a value inside"),
    "an endless parameter": (PENDULUM.replace(LAB, "PendulumLab(length=1e999)"), "inf", "Choose a value inside"),
    "a control outside its range": (
        PENDULUM.replace('Control("length")', 'Control("length", low=-5, high=1e9)'), "-5", "Choose one inside"),
    "a drawn control": (
        PENDULUM.replace(LAB, "PendulumLab(length=drawn(1, 2))").replace("import Control,", "import Control, drawn,"),
        "drawn and hidden", "Remove one of the two"),
    "one language": (PENDULUM.replace(', "zh": "摆一摆"', ""), "title", "both languages"),
    "no Python": (PENDULUM.replace("Scenario(", "Scenario((", 1), "line 4", "missing bracket"),
    "no scenario": ("", "0 scenarios", "exactly one"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_scenario_is_told_with_its_place_and_its_remedy(refused: Said, tmp_path: Path, what: str) -> None:
    code, where, remedy = WRONG[what]
    path = tmp_path / "mine.ipynb"
    path.write_text(notebook(code), encoding="utf-8")
    said = refused("check", path)
    assert said["en"].startswith("mine.ipynb") and said["zh"].startswith("mine.ipynb")
    assert where in said["en"] and remedy in said["en"]


@pytest.mark.parametrize("content", [b"", b"hello", b"[1]", b'{"cells": 5}', b'{"cells": [{"source": 5}]}', b"\xff"])
def test_a_file_that_is_no_notebook_is_told(refused: Said, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.ipynb").write_bytes(content)
    assert "Save it again from JupyterLab" in refused("check", tmp_path / "mine.ipynb")["en"]


def test_what_is_unknown_is_told_with_what_is_near(refused: Said) -> None:
    assert "Check the name" in refused("check", "pendulum_gravty")["en"]
    assert "Did you mean: pendulum?" in refused("new", "mine", "--lab", "pendlum")["en"]


# Records


START = {"kind": "start", "uid": "a" * 32, "run": "a" * 32, "seq": 0}
BROKEN = {
    "empty": (b"", "Export the run again"),
    "no JSON": (b"hello\n", "Line 1 of run.jsonl is damaged"),
    "no text": (bytes(range(256)), "Line 1 of run.jsonl is damaged"),
    "no document": (b'{"kind": "spell"}\n', "Line 1 of run.jsonl"),
    "no field": (json.dumps(START).encode() + b"\n", "lacks the field"),
    "cut": (b'{"kind": "start", "uid": "abc', "Export the run again"),
    "newer": (b'{"kind": "start", "schema": 99}\n', "Update Wanxiang"),
}


@pytest.mark.parametrize("command", ["replay", "report", "export"])
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_record_file_is_told(refused: Said, tmp_path: Path, command: str, what: str) -> None:
    content, words = BROKEN[what]
    (tmp_path / "run.jsonl").write_bytes(content)
    assert words in refused(command, tmp_path / "run.jsonl")["en"]


@pytest.mark.parametrize("command", ["replay", "report", "export"])
def test_a_record_that_is_not_there_or_no_record_is_told(refused: Said, tmp_path: Path, command: str) -> None:
    assert "Check the name" in refused(command, tmp_path / "none.jsonl")["en"]
    assert "Check the name" in refused(command, tmp_path)["en"]
    assert "--data" in refused(command, "0123abcd")["en"]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "record.sqlite").write_bytes(b"this is no database" * 100)
    assert "Put back your newest copy" in refused(command, "0123abcd")["en"]


def test_a_record_in_which_somebody_wrote_is_told(refused: Said, tmp_path: Path) -> None:
    run = Run(load(shipped_scenarios() / "pendulum_gravity.ipynb"), KEY)
    for length in (0.5, 1.0):
        run.act("set", name="length", value=length)
        run.act("measure", instrument="ruler")
    documents: list[Any] = [dict(one) for one in run.documents]
    file = tmp_path / "run.jsonl"

    def written(changed: list[dict[str, Any]]) -> Path:
        file.write_text("".join(json.dumps(one) + "\n" for one in changed), encoding="utf-8")
        return file

    for changed, key, words in (
        (documents, "00" * 32, "is not the one of the run"), (documents, "my key", "0-9 and letters a-f"),
        (documents[:3] + documents[4:], KEY.hex(), "Document 3 of the record is missing"),
        (documents[1:], KEY.hex(), "no start document"), (documents[1:2] * 2, KEY.hex(), "no start document"),
        ([*documents, {**documents[-1], "uid": "b" * 32}], KEY.hex(), "mixes two runs"),
        ([one if one["seq"] < 5 else {**one, "step": -7} for one in documents], KEY.hex(), "edited"),
        ([one for one in documents if one["seq"] < 3] + [{**documents[4], "seq": 3}], KEY.hex(), "cut or edited"),
    ):  # fmt: skip
        assert words in refused("replay", written(changed), "--key", key)["en"]


# Places where nothing can be written


def test_what_cannot_be_written_is_told(refused: Said, tmp_path: Path) -> None:
    run = Run(load(shipped_scenarios() / "pendulum_gravity.ipynb"), KEY)
    file, way = tmp_path / "run.jsonl", tmp_path / "in_the_way"
    file.write_text("".join(json.dumps(one) + "\n" for one in run.documents), encoding="utf-8")
    way.write_text("not a folder")
    places = [way / "out", tmp_path / "no folder" / "out", tmp_path]
    if Path("/proc/self").is_dir():  # read-only even for an administrator
        places.append(Path("/proc/out"))
    for place in places:
        for words in (["export", file], ["export", file, "--csv"], ["report", file]):
            said = refused(*words, "-o", place)
            assert str(place) in said["en"] and "Choose a folder" in said["en"]
    for words in (["new", "mine", "--lab", "pendulum", "--scenarios", way], ["author", "--data", way],
                  ["serve", "--data", way / "data"], ["serve", "--scenarios", way / "own", "--port", "0"]):
        assert "another folder with --data" in refused(*words)["en"]


def test_a_damaged_secret_is_told_before_anything_is_drawn_with_it(refused: Said, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"short")
    said = refused("serve", "--port", "0", "--data", tmp_path)["en"]
    assert str(tmp_path / "secret.key") in said and "Restore it from a copy" in said


def run_command(*words: str, terminal: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    """A command in a process and a terminal of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("LC_ALL", "WANXIANG_LANG", "PORT")}
    return subprocess.run(
        [sys.executable, "-m", "voila_apps.cli", *words], cwd=checkout, env={**kept, "LANG": terminal},
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


# A lab that cannot be imported


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything, with one lab more, which fails to import, and a scenario of it."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("engine", "labs", "voila_apps", "scenarios"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("*.png", "*.webp"))
    (root / "labs" / "loose_wire").mkdir()
    (root / "labs" / "loose_wire" / "__init__.py").write_text('raise RuntimeError("a wire is loose")\n')
    own = root / "data" / "scenarios"
    own.mkdir(parents=True)
    code = PENDULUM.replace("labs.pendulum", "labs.loose_wire")
    (own / "wired.ipynb").write_text(notebook(code), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def copied(checkout: Path) -> Iterator[House]:
    """The copy's server."""
    opened = start(checkout / "data", "--benches", "2", checkout=checkout)
    yield opened
    assert opened.close() == 0


@pytest.mark.xdist_group("checkout")
def test_a_lab_that_cannot_be_imported_leaves_the_others_alone_in_the_list(checkout: Path) -> None:
    own = str(checkout / "data" / "scenarios")
    done = run_command("labs", "--scenarios", own, "--json", terminal=LANGUAGES["zh"], checkout=checkout)
    assert done.returncode == 0 and "Traceback" not in done.stderr
    listed = {one["id"]: one for one in json.loads(done.stdout)["labs"]}
    error = listed["loose_wire"]["error"]
    assert "a wire is loose" in error["en"] and CHINESE.search(error["zh"])
    assert {one["id"] for lab in ("pendulum", "gas_piston") for one in listed[lab]["scenarios"]} == {
        path.stem for path in shipped_scenarios().glob("*.ipynb")}
    assert not [one for lab in ("pendulum", "gas_piston") for one in [listed[lab], *listed[lab]["scenarios"]]
                if "error" in one]
    (wired,) = [one for lab in listed.values() for one in lab["scenarios"] if one["id"] == "wired"]
    assert "a wire is loose" in wired["error"]["en"] and "mend that file" in wired["error"]["en"]


@pytest.mark.xdist_group("checkout")
def test_a_scenario_of_such_a_lab_is_told_where_the_fault_is(checkout: Path) -> None:
    path = str(checkout / "data" / "scenarios" / "wired.ipynb")
    done = run_command("check", path, terminal=LANGUAGES["zh"], checkout=checkout)
    line = one_line(done.returncode, done.stdout, done.stderr)
    assert "labs.loose_wire" in line and "a wire is loose" in line and CHINESE.search(line)


@pytest.mark.xdist_group("checkout")
def test_such_a_lab_is_one_card_and_the_others_open(copied: House) -> None:
    visitor = copied.visitor()
    page = visitor.ask("/").text
    assert set(re.findall(r'<li class="card broken[^>]*data-id="([^"]+)"', page)) == {"wired"}
    assert len(re.findall(r'href="/lab/[a-z_]+"', page)) >= 3
    notice = visitor.ask("/lab/wired")
    assert notice.status == 503 and "a wire is loose" in notice.text and "请告诉老师" in notice.text
    assert "Traceback" not in notice.text
    bench = visitor.ask("/lab/pendulum_gravity")
    assert bench.status == 200 and "application/vnd.voila.cell-output+json" in bench.text
    assert "wanxiang.failed()" not in bench.text


# Numbers that leave their range


class Lesson:
    """A desk without a browser: what it says is kept."""

    def __init__(self, given: Scenario) -> None:
        self.desk = Desk(given, Run(given, KEY))
        self.said: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.state: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []
        self.desk.page.send = self._hear
        self.desk.stream.send = self._see
        self.orders = 0
        self.order("hello", lang="en")
        self.desk.stream._hear(None, {"do": "ready", "tab": "w.1"}, None)

    def _hear(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.said.append(content)
        self.state |= content.get("state", {})
        if content["say"] == "file":
            self.files[content["name"]] = buffers[0]

    def _see(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.frames.append(content)
        self.state |= {name: content[name] for name in ("time", "live") if name in content}

    def order(self, do: str, **fields: Any) -> list[dict[str, str]]:
        """Give an order; the sentences that answer it. It is acknowledged, whatever comes of it."""
        self.orders += 1
        before = len(self.said)
        self.desk.hear({"do": do, "n": self.orders, "tab": "w.1", **fields})
        assert self.said[-1] == {"say": "ack", "n": self.orders, "tab": "w.1"}
        return [one["text"] for one in self.said[before:] if one["say"] == "notice"]

    def measure(self) -> None:
        """Let go, let time pass, read."""
        for press in self.desk.run.lab.presses:
            self.order("press", name=press)
        self.order("step")
        self.order("read")

    def poison(self) -> None:
        """The state holds what is no number."""
        for one in vars(self.desk.run.solver.state).values():
            if isinstance(one, np.ndarray) and one.dtype.kind == "f":
                one.flat[0] = np.nan


LESSONS: dict[str, Callable[[], Scenario]] = {"tiny": scenario} | {
    path.stem: lambda path=path: load(path) for path in sorted(shipped_scenarios().glob("*.ipynb"))}  # type: ignore[misc]


@pytest.fixture(params=LESSONS)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """A lesson in which two readings were taken, and then the numbers leave their range."""
    opened = Lesson(LESSONS[request.param]())
    opened.measure()
    opened.measure()
    opened.poison()
    opened.order("step")
    return opened


def test_a_failure_of_numbers_stops_the_bench_and_names_the_quantity(lesson: Lesson) -> None:
    stopped, run = lesson.state["stopped"], lesson.desk.run
    assert stopped["back"] and not lesson.state["running"] and run.failed
    assert re.search(r"The bench stopped: [a-z ]+ left the range of numbers\. .*Go back", stopped["text"]["en"])
    assert "数据" in stopped["text"]["zh"] and "退回" in stopped["text"]["zh"]
    if lesson.desk.scenario.id != "drift":
        assert not re.search("[A-Za-z]", stopped["text"]["zh"])


def test_what_was_measured_is_kept_and_can_still_be_taken_away(lesson: Lesson) -> None:
    rows = lesson.state["rows"]
    assert len(rows) == 2
    for do in ("csv", "report"):
        assert lesson.order(do) == []
    table, report = (content.decode() for content in lesson.files.values())
    assert len(table.splitlines()) == 3 and "The bench had stopped" in report
    lesson.order("hello", lang="en", tab="w.1")
    assert lesson.state["rows"] == rows and lesson.state["stopped"]["back"]


def test_a_stopped_bench_does_nothing_but_go_back(lesson: Lesson) -> None:
    time, frames = lesson.state["time"], len(lesson.frames)
    control = lesson.desk.scenario.controls[0]
    for do, fields in (("read", {}), ("set", {"name": control.name, "value": 1}), ("press", {"name": "release"})):
        assert [text["en"] for text in lesson.order(do, **fields)] == ["The bench has stopped. Go back first."]
    for do in ("play", "step"):
        assert lesson.order(do, on=True) == []
    assert lesson.state["time"] == time and not lesson.state["running"] and len(lesson.frames) == frames


def test_going_back_goes_on(lesson: Lesson) -> None:
    assert lesson.order("back") == []
    assert lesson.state["stopped"] is None and len(lesson.state["rows"]) == 2
    time, frames = lesson.state["time"], len(lesson.frames)
    lesson.measure()
    assert lesson.state["time"] > time and len(lesson.state["rows"]) == 3 and len(lesson.frames) > frames
    assert all(np.isfinite(cell["value"] or 0.0) for cell in lesson.state["rows"][-1]["cells"].values())
    assert "in order" in lesson.order("back")[0]["en"]


def test_a_failure_during_a_run_ahead_is_told_too_and_the_record_can_be_replayed() -> None:
    """Here the solver itself tears apart: a push above 8."""

    async def teach() -> Lesson:
        opened = Lesson(scenario())
        opened.measure()
        opened.order("set", name="push", value=9.0)
        opened.order("ahead", seconds=1.0)
        while opened.desk.ahead is not None or opened.desk._ahead_task is not None:
            await asyncio.sleep(0.01)
        return opened

    opened = asyncio.run(teach())
    assert opened.state["stopped"]["back"] and opened.state["ahead"] is None
    assert "height" in opened.state["stopped"]["text"]["en"]
    opened.order("back")
    opened.order("set", name="push", value=2.0)
    opened.measure()
    assert opened.state["stopped"] is None and len(opened.state["rows"]) == 2
    assert replay(opened.desk.run.documents, scenario(), KEY).equal


def test_a_fault_of_ours_is_a_sentence_and_every_order_is_still_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Lesson(scenario())

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a line that no student should read")

    for broken in ("read", "csv", "formula"):
        monkeypatch.setattr(opened.desk, f"_on_{broken}", fail)
        (text,) = opened.order(broken)
        assert "noted" in text["en"] and CHINESE.search(text["zh"]) and "line" not in text["en"]
    monkeypatch.setattr("labs.bench.showing.passing", fail)
    assert "noted" in opened.order("step")[-1]["en"]
    monkeypatch.undo()
    assert opened.order("step") == [] and opened.state["time"] > 0
