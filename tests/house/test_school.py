"""The handbook for a school says the same in both languages, and every command, option and address in it exists."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from voila_apps.cli import app

HOUSE = Path(__file__).resolve().parents[2]
BOOKS = ("docs/school.md", "docs/school.zh-CN.md")
PLACES = re.compile(r"(?<![\w.~/-])(?:https?://[\w.]+)?(/(?:tablet|connection|teacher|health|privacy|ca\.crt)\b)")


def text(name: str) -> str:
    return (HOUSE / name).read_text("utf-8")


def skeleton(name: str) -> list[str]:
    """Headings, code, list items and table rows in their order: what a translation keeps."""
    kept, inside = [], False
    for line in text(name).splitlines():
        inside ^= line.startswith("```")
        if inside:
            kept.append(line)
        elif line.startswith(("#", "- ", "|")):
            kept.append(line.split()[0] + str(line.count("|")) + str(re.findall(r"`[^`]*`", line)))
    return kept


def lines(name: str) -> list[list[str]]:
    """Every `wanxiang …` that a reader is told to type, in words."""
    quoted = re.findall(r"`(wanxiang [^`\n]+)`", text(name))
    typed = [line for block in re.findall(r"```sh\n(.*?)```", text(name), re.S) for line in block.splitlines()]
    return [line.split() for line in [*quoted, *typed] if line.startswith("wanxiang ")]


def test_both_languages_have_the_same_sections_commands_and_rows() -> None:
    assert skeleton(BOOKS[0]) == skeleton(BOOKS[1])
    assert len(skeleton(BOOKS[0])) > 60


@pytest.mark.parametrize("name", BOOKS)
def test_every_command_line_is_understood(name: str) -> None:
    """Each command answers --help, and knows every option that the book gives it."""
    used = set()
    for words in lines(name):
        command, path = typer.main.get_command(app), list[str]()
        for word in words[1:]:
            found = getattr(command, "commands", {}).get(word)
            if found is None:
                break
            command, path = found, [*path, word]
        assert path, f"there is no {' '.join(words)}"
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = {word for word in words if word.startswith("--")} - options
        assert not unknown, f"{' '.join(words)}: {unknown}"
        assert CliRunner().invoke(app, [*path, "--help"]).exit_code == 0
        used.add(path[0])
    assert {"serve", "tls", "deploy", "classes", "backup", "restore", "update", "export", "erase", "doctor",
            "password"} <= used


@pytest.mark.parametrize("name", BOOKS)
def test_every_page_that_is_named_exists(name: str) -> None:
    sources = "".join(path.read_text("utf-8") for path in (HOUSE / "voila_apps").rglob("*.py"))
    found = set(PLACES.findall(text(name)))
    assert found == {"/tablet", "/connection", "/teacher", "/health", "/privacy", "/ca.crt"}
    for place in found:
        assert re.search(rf'r"{re.escape(place.replace(".", chr(92) + "."))}(?:/\?)?"', sources), place


@pytest.mark.parametrize("name", BOOKS)
def test_make_and_the_installer_know_what_is_asked_of_them(name: str) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", text("Makefile")))
    assert {"bundle"} <= set(re.findall(r"(?m)^make ([a-z-]+)", text(name))) <= targets
    assert "install.sh" in text(name) and (HOUSE / ".ci" / "install.sh").is_file()


@pytest.mark.parametrize("name", BOOKS)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text(name)):
        assert (HOUSE / "docs" / target).exists(), target
