"""The page without a server, in headless Chromium: how it looks, and what hands can do on it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.page_alone import gas

pytestmark = pytest.mark.browser

Opening = Callable[..., Any]
SIZES = ["portrait", "landscape", "laptop", "desktop"]
TABS = ["guide", "read", "data", "chart"]


def orders(page: Any, do: str) -> list[dict[str, Any]]:
    return page.evaluate("(what) => model.sent.filter((order) => order.do === what)", do)


def tell(page: Any, **state: Any) -> None:
    page.evaluate("(state) => model.tell({say: 'state', state})", state)


# Looks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_spills_or_overlaps(bench: Opening, size: str, lang: str) -> None:
    page = bench(size, lang)
    for tab in TABS if size in ("portrait", "landscape") else [""]:
        if tab:
            page.click(f"#wx-tab-{tab}")
        assert page.evaluate("looks.spills()") == []
        assert page.evaluate("looks.overlaps()") == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", ["portrait", "landscape"])
def test_fingers_find_every_target_and_eyes_every_text_on_a_tablet(bench: Opening, size: str) -> None:
    page = bench(size)
    for tab in TABS:
        page.click(f"#wx-tab-{tab}")
        assert page.evaluate("looks.small(44)") == []
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.wanxiang')).fontSize)") >= 16


def test_the_bench_is_the_largest_thing(bench: Opening) -> None:
    for size in SIZES:
        page = bench(size)
        panels = [f".panel.{name}" for name in ("guide", "data", "chart", "instruments", "controls")]
        areas = {name: page.evaluate("looks.area", name) for name in (".bench", *panels)}
        assert areas.pop(".bench") > max(areas.values()), size


def test_every_word_changes_with_the_language_and_no_reload(bench: Opening) -> None:
    page = bench("desktop")
    page.evaluate("window.mine = 1")
    page.click(".language")
    text = page.evaluate("document.querySelector('.lab').innerText")
    for english in (
        "Guide",
        "Instruments",
        "Controls",
        "Table",
        "Chart",
        "Read",
        "Run",
        "saved",
        "connected",
        "Measure",
        "of",
    ):
        assert english not in text.replace("EN", "").split(), english
    for word in ("指南", "仪器", "调节", "表格", "图像", "读数", "运行", "已保存", "压强计", "残差"):
        assert word in page.content(), word
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.evaluate("window.mine") == 1
    assert orders(page, "lang")[-1]["value"] == "zh"


def test_the_language_is_remembered(bench: Opening) -> None:
    page = bench()
    page.click(".language")
    page.reload()
    page.wait_for_selector("[aria-busy=false]", state="attached")
    assert page.inner_text(".panel.guide h2") == "指南"


# Hands ---------------------------------------------------------------------------------------------------------------


def test_keys_do_what_the_buttons_do_and_rest_while_one_types(bench: Opening) -> None:
    page = bench()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.keyboard.press("e")
    page.keyboard.press("Control+z")
    assert [order["do"] for order in page.evaluate("model.sent")[1:]] == ["read", "play", "press", "undo"]
    page.focus(".number >> nth=0")
    page.keyboard.type("7e")
    page.keyboard.press("Space")
    assert len(orders(page, "press")) == 1
    assert len(orders(page, "play")) == 1
    page.locator(".number").first.blur()
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement.id") == "wx-control-position"
    page.keyboard.press("?")
    assert page.is_visible("dialog.help kbd >> text=E")


def test_a_drag_sends_ten_values_a_second_at_most_and_always_the_last(bench: Opening) -> None:
    page = bench()
    page.evaluate("looks.drag('#wx-control-position', 5, 11, 60, 10)")
    sent = orders(page, "set")
    assert 3 <= len(sent) <= 12
    assert sent[-1]["value"] == pytest.approx(11.0)
    assert "drag" not in sent[0]
    assert all(order["drag"] for order in sent[1:])
    assert page.input_value(".number >> nth=0") == "11.0"


def test_a_number_outside_the_range_is_held_at_its_end(bench: Opening) -> None:
    page = bench()
    page.fill(".number >> nth=0", "99")
    page.keyboard.press("Tab")
    assert orders(page, "set")[-1]["value"] == 16
    assert page.locator(".range.beyond").count() == 1


def test_the_stopwatch_counts_the_time_on_the_screen(bench: Opening) -> None:
    page = bench(
        given={"instruments": gas.pendulum_instruments(), "time": {"unit": "s", "scale": 1, "decimals": 2}},
        state={"time": 4.0, "running": False, "live": {}},
    )
    page.keyboard.press("s")
    assert page.inner_text(".start") == "Stop"
    tell(page, time=6.5)
    page.wait_for_function("document.querySelector('.stopwatch .value').textContent === '2.50'")
    page.click(".stopwatch .pair button >> nth=1")
    page.keyboard.press("s")
    assert [(order["press"], order["time"]) for order in orders(page, "measure")] == [
        ("start", 4.0),
        ("lap", 6.5),
        ("stop", 6.5),
    ]
    tell(
        page,
        live={
            "watch": {"text": "2.50", "uncertainty": 0.1, "ok": True, "note": "", "running": False, "laps": ["2.50"]}
        },
    )
    assert page.inner_text(".stopwatch output").split() == ["2.50", "±", "0.10", "s"]


def test_a_reading_shows_value_uncertainty_unit_and_doubt(bench: Opening) -> None:
    page = bench()
    faces = page.locator(".face output").all_inner_texts()
    assert [face.replace(" ", "").replace("\n", "") for face in faces] == ["4.31±0.08MPa", "492±1nm³", "300.4±0.3K"]
    assert page.inner_text(".face[data-instrument=temperature] .state") == "not settled yet"
    page.click(".face[data-instrument=pressure] .name button")
    assert "0 … 60 MPa" in page.inner_text(".face[data-instrument=pressure] .spec")
    tell(page, rows=gas.readings(10))
    page.wait_for_selector(".unseen[role=status] >> text=Reading taken: pressure gauge", state="attached")


def test_rows_are_left_out_noted_deleted_and_brought_back(bench: Opening) -> None:
    page = bench("portrait")
    page.click("#wx-tab-data")
    page.uncheck("tr[data-row=r1] .use input")
    page.click("tr[data-row=r2] [data-focus=note-r2]")
    page.fill("dialog[open] textarea", "门开着")
    page.click("dialog[open] button.primary")
    page.click("tr[data-row=r3] [data-focus=bin-r3]")
    page.click(".notice button.link")
    told = [{key: order[key] for key in ("id", "what", "text") if key in order} for order in orders(page, "row")]
    assert told == [
        {"id": "r1", "what": "exclude"},
        {"id": "r2", "what": "note", "text": "门开着"},
        {"id": "r3", "what": "delete"},
        {"id": "r3", "what": "restore"},
    ]


def test_a_hostile_note_stays_text(bench: Opening) -> None:
    rows = gas.readings(2)
    rows[0]["note"] = "<img src=x onerror='window.caught=1'>"
    rows[0]["cells"]["pressure"]["text"] = "<b onmouseover=alert(1)>7</b>"
    page = bench(state={"rows": rows})
    page.evaluate("() => model.tell({say: 'notice', kind: 'info', text: '<img src=x onerror=\"window.caught=1\">'})")
    assert page.evaluate("window.caught") is None
    assert page.locator(".panel.data img, .panel.data b, .notice img").count() == 0


def test_the_first_row_is_asked_for_when_there_is_none(bench: Opening) -> None:
    page = bench(state={"rows": [], "chart": {"x": "volume", "y": "pressure", "fit": ""}})
    assert page.is_visible("text=Press Read to take your first reading.")
    assert page.is_visible("text=Your readings appear here as points.")


# Guide ---------------------------------------------------------------------------------------------------------------


def test_the_guide_shows_the_step_to_do_now(bench: Opening) -> None:
    page = bench()
    now = page.locator("[aria-current=step]")
    assert "Read the pressure at five different volumes." in now.inner_text()
    assert "3 of 5" in now.inner_text()
    assert page.inner_text(".steps-text") == "step 4 of 11"
    page.click(".hint summary")
    assert "Move the piston" in now.inner_text()
    page.keyboard.press("g")
    assert not page.is_visible(".panel.guide .steps")
    assert orders(page, "guide")[-1]["on"] is False
    page.click(".show-guide")
    assert page.is_visible(".panel.guide .steps")


def test_answers_are_numbers_choices_and_words(bench: Opening) -> None:
    steps = [{"done": True, "have": 1, "need": 1}] * 11
    page = bench(
        state={
            "steps": steps,
            "questions": {
                "guess": {"left": 2, "verdict": "wrong", "value": 3},
                "why": {"left": 2, "verdict": ""},
                "essay": {"left": None, "verdict": ""},
            },
        }
    )
    for name in ("step-1", "step-9", "step-10"):
        page.click(f"[data-focus={name}]")
    assert "2 attempts left" in page.inner_text(".panel.guide")
    page.fill("[data-focus=answer-guess]", "−2，1")
    page.fill("[data-focus=answer-essay]", "The gauge.")
    tell(page, questions={"why": {"left": 2, "verdict": ""}})
    assert page.input_value("[data-focus=answer-essay]") == "The gauge."
    page.click("[data-focus=send-guess]")
    page.check("[data-focus=answer-why-1]")
    page.click("[data-focus=send-why]")
    page.click("[data-focus=send-essay]")
    assert [(order["question"], order["value"]) for order in orders(page, "answer")] == [
        ("guess", -2.1),
        ("why", 1),
        ("essay", "The gauge."),
    ]
    tell(page, questions={"guess": {"left": 0, "verdict": "wrong", "value": 3}})
    assert page.locator("[data-focus=answer-guess]").count() == 0
    assert "All steps done." in page.inner_text(".finish")


# Chart ---------------------------------------------------------------------------------------------------------------


def test_the_chart_draws_points_bars_curve_and_residuals(bench: Opening) -> None:
    page = bench("desktop")
    assert page.locator(".points .point").count() == 9
    assert page.locator(".points .point.left-out").count() == 1
    assert page.locator(".points .bar").count() == 18
    assert page.locator(".residuals .point circle").count() == 9
    assert page.locator(".plot .curve").count() == 1
    assert page.locator(".axis-names text").all_text_contents() == ["volume V (nm³)", "pressure p (MPa)"]
    assert "2118 ± 9" in page.inner_text(".results")
    hollow = page.evaluate("getComputedStyle(document.querySelector('.points .left-out circle')).fill")
    assert hollow != page.evaluate("getComputedStyle(document.querySelector('.points .point circle')).fill")
    page.select_option(".chart .tools > select", "linear")
    assert {key: orders(page, "chart")[-1][key] for key in ("x", "y", "fit")} == {
        "x": "volume",
        "y": "pressure",
        "fit": "linear",
    }


def test_points_stand_where_the_numbers_say(bench: Opening) -> None:
    page = bench("desktop")
    told = gas.chart(gas.readings(9))["points"]
    drawn = page.evaluate("looks.circles()")
    across = {name: left for name, left, _ in drawn}
    upright = {name: top for name, _, top in drawn}
    slope = (across["r8"] - across["r0"]) / (told[8]["x"] - told[0]["x"])
    fall = (upright["r8"] - upright["r0"]) / (told[8]["y"] - told[0]["y"])
    for point in told:
        assert across[point["id"]] == pytest.approx(across["r0"] + slope * (point["x"] - told[0]["x"]), abs=0.1)
        assert upright[point["id"]] == pytest.approx(upright["r0"] + fall * (point["y"] - told[0]["y"]), abs=0.1)
    assert slope > 0
    assert fall < 0


def test_points_are_read_out_by_keyboard_and_pointer(bench: Opening) -> None:
    page = bench("desktop")
    page.focus(".plot")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "V = 430" in page.inner_text(".tip")
    assert "p = 4.9" in page.locator(".unseen[role=status]").first.inner_text()
    circle = page.locator(".points .left-out circle").bounding_box()
    page.mouse.move(circle["x"] + 4, circle["y"] + 4)
    assert "left out" in page.inner_text(".tip")
    assert "9 points, 8 used" in page.get_attribute(".plot", "aria-label")
