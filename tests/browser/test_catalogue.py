"""The catalogue in a browser: found, read, filtered and opened, at three widths, in two languages, from one host."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
REPOSITORY = Path(__file__).resolve().parents[2]
WIDTHS = {800: 1100, 1280: 800, 1600: 1000}

SWING = """from labs.bench import Control, Scenario, Step
from labs.pendulum import PendulumLab

Scenario(
    title={"en": "A swing", "zh": "摆一摆"}, summary={"en": "Time a swing.", "zh": "测一次摆动。"}, subject="physics",
    level={"en": "lower secondary", "zh": "初中"}, minutes=10, lab=PendulumLab(), controls=[Control("length")],
    instruments=["ruler", "photogate"], steps=[Step({"en": "Look.", "zh": "看一看。"})],
)
"""


def notebook(code: str) -> str:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "source": code,
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the shipped scenarios, a teacher's own and one that cannot be opened."""
    data = tmp_path_factory.mktemp("catalogue")
    (data / "scenarios").mkdir()
    (data / "scenarios" / "swing.ipynb").write_text(notebook(SWING), encoding="utf-8")
    (data / "scenarios" / "broken.ipynb").write_text(notebook("from os import path"), encoding="utf-8")
    command = [sys.executable, "-m", "voila_apps.cli", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, "WANXIANG_LANG": "en"}, text=True,
                          stdout=subprocess.PIPE) as server:  # fmt: skip
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found
        yield found.group()
        server.terminate()


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Any]:
    """Opens the catalogue; requests to other hosts and complaints of the console fail the test."""
    contexts, complaints = list[Any](), list[str]()

    def open_catalogue(width: int = 1280, lang: str = "en-GB", dark: bool = False, path: str = "") -> Any:
        context = chromium.new_context(viewport={"width": width, "height": WIDTHS[width]}, locale=lang,
                                       color_scheme="dark" if dark else "light")  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: None if _ours(request.url, address) else complaints.append(request.url))
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.on("console", lambda line: complaints.append(line.text) if _serious(line) else None)
        page.goto(address + path)
        return page

    yield open_catalogue
    for context in contexts:
        context.close()
    assert not complaints


def _ours(url: str, address: str) -> bool:
    return url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))


def _serious(line: Any) -> bool:
    """An error, other than that a page which a test asks for in vain is not there."""
    return line.type == "error" and "nothing" not in str(line.location)


def cards(page: Any) -> list[str]:
    return [card.get_attribute("data-id") for card in page.locator(".card:visible").all()]


def test_search_and_filters_need_no_reload_and_an_empty_search_says_what_to_try(visit: Any) -> None:
    page = visit()
    page.evaluate("window.untouched = true")
    everything = cards(page)
    assert {"gas_isotherm", "dense_gas", "pendulum_gravity", "swing", "broken"} <= set(everything)
    page.keyboard.press("/")
    page.keyboard.type("PENDULUM")
    assert set(cards(page)) == {"pendulum_gravity", "swing"}
    page.locator("label", has_text="Lower secondary").click()
    assert cards(page) == ["swing"]
    assert page.locator(".count").inner_text() == "1 experiment"
    page.locator("input[type=search]").fill("no such thing")
    assert cards(page) == [] and page.locator(".nothing").is_visible()
    page.locator(".tries button", has_text="Gas piston").click()
    assert set(cards(page)) == {"gas_isotherm", "dense_gas"}
    page.locator("input[type=search]").fill("活塞")
    assert set(cards(page)) == {"gas_isotherm", "dense_gas"}
    page.locator("input[type=search]").press("Escape")
    assert cards(page) == everything
    assert page.evaluate("window.untouched")


def test_what_was_looked_for_is_still_there_on_the_way_back(visit: Any, address: str) -> None:
    page = visit()
    page.locator("input[type=search]").fill("piston")
    page.goto(address + "nothing-here")
    page.go_back()
    page.wait_for_function("document.querySelectorAll('.card:not([hidden])').length === 2")
    assert page.locator("input[type=search]").input_value() == "piston"


