"""The page's Python side: one module out of many, orders heard, files handed over, colours that can be read."""

import re
from pathlib import Path
from typing import Any

import pytest

from labs.bench.page import FOLDER, IMPORT, Page, join_modules

MODULES = sorted(FOLDER.glob("*.js"))
PAIRS = [
    ("ink", "paper"),
    ("ink", "desk"),
    ("ink", "well"),
    ("soft", "paper"),
    ("soft", "well"),
    ("accent", "paper"),
    ("accent-ink", "accent"),
    ("good", "good-wash"),
    ("good", "paper"),
    ("worry", "worry-wash"),
    ("worry", "well"),
    ("bad", "bad-wash"),
    ("bad", "paper"),
    ("fit", "paper"),
    ("dot", "paper"),
]


def test_the_joined_module_imports_nothing_and_ends_with_the_widget() -> None:
    joined = join_modules()
    assert not re.search(r"^\s*import\b", joined, re.MULTILINE)
    assert joined.count("\nexport ") == 1
    assert joined.rstrip().endswith("export default main_js.whole;")


def test_every_module_comes_after_those_it_needs() -> None:
    joined = join_modules()
    places = {
        name: joined.index(f"const {name} = (")
        for name in re.findall(r"^const (\w+) = \(\(\) => \{$", joined, re.MULTILINE)
    }
    assert len(places) == len(MODULES) + 1  # and the scales of d3
    for path in MODULES:
        for found in IMPORT.finditer(path.read_text("utf-8")):
            needed = re.sub(r"\W", "_", found["path"].removeprefix("./"))
            assert places[needed] < places[f"{path.stem}_js"], f"{path.name} before {found['path']}"


def test_every_imported_name_is_exported() -> None:
    for path in MODULES:
        for found in IMPORT.finditer(path.read_text("utf-8")):
            source = (path.parent / found["path"]).read_text("utf-8")
            for name in (word.strip().split(" as ")[0] for word in found["names"].split(",")):
                assert re.search(rf"export [^\n]*\b{name}\b", source), f"{path.name} takes {name} from {found['path']}"


def test_a_circle_of_imports_is_told(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text('import {b} from "./b.js";\nexport const a = 1;\n')
    (tmp_path / "b.js").write_text('import {a} from "./main.js";\nexport const b = 2;\n')
    with pytest.raises(RuntimeError, match=r"main\.js → b\.js → main\.js"):
        join_modules(tmp_path)


def test_the_page_names_no_address_of_another_host() -> None:
    for path in [*MODULES, FOLDER / "page.css", *FOLDER.glob("vendor/*.js")]:
        found = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"')]*", path.read_text("utf-8")))
        assert found <= {"http://www.w3.org/2000/svg"}, f"{path.name}: {found}"


def test_orders_are_heard_and_noise_is_dropped() -> None:
    page, heard = Page(given={}), list[dict[str, Any]]()
    page.on_order(heard.append)
    for content in ({"do": "read", "n": 1}, {"n": 2}, "read", None, {"do": 3}, [{"do": "read"}]):
        page._handle_custom_msg(content, [])
    assert heard == [{"do": "read", "n": 1}]


def test_a_file_travels_as_a_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = list[tuple[Any, Any]]()
    page = Page(given={})
    monkeypatch.setattr(page, "send", lambda content, buffers=None: sent.append((content, buffers)))
    page.hand_over("table.csv", "text/csv", b"\xef\xbb\xbfp,V")
    page.tell("notice", kind="info", text={"en": "a", "zh": "b"})
    assert sent[0] == ({"say": "file", "name": "table.csv", "mime": "text/csv"}, [b"\xef\xbb\xbfp,V"])
    assert sent[1][0] == {"say": "notice", "kind": "info", "text": {"en": "a", "zh": "b"}}


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palettes() -> dict[str, dict[str, str]]:
    """The custom properties of the light page and of the dark one."""
    css = (FOLDER / "page.css").read_text("utf-8")
    light, dark = (
        css.split("@media (prefers-color-scheme: dark)")[0],
        css.split("@media (prefers-color-scheme: dark)")[1].split("@media")[0],
    )
    found = {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", text))
        for name, text in (("light", light), ("dark", dark))
    }
    return {"light": found["light"], "dark": {**found["light"], **found["dark"]}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_what_is_written_can_be_read(scheme: str, front: str, back: str) -> None:
    colours = palettes()[scheme]
    high, low = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5, f"{front} on {back}, {scheme}"
