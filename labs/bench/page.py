"""The page on which a student works: one anywidget that shows everything but the picture, and speaks with the desk.

A widget's module has no address to import from, so the modules in ``page/`` are joined into one: each becomes a
function that returns its exports, called in the order of its imports. Nothing is built and nothing is minified.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anywidget
import traitlets

FOLDER = Path(__file__).resolve().with_name("page")
ENTRY = "main.js"
IMPORT = re.compile(r'^import \{(?P<names>[^}]*)\} from "(?P<path>\./[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)
EXPORTED = re.compile(r"^export (?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
EXPORT_LIST = re.compile(r"export ?\{(?P<names>[^}]*)\};?\s*$")
EXPORT_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


def join_modules(folder: Path = FOLDER, entry: str = ENTRY) -> str:
    """One ES module out of ``entry`` and everything it imports, in the order in which they need each other."""
    pieces = [wrap(path, folder) for path in in_order(folder / entry)]
    return "\n".join([*pieces, f"export default {place(folder / entry, folder)}.whole;\n"])


def in_order(path: Path, seen: tuple[Path, ...] = (), done: set[Path] | None = None) -> Iterator[Path]:
    """Every module that ``path`` needs, before it; a circle of imports is an error of ours, found by the tests."""
    done = set() if done is None else done
    if path in seen:
        circle = " → ".join(step.name for step in (*seen, path))
        raise RuntimeError(f"modules of the page import each other in a circle: {circle}")
    if path in done:
        return
    for found in IMPORT.finditer(path.read_text(encoding="utf-8")):
        yield from in_order((path.parent / found["path"]).resolve(), (*seen, path), done)
    done.add(path)
    yield path


def place(path: Path, folder: Path) -> str:
    """A module's name in the joined text: ``vendor/d3-scale.js`` → ``vendor_d3_scale_js``. No export is called so."""
    return re.sub(r"\W", "_", str(path.relative_to(folder)))


def wrap(path: Path, folder: Path) -> str:
    """A module as ``const name = (() => { … return {exports}; })();``."""
    text = path.read_text(encoding="utf-8")
    names = EXPORTED.findall(text)
    listed = EXPORT_LIST.search(text)
    if listed:
        names += [given.strip().replace(" as ", ": ") for given in listed["names"].split(",")]
        names = [swap(name) for name in names]
        text = EXPORT_LIST.sub("", text)
    if EXPORT_DEFAULT.search(text):
        text = EXPORT_DEFAULT.sub("const whole = ", text)
        names.append("whole")
    text = IMPORT.sub(lambda found: take(found, path, folder), EXPORT.sub("", text))
    name = place(path, folder)
    return f"// ── {path.relative_to(folder)}\nconst {name} = (() => {{\n{text}\nreturn {{{', '.join(names)}}};\n}})();"


def swap(name: str) -> str:
    """``inner: outer`` of an export list as a property, ``outer: inner``."""
    inner, _, outer = name.partition(": ")
    return f"{outer}: {inner}" if outer else inner


def take(found: re.Match[str], path: Path, folder: Path) -> str:
    """An import as a destructuring of the other module's exports."""
    source = place((path.parent / found["path"]).resolve(), folder)
    return f"const {{{found['names'].replace(' as ', ': ')}}} = {source};"


class Page(anywidget.AnyWidget):
    """A student's page.

    ``given`` is static and public: texts, controls, instruments as specified, never a drawn value or an answer.
    ``renderer`` and ``stream`` are references (``"IPY_MODEL_…"``) to the picture and its frames.
    """

    _esm = join_modules()
    _css = (FOLDER / "page.css").read_text(encoding="utf-8")

    given = traitlets.Dict().tag(sync=True)
    renderer = traitlets.Unicode("").tag(sync=True)
    stream = traitlets.Unicode("").tag(sync=True)

    def set_state(self, sync_data: Any) -> None:
        """What a browser sets is not taken: it gives orders, and everything here is told by the bench."""

    def on_order(self, callback: Callable[[dict[str, Any]], None]) -> None:
        """Calls ``callback`` with every well-formed order of the page; what is not an order is dropped."""

        def hear(_widget: object, content: object, _buffers: object) -> None:
            if isinstance(content, dict) and isinstance(content.get("do"), str):
                callback(content)

        self.on_msg(hear)

    def tell(self, say: str, **fields: object) -> None:
        """Says something to the page: ``everything``, ``state``, ``ack``, ``pong``, ``notice``, ``elsewhere``."""
        self.send({"say": say, **fields})

    def hand_over(self, name: str, mime: str, content: bytes) -> None:
        """Gives the student a file to keep."""
        self.send({"say": "file", "name": name, "mime": mime}, buffers=[content])
