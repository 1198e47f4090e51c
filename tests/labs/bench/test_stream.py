"""Frames travel only against credits of the tab that holds the bench, and runs never mix."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import Widget

from labs.bench.stream import WINDOW, FrameStream, sentences
from labs.bench.words import catalogue

HEADER = {"step": 1, "time": 0.5}


class Wire(FrameStream):
    """A stream whose messages are kept instead of sent."""

    def __init__(self) -> None:
        super().__init__({"parts": []})
        self.sent: list[dict[str, Any]] = []
        self.credited: list[dict[str, Any]] = []
        self.on_credit(self.credited.append)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Keep it."""
        self.sent.append(content)

    def hear(self, do: str, tab: str = "a", **more: Any) -> None:
        """As if the browser had said so."""
        self._hear(self, {"do": do, "tab": tab, **more}, [])

    def frames(self) -> list[dict[str, Any]]:
        """The frames that travelled."""
        return [content for content in self.sent if content["say"] == "frame"]


@pytest.fixture
def wire() -> Iterator[Wire]:
    yield Wire()
    Widget.close_all()


def test_nothing_travels_before_the_first_credit(wire: Wire) -> None:
    assert not wire.send_frame(HEADER, [b""])
    assert wire.sent == []


def test_a_ready_tab_gets_the_newest_frame_and_a_full_window(wire: Wire) -> None:
    wire.send_frame({**HEADER, "step": 1}, [b""])
    wire.send_frame({**HEADER, "step": 2}, [b""])
    wire.hear("ready")
    assert [frame["step"] for frame in wire.frames()] == [2]
    assert wire.credits == WINDOW - 1
    assert wire.credited == [{"frame": None, "run": 0, "tab": "a"}]


def test_a_reload_finds_the_bench_as_it_stands(wire: Wire) -> None:
    wire.hear("ready")
    wire.send_frame({**HEADER, "step": 9}, [b""])
    wire.hear("ready", tab="b")
    assert (wire.frames()[-1]["step"], wire.frames()[-1]["tab"]) == (9, "b")


def test_no_more_frames_are_under_way_than_the_window(wire: Wire) -> None:
    wire.hear("ready")
    assert [wire.send_frame(HEADER, [b""]) for _ in range(4)] == [True] * WINDOW + [False] * (4 - WINDOW)


def test_a_frame_that_had_to_wait_leaves_with_the_next_credit(wire: Wire) -> None:
    wire.hear("ready")
    for step in range(5):
        wire.send_frame({**HEADER, "step": step}, [b""])
    wire.hear("credit", frame=1, run=0)
    assert [frame["step"] for frame in wire.frames()] == [0, 1, 4]
    assert wire.credits == 0


def test_a_credit_counts_once(wire: Wire) -> None:
    wire.hear("ready")
    wire.send_frame(HEADER, [b""])
    for _ in range(3):
        wire.hear("credit", frame=1, run=0)
    assert wire.credits == WINDOW
    assert len(wire.credited) == 2  # the welcome and one


def test_credits_of_a_former_run_are_stale(wire: Wire) -> None:
    wire.hear("ready")
    wire.send_frame(HEADER, [b""])
    wire.renew()
    wire.send_frame(HEADER, [b""])
    before = wire.credits
    wire.hear("credit", frame=1, run=0)
    wire.hear("credit", frame=2, run=0)
    assert wire.credits == before
    assert [frame["run"] for frame in wire.frames()] == [0, 1]


def test_a_second_tab_cannot_double_the_credits(wire: Wire) -> None:
    wire.hold("a")
    wire.hear("ready", tab="a")
    wire.send_frame(HEADER, [b""])
    wire.hear("ready", tab="b")
    wire.hear("credit", tab="b", frame=1, run=0)
    assert wire.credits == WINDOW - 1
    assert wire.sent[-1] == {"say": "elsewhere", "tab": "b"}
    assert wire.tab == "a"


def test_continue_here_moves_the_bench(wire: Wire) -> None:
    wire.hold("a")
    wire.hear("ready", tab="a")
    wire.send_frame(HEADER, [b""])
    wire.hold("b")
    assert wire.credits == 0
    wire.hear("credit", tab="a", frame=1, run=0)
    assert wire.credits == 0
    wire.hear("ready", tab="b")
    assert wire.frames()[-1]["tab"] == "b"


def test_a_hidden_page_costs_nothing_until_it_wakes(wire: Wire) -> None:
    left: list[str] = []
    wire.on_away(lambda: left.append("away"))
    wire.hear("ready")
    wire.send_frame(HEADER, [b""])
    wire.hear("away")
    assert left == ["away"]
    assert not wire.send_frame(HEADER, [b""])
    wire.renew()
    assert not wire.send_frame(HEADER, [b""])
    wire.hear("ready")
    assert len(wire.frames()) == 2


DEEDS = st.sampled_from(["send", "ready", "credit", "away", "renew"])


@given(st.lists(st.tuples(DEEDS, st.integers(1, 9), st.integers(0, 2))))
def test_whatever_the_browser_says_the_window_holds(deeds: list[tuple[str, int, int]]) -> None:
    wire = Wire()
    for deed, frame, run in deeds:
        if deed == "send":
            wire.send_frame(HEADER, [b""])
        elif deed == "renew":
            wire.renew()
        else:
            wire.hear(deed, frame=frame, run=run)
        assert 0 <= wire.credits <= WINDOW
        assert wire.credits + len(wire._travelling) <= WINDOW
    wire.close()


def test_everything_that_the_bench_can_say_is_said_in_chinese() -> None:
    assert len(sentences()) >= 4
    assert set(sentences()) <= set(catalogue("zh"))
