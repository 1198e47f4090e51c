"""Draw the pictures anew: a card for every lab, and what README and docs show.

Run by `make pictures`; needs Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

HOUSE = Path(__file__).resolve().parent.parent
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
         "--disable-background-networking"]
PORT = 8931
WIDTHS = {"1280": (1280, 800), "800": (800, 1280)}
PATIENCE = 120_000  # ms
CARD = (960, 540)  # CSS pixels of a card's picture


def wait_until_served(process: "subprocess.Popen[bytes]") -> None:
    """Until the server answers."""
    while process.poll() is None:
        try:
            urlopen(f"http://127.0.0.1:{PORT}/health", timeout=1).close()
            return
        except OSError:
            continue
    raise SystemExit("The server did not start.")


def bench(browser: Browser, scenario: str, size: tuple[int, int], lang: str = "en-US") -> Page:
    """A student's page, ready."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://127.0.0.1:{PORT}/lab/{scenario}")
    page.wait_for_selector(".scene canvas")
    page.wait_for_selector("[aria-busy=false]", state="attached")
    page.wait_for_timeout(2500)
    return page


def control(page: Page, name: str, value: str) -> None:
    """Type a value into a control."""
    box = page.locator(f"[data-control={name}] input[type=number]")
    box.fill(value)
    box.press("Enter")


def ahead(page: Page, time: str) -> None:
    """Run ahead without pictures."""
    box = page.locator(".transport .ahead input")
    box.fill(time)
    page.locator(".transport .ahead button").click()
    page.wait_for_timeout(400)
    page.locator(".transport .ahead progress").wait_for(state="hidden")


def work_on_gas(page: Page) -> None:
    """Some readings, a fit, and a gas in motion."""
    for place in ("30", "25", "21", "18", "15"):
        control(page, "piston", place)
        ahead(page, "140")
        page.locator("button.read").click()
    page.get_by_label("Curve").select_option("inverse")
    page.locator("[data-key=run]").click()
    page.wait_for_timeout(1500)


def work_on_pendulum(page: Page) -> None:
    """Some periods at several lengths, a line through their squares, and a bob in motion."""
    for length in ("0.4", "0.7", "1.0", "1.3"):
        page.get_by_role("button", name="Hold", exact=True).click()
        control(page, "length", length)
        page.get_by_role("button", name="Measure", exact=True).click()
        page.get_by_role("button", name="Release", exact=True).click()
        ahead(page, "12")
        page.locator("button.read").click()
    page.get_by_label("Curve").select_option("power")
    page.locator("[data-key=run]").click()
    page.wait_for_timeout(1800)


WORK = {"gas_isotherm": work_on_gas, "dense_gas": work_on_gas, "pendulum_gravity": work_on_pendulum}
CARDS = {"gas_piston": "gas_isotherm", "pendulum": "pendulum_gravity"}


def draw_cards(browser: Browser) -> None:
    """The bench alone, as it stands at the beginning of a run."""
    for lab, scenario in CARDS.items():
        page = bench(browser, scenario, (1024, 700))
        if lab == "pendulum":
            page.keyboard.press("r")  # its button is behind a tab at this width
        page.keyboard.press("Space")
        page.wait_for_timeout(1500)
        page.keyboard.press("f")
        page.wait_for_timeout(1500)
        area: Any = page.locator(".scene canvas").bounding_box()
        middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
        clip = {"x": middle[0] - CARD[0] / 2, "y": middle[1] - CARD[1] / 2, "width": CARD[0], "height": CARD[1]}
        page.add_style_tag(content=".camera, .legend, .strip, .fill, .transport {visibility: hidden !important}")
        page.screenshot(path=HOUSE / "labs" / "pictures" / f"{lab}.png", clip=clip)
        page.context.close()


def draw_pages(browser: Browser) -> None:
    """Every scenario at work, and the catalogue, at two widths."""
    for width, size in WIDTHS.items():
        for scenario, work in WORK.items():
            page = bench(browser, scenario, size)
            if width != "800":
                work(page)
            else:
                page.keyboard.press("Space")
                page.wait_for_timeout(2500)
            page.screenshot(path=HOUSE / "docs" / f"{scenario}-{width}.png")
            page.context.close()
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-US")
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{PORT}/")
        page.wait_for_timeout(1000)
        page.screenshot(path=HOUSE / "docs" / f"catalogue-{width}.png")
        context.close()


def main() -> None:
    """Serve the labs to Chromium and look at them."""
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        command = [sys.executable, "-m", "voila_apps.cli", "serve", "--port", str(PORT), "--data", data]
        process = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.DEVNULL)
        try:
            wait_until_served(process)
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            draw_cards(browser)
            draw_pages(browser)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
