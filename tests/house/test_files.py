"""What a tracked file may not hold: addresses that a page would load from, paths of one machine, outputs, secrets."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
NAMED = {"www.w3.org", "www.apache.org", "www.python.org", "example.org", "127.0.0.1", "localhost"}
ADDRESS = re.compile(r"(?:https?:|wss?:)?//((?:[a-z0-9-]+\.)+[a-z]{2,}|\d+\.\d+\.\d+\.\d+)(?=[/:\"'\s)]|$)", re.I)
MACHINE = re.compile(r"(?<![\w.$}])/(?:work|root|home/\w+|Users/\w+|opt/\w+)/")
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bsk-[A-Za-z0-9]{30,}")
OPEN_END = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
DRAWERS = re.compile(r"(?:^|/)(?:utils?|helpers?|managers?|common|base|misc)\.py$")


def tracked() -> list[Path]:
    """Every file under version control, or (in a copy without it) every file that would be."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    if not names:
        pytest.skip("not under version control")
    return [HOUSE / name for name in names if (HOUSE / name).is_file()]


def lines(pattern: re.Pattern[str], suffixes: tuple[str, ...] = ()) -> list[str]:
    """Where a pattern stands in the tracked text files."""
    found = []
    for path in tracked():
        if path == Path(__file__) or (suffixes and path.suffix not in suffixes):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(HOUSE)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}"
                  for hit in pattern.finditer(text) if not (hit.groups() and hit[1].lower() in NAMED)]
    return found


@pytest.mark.parametrize(("net", "fish"), [
    (ADDRESS, 'src="https://cdn.example.net/x.js"'), (ADDRESS, "url(//fonts.example.com/a)"), (ADDRESS, "http://10.1.2.3/"),
    (MACHINE, "open('/ro" + "ot/data.csv')"), (MACHINE, "/home/" + "ada/wanxiang/"), (SECRET, "ghp_" + "a" * 36),
    (OPEN_END, "# TO" + "DO later"), (DRAWERS, "labs/bench/utils.py")])
def test_the_nets_hold(net: re.Pattern[str], fish: str) -> None:
    assert net.search(fish)


@pytest.mark.parametrize(("net", "water"), [(ADDRESS, "x = a // b"), (ADDRESS, "// a comment. Then more"),
                                            (MACHINE, "{url}/work/items"), (DRAWERS, "labs/bench/basement.py")])
def test_the_nets_let_water_through(net: re.Pattern[str], water: str) -> None:
    assert not net.search(water)


def test_no_page_or_program_names_another_host() -> None:
    """Papers may cite; what runs or is served may not."""
    served = (".py", ".js", ".css", ".html", ".j2", ".ipynb", ".toml", ".yml", ".lock", ".txt", ".po", "")
    assert not lines(ADDRESS, served)


def test_no_path_of_one_machine() -> None:
    assert not lines(MACHINE)


def test_no_secret() -> None:
    assert not lines(SECRET)


def test_no_open_end() -> None:
    assert not lines(OPEN_END, (".py", ".js", ".css", ".html", ".j2", ".md", ".toml", ".yml"))


def test_no_drawer_for_odds_and_ends() -> None:
    assert not [path for path in tracked() if DRAWERS.search(path.as_posix())]


def test_no_compiled_catalogue_and_no_cache_is_tracked() -> None:
    assert not [path for path in tracked() if path.suffix in (".mo", ".pyc", ".nbi", ".nbc")]


def notebooks() -> list[Path]:
    """The shipped scenarios."""
    return sorted((HOUSE / "scenarios").glob("*.ipynb"))


def test_there_are_scenarios() -> None:
    assert len(notebooks()) >= 3


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_notebooks_have_no_outputs_and_import_labs_alone(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    for cell in cells:
        assert not cell["outputs"] and cell["execution_count"] is None
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] == "labs" for alias in node.names)
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] == "labs" and not node.level


def test_python_files_open_with_a_docstring_and_stay_short() -> None:
    for path in tracked():
        if path.suffix != ".py":
            continue
        text = path.read_text("utf-8")
        assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{path} does not say what it is"
        assert text.count("\n") <= 450, f"{path} has {text.count(chr(10))} lines"
