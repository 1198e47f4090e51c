"""The two READMEs say the same, and everything they tell a reader to type or to open exists."""

import re
from pathlib import Path

import pytest
import typer.main

from voila_apps.cli import app

HOUSE = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")


def text(name: str) -> str:
    return (HOUSE / name).read_text("utf-8")


def skeleton(name: str) -> list[str]:
    """Heading levels, code blocks, table rows and pictures in their order: what a translation keeps."""
    kept = []
    inside = False
    for line in text(name).splitlines():
        if line.startswith("```"):
            inside = not inside
            kept.append(line)
        elif inside:
            kept.append(line.partition("#")[0].strip())
        elif line.startswith("#"):
            kept.append(line.split()[0])
        elif line.startswith(("|", "- ", "![")):
            kept.append(line[0] + str(line.count("|")))
    return kept


def test_both_languages_have_the_same_sections_commands_tables_and_pictures() -> None:
    assert skeleton(READMES[0]) == skeleton(READMES[1])


@pytest.mark.parametrize("name", READMES)
def test_every_make_target_exists(name: str) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", text("Makefile")))
    named = set(re.findall(r"\bmake ([a-z-]+)", text(name)))
    assert {"run", "test"} <= named <= targets


@pytest.mark.parametrize("name", READMES)
def test_every_command_exists(name: str) -> None:
    there = set(getattr(typer.main.get_command(app), "commands", {}))
    named = set(re.findall(r"\bwanxiang ([a-z]+)\b", text(name)))
    assert {"serve", "labs", "solve", "ledger"} <= named
    assert named <= there, "a command that is not there"


@pytest.mark.parametrize("name", [*READMES, "CHANGELOG.md", "DECISIONS.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text(name)):
        assert target.startswith("http") or (HOUSE / target).exists(), target
