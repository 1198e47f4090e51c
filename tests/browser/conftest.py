"""Chromium for the tests that look at pages, and the student's page alone: its module in a plain document."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from labs.bench.page import FOLDER, join_modules
from tests.browser.page_alone import gas

HERE = Path(__file__).with_name("page_alone")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]
ADDRESS = "http://localhost/"
WIDTHS = {"portrait": (800, 1280), "landscape": (1024, 768), "laptop": (1280, 800), "desktop": (1600, 1000)}
PO = FOLDER.parents[1] / "locale" / "zh" / "LC_MESSAGES" / "wanxiang.po"


def chinese() -> dict[str, str]:
    with PO.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id and one.string}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium; a machine without one is told so and skips."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: the page was not looked at")
    if CHROMIUM is None:
        pytest.skip("no Chromium: the page was not looked at")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


Opening = Callable[..., Any]


@pytest.fixture
def bench(chromium: Any) -> Iterator[Opening]:
    """Opens the page: ``bench(width=…, lang=…, given=…, state=…)``; complaints of the console fail the test."""
    contexts, complaints = [], list[str]()

    def open_page(
        size: str = "laptop",
        lang: str = "en-US",
        dark: bool = False,
        health: int = 503,
        given: dict[str, Any] | None = None,
        state: dict[str, Any] | None = None,
    ) -> Any:
        width, height = WIDTHS[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=lang,
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        told = {"given": {**gas.given(chinese()), **(given or {})}, "state": {**gas.state(), **(state or {})}}
        files = {
            "": ((HERE / "harness.html").read_text("utf-8"), "text/html"),
            "page.js": (join_modules(), "text/javascript"),
            "page.css": ((FOLDER / "page.css").read_text("utf-8"), "text/css"),
            "fake_model.js": ((HERE / "fake_model.js").read_text("utf-8"), "text/javascript"),
            "looks.js": ((HERE / "looks.js").read_text("utf-8"), "text/javascript"),
            "bench.json": (json.dumps(told), "application/json"),
        }

        def serve(route: Any) -> None:
            name = route.request.url.removeprefix(ADDRESS)
            if name in files:
                route.fulfill(body=files[name][0], content_type=f"{files[name][1]}; charset=utf-8")
            elif name == "health":
                route.fulfill(status=health, body="")
            else:
                complaints.append(f"asked for {route.request.url}")
                route.abort()

        context.route("**/*", serve)
        page = context.new_page()
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.on(
            "console",
            lambda line: (
                complaints.append(line.text) if line.type == "error" and "/health" not in str(line.location) else None
            ),
        )
        page.goto(ADDRESS)
        page.wait_for_function("window.ready")
        page.wait_for_selector("[aria-busy=false]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
