"""The command line: data that other programs can read, and one line for whatever cannot be done."""

import csv
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.mechanics.pendulum import Pendulum
from voila_apps.cli import app

Said = Callable[..., Any]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Said:
    """Run a command in a data folder of its own."""
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "PORT", "WANXIANG_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WANXIANG_DATA", str(tmp_path / "data"))

    def run(*words: str, lang: str = "en") -> Any:
        monkeypatch.setenv("WANXIANG_LANG", lang)
        return CliRunner().invoke(app, list(words))

    return run


def one_line(result: Any) -> str:
    """What was refused: a single line, exit code 2, nothing on standard output."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and "Traceback" not in lines[0]
    return str(lines[0])


def test_solve_prints_the_agreed_json(said: Said) -> None:
    words = [
        "mechanics.pendulum",
        "-p",
        "length=80cm",
        "-p",
        "start=released",
        "--for",
        "1.5",
        "--every",
        "0.5",
        "--observe",
        "angle",
        "--observe",
        "kinetic_energy",
        "--seed",
        "7",
        "--precision",
        "f64",
        "--json",
    ]
    data = json.loads(said("solve", *words).stdout)
    assert list(data) == [
        "solver",
        "parameters",
        "seed",
        "precision",
        "backend",
        "steps",
        "time",
        "observables",
        "series",
    ]
    assert data["parameters"]["length"] == {"value": pytest.approx(0.8), "unit": "m"}
    assert (data["solver"], data["seed"], data["precision"], data["time"]) == (
        "mechanics.pendulum",
        7,
        "f64",
        pytest.approx(1.5),
    )
    assert list(data["observables"]["angle"]) == ["value", "unit", "uncertainty"]
    assert data["series"]["time"] == pytest.approx([0.0, 0.5, 1.0, 1.5])
    direct = Pendulum(length=0.8, start="released", precision="f64", seed=7)
    direct.advance(data["steps"])
    assert data["observables"]["angle"]["value"] == direct.observe("angle")
    assert data["series"]["angle"][-1] == direct.observe("angle")


def test_zero_seconds_evaluate_the_beginning(said: Said) -> None:
    data = json.loads(said("solve", "mechanics.pendulum", "--for", "0", "--observe", "angle", "--json").stdout)
    assert (data["steps"], data["time"], data["series"]) == (0, 0.0, {})


def test_without_json_a_table_is_printed(said: Said) -> None:
    result = said("solve", "mechanics.pendulum", "--steps", "10", "--observe", "kinetic_energy")
    assert result.exit_code == 0 and "kinetic_energy" in result.stdout and "{" not in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["solve", "mechanics.pendulu", "--for", "1", "--observe", "angle"], "mechanics.pendulum"),
        (["solve", "mechanics.pendulum", "-p", "lenght=1", "--for", "1", "--observe", "angle"], "length"),
        (["solve", "mechanics.pendulum", "--for", "1", "--observe", "angel"], "angle"),
        (["solve", "mechanics.pendulum", "--for", "1"], "--observe"),
        (["solve", "mechanics.pendulum", "-p", "length=1e9", "--for", "1", "--observe", "angle"], "outside its range"),
        (["solve", "mechanics.pendulum", "-p", "length=nan", "--for", "1", "--observe", "angle"], "outside its range"),
        (
            ["solve", "mechanics.pendulum", "-p", "length=3kg", "--for", "1", "--observe", "angle"],
            "must be a number in m",
        ),
        (["solve", "mechanics.pendulum", "-p", "length", "--for", "1", "--observe", "angle"], "name=value"),
        (["solve", "mechanics.pendulum", "--for", "-1", "--observe", "angle"], "zero or more"),
        (["solve", "mechanics.pendulum", "--for", "inf", "--observe", "angle"], "zero or more"),
        (["solve", "mechanics.pendulum", "--observe", "angle"], "either --for"),
        (["solve", "mechanics.pendulum", "--for", "1", "--steps", "3", "--observe", "angle"], "either --for"),
        (
            ["solve", "mechanics.pendulum", "--for", "1", "--every", "1e-9", "--observe", "angle"],
            "shorter than one step",
        ),
        (["solve", "mechanics.pendulum", "--for", "1", "--observe", "angle", "--precision", "f16"], "f16"),
        (["solve", "mechanics.pendulum", "--steps", "many", "--observe", "angle"], "--steps"),
        (["solve"], "SOLVER"),
        (["sevre"], "serve"),
        (["serve", "--prot", "1"], "--port"),
        (["check", "absent.ipynb"], "absent"),
        (["new", "x", "--lab", "pendulm"], "pendulum"),
        (["new", "../x", "--lab", "pendulum"], "cannot name"),
        (["export", "0123"], "no record"),
        (["replay", "0123"], "no record"),
        (["report", "0123"], "no record"),
        (["ledger", "--only", "no such truth"], "No truth"),
        (["ledger", "--speed", "slwo"], "slow"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(said: Said, words: list[str], says: str) -> None:
    assert says in one_line(said(*words))
    chinese = one_line(said(*words, lang="zh"))
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)


def test_labs_are_listed_with_their_scenarios(said: Said) -> None:
    listed = {lab["id"]: lab for lab in json.loads(said("labs", "--json").stdout)["labs"]}
    assert {"gas_piston", "pendulum"} <= set(listed)
    gravity = next(one for one in listed["pendulum"]["scenarios"] if one["id"] == "pendulum_gravity")
    assert gravity["url"] == "/lab/pendulum_gravity" and gravity["title"]["en"] and gravity["title"]["zh"]


@pytest.mark.parametrize("lab", ["pendulum", "gas_piston"])
def test_a_new_scenario_passes_its_own_check_and_appears_in_the_list(said: Said, lab: str, tmp_path: Path) -> None:
    written = said("new", "my_first", "--lab", lab)
    path = Path(written.stdout.strip())
    assert path == tmp_path / "data" / "scenarios" / "my_first.ipynb"
    checked = said("check", str(path), "--json")
    assert json.loads(checked.stdout) == {"notebook": str(path), "ok": True, "problems": []}
    listed = json.loads(said("labs", "--json").stdout)["labs"]
    assert "my_first" in [one["id"] for entry in listed if entry["id"] == lab for one in entry["scenarios"]]
    assert "there already" in one_line(said("new", "my_first", "--lab", lab))


def test_check_names_the_misspelt_control(said: Said, tmp_path: Path) -> None:
    path = Path(said("new", "typo", "--lab", "pendulum").stdout.strip())
    path.write_text(path.read_text("utf-8").replace("Control('length')", "Control('lenght')"), encoding="utf-8")
    result = said("check", str(path))
    assert result.exit_code == 2 and result.stdout == ""
    first = result.stderr.splitlines()[0]
    assert first.startswith("typo.ipynb: ") and "lenght" in first and "Did you mean: length?" in first


def test_doctor_examines_this_machine(said: Said, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = said("doctor", "--json", "--port", str(taken.getsockname()[1]))
    checks = {one["name"]: one for one in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 1  # the port is taken, and it says so
    assert not checks["port"]["ok"] and "already in use" in checks["port"]["advice"]
    assert all(one["ok"] for name, one in checks.items() if name != "port"), checks
    assert checks["back end"]["details"]["arch"] == "cpu" and checks["packages"]["details"]["numba"]
    (tmp_path / "data" / "record.sqlite").write_bytes(b"no database" * 100)
    record = {one["name"]: one for one in json.loads(said("doctor", "--json").stdout)["checks"]}["record"]
    assert not record["ok"] and "Put back your newest copy" in record["advice"]


def served(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voila_apps.cli", "serve", "--data", str(tmp_path / "data"), *words],
        env={**os.environ, "WANXIANG_LANG": "en", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def test_serve_tells_in_one_line_why_it_cannot(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "already in use" in refused(served(tmp_path, PORT=port))  # the environment's PORT counts
        assert "已被占用" in refused(served(tmp_path, "--port", port, WANXIANG_LANG="zh_CN.UTF-8"))
    (tmp_path / "file").write_text("in the way")
    assert "Nothing can be written" in refused(served(tmp_path, "--port", "0", "--data", str(tmp_path / "file" / "x")))
    (tmp_path / "data" / "record.sqlite").write_bytes(b"this is no database at all" * 100)
    assert "Put back your newest copy" in refused(served(tmp_path, "--port", "0"))


def test_a_served_run_can_be_exported_replayed_and_reported(
    said: Said, newcomer: Any, within: Any, house: Any, tmp_path: Path
) -> None:
    within(20, lambda: newcomer.visitor.ask("/api/run", **newcomer.token).json["run"])
    run = newcomer.visitor.ask("/api/run", **newcomer.token).json["run"]
    data = ["--data", str(house.data), "--scenarios", str(house.data / "scenarios")]
    listed = json.loads(said("export", *data, "--json").stdout)["runs"]
    assert run in [one["run"] for one in listed]
    documents = json.loads(said("export", run[:12], *data, "--json").stdout)["documents"]
    assert documents[0]["kind"] == "start" and documents[0]["uid"] == run
    table = said("export", run, *data, "--csv").stdout
    assert table.startswith("\ufeff") and next(csv.reader(io.StringIO(table[1:])))[0] == "Row"
    file = tmp_path / "run.jsonl"
    said("export", run, *data, "-o", str(file))
    for what in (run, str(file)):
        outcome = json.loads(said("replay", what, *data, "--json").stdout)
        assert outcome["equal"] and outcome["exact"] and outcome["run"] == run
    assert "draw key" in one_line(said("replay", str(file), *data[2:]))
    page = Path(said("report", run, *data, "-o", str(tmp_path / "report.html")).stdout.strip())
    assert "<html" in page.read_text("utf-8") and "https:" not in page.read_text("utf-8")