def test_both_languages_are_in_the_page_and_the_choice_is_remembered(visit: Any, address: str) -> None:
    page = visit()
    assert page.locator("h1").inner_text() == "Wanxiang Laboratory"
    page.get_by_role("button", name="中文").click()
    assert page.locator("h1").inner_text() == "万象实验室" and page.title() == "万象实验室"
    assert "个实验" in page.locator(".count").inner_text()
    assert page.locator("input[type=search]").get_attribute("placeholder") == "搜索：单摆、压强、g ……"
    left = page.evaluate("document.body.innerText")
    assert not re.findall(r"\b(Open|bench|Search|steps|Level)\b", left)
    page.goto(address)
    assert page.locator("h1").inner_text() == "万象实验室"
    assert visit(lang="zh-CN").locator("h1").inner_text() == "万象实验室"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("dark", [False, True])
def test_everything_fits_at_every_width(visit: Any, width: int, lang: str, dark: bool) -> None:
    page = visit(width, lang, dark)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate(
        """() => [...document.querySelectorAll('a, button, .filters label')].filter(e => e.offsetParent)
        .map(e => [e.innerText, e.getBoundingClientRect()]).filter(([, r]) => r.height < 24).map(([text]) => text)"""
    )
    assert [text for text in small if text and text not in page.locator(".card h2").all_inner_texts()] == []
    columns = page.evaluate("new Set([...document.querySelectorAll('.card')].map(c => c.offsetLeft)).size")
    assert columns == {800: 2, 1280: 3, 1600: 3}[width]
    assert page.evaluate(CONTRAST) == []


# Text whose contrast with what lies behind it is below 4.5 : 1 (WCAG 2.2 AA).
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const style = getComputedStyle(e);
    if (style.backgroundImage !== 'none') return null;
    const colour = rgb(style.backgroundColor); if (colour[3] === 255) return colour; } return [255, 255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll('main *')) {
    if (!e.offsetParent || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const ground = behind(e); if (!ground) continue;
    const [one, two] = [light(rgb(getComputedStyle(e).color)), light(ground)].sort((a, b) => b - a);
    if ((one + .05) / (two + .05) < 4.5) poor.push(e.innerText.slice(0, 40));
  }
  return poor;
}"""


def test_it_can_be_used_by_keyboard_alone(visit: Any) -> None:
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('href') ?? document.activeElement.name ?? ''"))
    assert {"/lab/gas_isotherm", "/lab/dense_gas", "/lab/pendulum_gravity", "/lab/swing", "q", "level"} <= reached
    assert "/lab/broken" not in reached
    page.locator("a[href='/lab/swing']").focus()
    ring = page.evaluate("getComputedStyle(document.activeElement.closest('.card')).outlineStyle")
    assert ring == "solid"


def test_a_bench_opens_from_its_card_and_is_found_again_where_it_was(visit: Any, address: str) -> None:
    page = visit()
    page.locator("a[href='/lab/swing']").click()
    page.locator("#doorstep", has_text="Preparing your bench").wait_for()
    page.locator("#rendered_cells canvas").wait_for(timeout=90_000)
    page.wait_for_function("!document.getElementById('doorstep')", timeout=30_000)
    kernel = page.evaluate("jupyterapp.widgetManager.kernel.id")
    page.reload()
    page.locator("#rendered_cells canvas").wait_for(timeout=60_000)
    assert page.evaluate("jupyterapp.widgetManager.kernel.id") == kernel
    page.goto(address)
    first = page.locator(".card").first
    assert first.get_attribute("data-id") == "swing"
    assert "Continue" in first.inner_text() and "Start again" in first.inner_text()
    page.once("dialog", lambda dialog: dialog.accept())
    first.get_by_role("button", name="Start again").click()
    page.locator("#rendered_cells canvas").wait_for(timeout=90_000)
    assert page.evaluate("jupyterapp.widgetManager.kernel.id") != kernel


def test_a_page_that_is_not_there_leads_back(visit: Any, address: str) -> None:
    context = visit().context
    page = context.new_page()
    page.goto(address + "lab/nothing")
    assert page.locator("h1").inner_text() == "There is no such page."
    page.get_by_role("link", name="All experiments").click()
    page.wait_for_url(address)
