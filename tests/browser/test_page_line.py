"""The page when the line is bad, the bench is gone, the tab is hidden; and the files it hands over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Opening = Callable[..., Any]


def orders(page: Any, do: str) -> list[dict[str, Any]]:
    return page.evaluate("(what) => model.sent.filter((order) => order.do === what)", do)


def tell(page: Any, **state: Any) -> None:
    page.evaluate("(state) => model.tell({say: 'state', state})", state)


# Line ----------------------------------------------------------------------------------------------------------------


def test_silence_is_noticed_within_five_seconds_and_orders_are_repeated(bench: Opening) -> None:
    page = bench()
    page.evaluate("model.silent = true; window.cut = performance.now()")
    page.click(".panel.controls .press")
    page.wait_for_selector(".sheet.lost", timeout=7000)
    assert page.evaluate("performance.now() - window.cut") < 5600  # the timer of a busy test machine adds a little
    assert "Connection lost, your data are saved." in page.inner_text(".sheet.lost")
    assert page.is_disabled(".read")
    page.wait_for_function("document.querySelector('.saved').textContent.includes('not saved yet (1)')")
    page.evaluate("model.silent = false")
    page.wait_for_selector(".sheet.lost", state="hidden", timeout=5000)
    page.wait_for_function("document.querySelector('.saved').textContent === 'saved'")
    presses = orders(page, "press")
    assert len(presses) >= 2
    assert len({order["n"] for order in presses}) == 1


def test_a_bench_that_is_gone_offers_one_button(bench: Opening) -> None:
    page = bench(health=200)
    page.evaluate("model.silent = true")
    page.wait_for_selector(".sheet.lost >> text=The bench is slow to answer", timeout=8000)
    assert page.locator("dialog[open]").count() == 0
    page.wait_for_selector("dialog[open] >> text=Load again", timeout=20000)
    with page.expect_navigation():
        page.click("dialog[open] button.primary")


def test_a_second_tab_asks_before_it_takes_over(bench: Opening) -> None:
    page = bench()
    page.evaluate("model.tell({say: 'elsewhere', tab: 'another'})")
    assert page.locator("dialog[open]").count() == 0
    page.evaluate("model.tell({say: 'elsewhere', tab: model.sent[0].tab})")
    page.wait_for_selector("dialog[open] >> text=Continue here")
    page.evaluate("model.tell({say: 'everything', tab: 'another', state: {}})")
    assert page.locator("dialog[open]").count() == 1
    page.evaluate("model.silent = true")
    page.click("dialog[open] button.primary")
    page.evaluate("model.silent = false")
    page.wait_for_selector("dialog[open]", state="detached")
    assert orders(page, "hello")[-1]["take"] is True


def test_a_page_that_was_hidden_says_that_it_paused(bench: Opening) -> None:
    page = bench(state={"running": True})
    page.evaluate("looks.hide(true)")
    page.evaluate("looks.hide(false)")
    assert page.is_visible("text=Paused while the page was hidden; going on.")


def test_what_stopped_the_run_is_said_with_a_way_back(bench: Opening) -> None:
    page = bench(
        state={"stopped": {"text": {"en": "The temperature left its range.", "zh": "温度超出范围。"}, "back": True}}
    )
    assert "The temperature left its range." in page.inner_text(".sheet.still")
    page.click(".sheet.still button")
    assert len(orders(page, "back")) == 1
    assert page.is_disabled(".run")


def test_a_file_becomes_a_download(bench: Opening) -> None:
    page = bench()
    with page.expect_download() as found:
        page.evaluate(
            "model.tell({say: 'file', name: 'gas.csv', mime: 'text/csv'}, "
            "[new DataView(new TextEncoder().encode('p,V').buffer)])"
        )
    assert found.value.suggested_filename == "gas.csv"
    assert Path(found.value.path()).read_text() == "p,V"


def test_reduced_motion_is_respected(bench: Opening) -> None:
    page = bench()
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("looks.moving()") == 0
