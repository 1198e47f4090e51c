"""pyproject.toml is the one source of dependencies: the lock, the conda environment and the imports agree with it."""

import ast
import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))
LOCK = (HOUSE / "requirements.lock").read_text("utf-8")
PIN = re.compile(r"(?m)^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)(?: ; ([^\\\n]+?))? \\\n"
                 r"((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")
IMPORTED_AS = {"argon2-cffi": "argon2", "pyyaml": "yaml", "pillow": "PIL", "import-linter": "importlinter",
               "websocket-client": "websocket", "pytest-xdist": "xdist", "pytest-timeout": "pytest_timeout"}


def lock_writer() -> ModuleType:
    """The script behind `make lock`."""
    spec = importlib.util.spec_from_file_location("lock", HOUSE / ".ci" / "lock.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def declared(section: str) -> list[Requirement]:
    """What a section of the lock must hold, by pyproject.toml."""
    project = PROJECT["project"]
    texts = project["dependencies"] + PROJECT["build-system"]["requires"] if section == "run" \
        else project["optional-dependencies"][section]
    return [Requirement(text) for text in texts]


def section(name: str) -> str:
    """One section of the lock, with those before it that it builds on."""
    return LOCK.split(f"# section {name}\n")[0] + LOCK.split(f"# section {name}\n")[1].split("\n# section ")[0]


@pytest.mark.parametrize("name", ["run", "test", "author", "bench"])
def test_the_lock_meets_every_floor(name: str) -> None:
    pinned: dict[str, list[str]] = {}
    for package, version, _marker, _hashes in PIN.findall(section(name)):
        pinned.setdefault(canonicalize_name(package), []).append(version)
    for need in declared(name):
        versions = pinned.get(canonicalize_name(need.name), [])
        assert versions, f"{need} is not locked: make lock"
        assert all(need.specifier.contains(version) for version in versions), f"{need}: locked {versions}"


def test_every_entry_of_the_lock_is_a_version_with_hashes_and_nothing_else() -> None:
    rest = PIN.sub("", LOCK)
    assert not [line for line in rest.splitlines() if line.strip() and not line.startswith("#")]
    assert re.findall(r"(?m)^# section (\w+)$", LOCK) == ["run", "test", "author", "bench"]


def test_the_lock_names_no_address() -> None:
    assert "://" not in LOCK and "index" not in PIN.sub("", LOCK) and " @ " not in LOCK


def test_taichi_is_left_out_where_it_has_no_wheel() -> None:
    need = next(need for need in declared("run") if need.name == "taichi")
    assert need.marker is not None
    assert not need.marker.evaluate({"sys_platform": "linux", "platform_machine": "aarch64"})
    assert need.marker.evaluate({"sys_platform": "linux", "platform_machine": "x86_64"})
    assert need.marker.evaluate({"sys_platform": "darwin", "platform_machine": "arm64"})


def test_environment_yml_is_in_step() -> None:
    assert (HOUSE / "environment.yml").read_text("utf-8") == lock_writer().environment(), "make lock"


def test_environment_yml_names_every_dependency_once() -> None:
    lines = yaml.safe_load((HOUSE / "environment.yml").read_text("utf-8"))["dependencies"]
    by_pip = next(line["pip"] for line in lines if isinstance(line, dict))
    named = [Requirement(line).name for line in [*(one for one in lines if isinstance(one, str)), *by_pip]
             if not line.startswith(("-e", "python "))]
    needed = [need.name for need in declared("run") if need.name != "hatchling"]
    assert sorted(set(named) - {"pip", "make", "c-compiler"}) == sorted(needed)
    assert len(named) == len(set(named))


def imports(*folders: str) -> dict[str, str]:
    """Top-level packages that our files import, with a file that does."""
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted((HOUSE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
                    [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                found |= {name.split(".")[0]: str(path.relative_to(HOUSE)) for name in names}
    return found


@pytest.mark.parametrize(("folders", "sections"), [
    (("engine", "labs", "voila_apps"), ("run",)), (("tests",), ("run", "test")),
    (("benchmarks", "docs"), ("run", "test", "bench"))])
def test_what_is_imported_is_declared(folders: tuple[str, ...], sections: tuple[str, ...]) -> None:
    """A package that comes only through another may leave with it."""
    needs = [canonicalize_name(need.name) for name in sections for need in declared(name)]
    known = {IMPORTED_AS.get(name, name).replace("-", "_") for name in needs}
    known |= {"engine", "labs", "voila_apps", "benchmarks", "docs", "tests"} | set(sys.stdlib_module_names)
    known |= {path.stem for folder in folders for path in (HOUSE / folder).rglob("*.py")}
    missing = {name: where for name, where in imports(*folders).items() if not {name, name.lower()} & known}
    assert not missing, missing
