"""An upper floor imports lower ones, never the reverse."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

HOUSE = Path(__file__).resolve().parents[2]


def test_floors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOUSE)
    assert lint_imports(config_filename=str(HOUSE / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def house(folder: Path, wrong: str = "", line: str = "") -> int:
    """The exit status of lint-imports in a house of empty rooms, perhaps with one wrong door."""
    for name in ("engine/molecules", "labs/bench", "voila_apps"):
        (folder / name).mkdir(parents=True)
    rooms = ("engine/__init__", "engine/molecules/__init__", "engine/runtime", "labs/__init__", "labs/bench/__init__",
             "labs/bench/scene", "labs/bench/shapes", "labs/bench/words", "labs/one_lab", "voila_apps/__init__",
             "voila_apps/store")
    for name in rooms:
        (folder / f"{name}.py").touch()
    if wrong:
        (folder / wrong).write_text(line + "\n")
    (folder / "pyproject.toml").write_text((HOUSE / "pyproject.toml").read_text("utf-8"))
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(folder)}).returncode


def test_an_empty_house_is_in_order(tmp_path: Path) -> None:
    assert house(tmp_path) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize(("line", "file"), [
    ("import taichi", "engine/molecules/wrong.py"), ("import pythreejs", "labs/wrong.py"),
    ("import labs.bench.words", "engine/wrong.py"), ("import voila_apps.store", "labs/bench/wrong.py"),
    ("import labs.one_lab", "labs/another_lab.py"), ("import labs.one_lab", "labs/bench/wrong.py")])
def test_a_wrong_import_is_seen(line: str, file: str, tmp_path: Path) -> None:
    assert house(tmp_path, file, line) != EXIT_STATUS_SUCCESS
