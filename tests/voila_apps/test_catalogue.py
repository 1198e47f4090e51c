"""The catalogue: one bad scenario costs one card, an unchanged one costs nothing, and filters tell cards apart."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from voila_apps import catalogue as reading
from voila_apps import showcase
from voila_apps.catalogue import Catalogue, Scenario
from voila_apps.store import Progress

CARD = {
    "title": {"en": "A swing", "zh": "摆一摆"}, "summary": {"en": "Time it.", "zh": "计时。"},
    "subject": {"en": "physics", "zh": "physics"}, "level": {"en": "senior", "zh": "高中"}, "minutes": 30,
    "curriculum": [{"en": "Periodic motion", "zh": "周期运动"}], "lab": "pendulum", "steps": 10,
    "lab_title": {"en": "Pendulum", "zh": "单摆"}, "content_hash": "h",
}  # fmt: skip


def write(folder: Path, name: str, code: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "source": code,
        "outputs": [],
        "execution_count": None,
    }
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Reading is replaced; the list tells which notebooks were read."""
    read = list[str]()

    async def cards(paths: list[Path], environment: Any = None) -> dict[Path, dict[str, Any]]:
        read.extend(path.stem for path in paths)
        return {path: {"error": {"en": "no", "zh": "否"}} if "bad" in path.stem else CARD for path in paths}

    monkeypatch.setattr(reading, "read_cards", cards)
    return read


def test_an_unchanged_catalogue_is_not_read_again(tmp_path: Path, counted: list[str]) -> None:
    write(tmp_path / "shipped", "one", "1")
    changing = write(tmp_path / "shipped", "two", "2")

    async def visits() -> None:
        shelf = Catalogue(tmp_path / "shipped", tmp_path / "own", tmp_path / "cards.json")
        assert set(await shelf.scenarios()) == set(await shelf.scenarios()) == {"one", "two"}
        changing.write_text(changing.read_text().replace('"2"', '"22"'))
        await shelf.scenarios()
        await Catalogue(tmp_path / "shipped", tmp_path / "own", tmp_path / "cards.json").scenarios()

    asyncio.run(visits())
    assert sorted(counted) == ["one", "two", "two"]


def test_what_could_not_be_read_is_tried_again_by_the_next_server(tmp_path: Path, counted: list[str]) -> None:
    write(tmp_path / "shipped", "bad", "1")
    for _ in range(2):
        shelf = Catalogue(tmp_path / "shipped", tmp_path / "own", tmp_path / "cards.json")
        assert asyncio.run(shelf.scenarios())["bad"].error
    assert counted == ["bad", "bad"]


def test_a_teachers_copy_of_a_shipped_scenario_stands_beside_it(tmp_path: Path, counted: list[str]) -> None:
    for folder in ("shipped", "own"):
        write(tmp_path / folder, "swing", "1")
    write(tmp_path / "own", "秋千", "1")
    found = asyncio.run(Catalogue(tmp_path / "shipped", tmp_path / "own").scenarios())
    assert {name: one.own for name, one in found.items()} == {"swing": False, "own-swing": True, "秋千": True}


def test_a_damaged_file_of_kept_cards_is_written_anew(tmp_path: Path, counted: list[str]) -> None:
    write(tmp_path / "shipped", "one", "1")
    for content in ("", "[1, 2]", "{", "\0\0"):
        (tmp_path / "cards.json").write_text(content)
        assert set(asyncio.run(Catalogue(tmp_path / "shipped", tmp_path, tmp_path / "cards.json").scenarios())) == {
            "one"
        }
    assert json.loads((tmp_path / "cards.json").read_text())


def test_a_reader_that_crashes_or_hangs_costs_one_card_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader is a script of ours here, with the same manners as the real one."""
    script = tmp_path / "voila_apps" / "cards.py"
    script.parent.mkdir()
    (script.parent / "__init__.py").touch()
    script.write_text(
        "import json, os, sys, time\n"
        "for path in json.load(sys.stdin):\n"
        "    if 'crash' in path: os._exit(9)\n"
        "    if 'hang' in path: time.sleep(60)\n"
        "    print(json.dumps({'path': path, 'card': {'title': path}}), flush=True)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reading, "READING_SECONDS", 3.0)
    paths = [Path(name) for name in ("a", "crash", "b", "hang", "c")]
    cards = asyncio.run(reading.read_cards(paths, {"PATH": ""}))
    assert [path.name for path in paths if "error" in cards[path]] == ["crash", "hang"]
    assert "crashed, or took too long" in cards[Path("hang")]["error"]["en"]
    assert [cards[Path(name)]["title"] for name in "abc"] == ["a", "b", "c"]


def shown(name: str = "swing", progress: Progress | None = None, **changes: Any) -> dict[str, Any]:
    return showcase.card(Scenario(name, Path(f"{name}.ipynb"), False, {**CARD, **changes}), progress, None)


def test_filters_are_only_those_that_tell_cards_apart() -> None:
    alike = [shown("a"), shown("b")]
    assert showcase.filters(alike) == []
    different = [*alike, shown("c", minutes=50, level={"en": "university", "zh": "大学"})]
    found = {name: [option["value"] for option in options] for name, _, options in showcase.filters(different)}
    assert found == {"level": ["", "Senior", "University"], "time": ["", 30, 45]}


def test_what_was_begun_comes_first_and_what_is_broken_last() -> None:
    cards = [
        shown("broken", error={"en": "no", "zh": "否"}),
        shown("fresh"),
        shown("old", Progress("r", 3, 0.0, False)),
        shown("done", Progress("r", 3, 9e9, True)),
        shown("new", Progress("r", 1, 9e9, False)),
    ]
    assert [card["id"] for card in showcase.in_order(cards)][:2] == ["new", "old"]
    assert [card["id"] for card in showcase.in_order(cards)][-1] == "broken"
    assert cards[2]["begun"]["readings_text"]["en"] == "3 readings" and "begun" not in cards[3]
    assert cards[4]["begun"]["readings_text"]["en"] == "1 reading"


def test_a_search_finds_words_of_both_languages_whatever_their_width() -> None:
    words = shown(title={"en": "ＷＩＤＥ Swing", "zh": "摆一摆"})["found_by"]["words"]
    assert "wide swing" in words and "摆一摆" in words and "周期运动" in words and "periodic" in words


def test_one_word_for_a_subject_is_said_in_both_languages() -> None:
    assert shown()["subject"] == {"en": "Physics", "zh": "物理"}
    assert shown()["level"] == {"en": "Senior", "zh": "高中"}
