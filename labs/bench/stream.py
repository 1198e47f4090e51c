"""Frames to the browser, each sent against a credit that the browser gave.

The browser grants its first credits once the first picture is drawn, and one more for every frame that it has shown.
A hidden page grants none, so its run waits and costs nothing. Frames of a former run never mix with the present one.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

WINDOW = 2  # frames on their way at most: one being shown, one travelling

Credit = dict[str, Any]
FOLDER = Path(__file__).parent


def source() -> str:
    """The browser's side in one module: what is printed on the bench, hands, and the stream that moves it."""
    return "\n".join((FOLDER / name).read_text("utf-8") for name in ("stream_marks.js", "stream_hands.js", "stream.js"))


def sentences() -> list[str]:
    """What the browser's side can say to a student."""
    return re.findall(r"""\bt\("([^"]+)"\)""", source())


class FrameStream(anywidget.AnyWidget):
    """Carries frames to the tab that holds the bench.

    Parameters
    ----------
    plan
        Which three.js objects the browser has to find and move, from `Scene.plan()`.
    words
        Chinese of sentences by their English; those that the bench itself can show are kept.

    """

    _esm = source()
    plan = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(self, plan: dict[str, Any], words: dict[str, str] | None = None) -> None:
        known = words or {}
        super().__init__(plan=plan, words={one: known[one] for one in sentences() if one in known})
        self.run = 0
        self.credits = 0
        self.tab: str | None = None
        self._assigned = False
        self._count = 0
        self._travelling: set[int] = set()
        self._waiting = False
        self._newest: tuple[dict[str, Any], list[bytes]] | None = None
        self._listeners: list[Callable[[Credit], None]] = []
        self._leavers: list[Callable[[], None]] = []
        self.on_msg(self._hear)

    def on_credit(self, callback: Callable[[Credit], None]) -> None:
        """Call back with {"frame", "run", "tab"} whenever a credit has come."""
        self._listeners.append(callback)

    def on_away(self, callback: Callable[[], None]) -> None:
        """Call back when the page that holds the bench was hidden."""
        self._leavers.append(callback)

    def hold(self, tab: str) -> None:
        """Give the bench to a tab: only its credits count, and only it draws the frames that follow."""
        self._assigned = True
        if tab != self.tab:
            self.tab, self.credits = tab, 0
            self._travelling.clear()
            self.send({"say": "hold", "tab": tab})

    def renew(self) -> int:
        """After an undo or a reset: the next frame begins a new run, and nothing is drawn between it and the last."""
        self.run += 1
        if self.credits or self._travelling:
            self.credits = WINDOW
        self._travelling.clear()
        return self.run

    def send_frame(self, header: dict[str, Any], buffers: Sequence[bytes]) -> bool:
        """Send a frame if there is a credit for it; otherwise keep it for the next credit and return False."""
        self._newest, self._waiting = (dict(header), list(buffers)), True
        return self._post()

    def show(self, header: dict[str, Any], buffers: Sequence[bytes], watcher: str) -> None:
        """One frame for a page that only watches: it costs no credit, and no other page draws it."""
        self.send({**header, "say": "frame", "frame": None, "run": self.run, "tab": watcher}, buffers=list(buffers))

    def _post(self) -> bool:
        if self._newest is None or self.credits <= 0:
            return False
        header, buffers = self._newest
        self._waiting = False
        self.credits -= 1
        self._count += 1
        self._travelling.add(self._count)
        stamp = {"say": "frame", "frame": self._count, "run": self.run, "tab": self.tab}
        self.send({**header, **stamp}, buffers=buffers)
        return True

    def set_state(self, sync_data: Any) -> None:
        """What a browser sets is not taken: everything here is told by the bench."""

    def _hear(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict):
            return
        deed, tab = content.get("do"), content.get("tab")
        if deed == "ready" and isinstance(tab, str):
            self._welcome(tab)
        elif tab is None or tab != self.tab:
            return
        elif deed == "away":
            self.credits = 0
            self._travelling.clear()
            for leave in self._leavers:
                leave()
        elif deed == "credit":
            self._credit(content)

    def _welcome(self, tab: str) -> None:
        """A tab has drawn its first picture, or woken up: the newest frame again, and a full window of credits."""
        if self._assigned and tab != self.tab:
            self.send({"say": "elsewhere", "tab": tab})
            return
        self.tab, self.credits = tab, WINDOW
        self._travelling.clear()
        self._post()
        self._tell({"frame": None, "run": self.run, "tab": tab})

    def _credit(self, content: dict[str, Any]) -> None:
        """One frame was shown. Credits for frames that are not on their way, or of a former run, are stale."""
        frame, run = content.get("frame"), content.get("run")
        if run != self.run or not isinstance(frame, int) or frame not in self._travelling:
            return
        self._travelling.discard(frame)
        self.credits = min(self.credits + 1, WINDOW)
        if self._waiting:
            self._post()
        self._tell({"frame": frame, "run": run, "tab": self.tab})

    def _tell(self, credit: Credit) -> None:
        for listener in list(self._listeners):
            listener(credit)
