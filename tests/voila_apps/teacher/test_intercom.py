"""The intercom between a real server and real benches."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from labs.bench.replay import replay
from labs.bench.scenario import load
from tests.voila_apps.classroom.conftest import Room
from tests.voila_apps.conftest import Visitor
from tests.voila_apps.teacher.conftest import hear_until, order
from tests.voila_apps.wire import Pupil
from voila_apps.home import data_folder
from voila_apps.store import RecordStore

pytestmark = pytest.mark.xdist_group("school")


def recorded(school: Room, seat: str) -> tuple[list[Any], bytes]:
    """The documents of a seat's newest run, and its draw key."""
    folder = data_folder(school.house.data)
    store = RecordStore(folder.record, folder.secret())
    try:
        row = store.runs(seat)[0]
        return store.documents(row.uid), bytes.fromhex(row.draw_key)
    finally:
        store.close()


def test_a_pause_stops_time_and_every_hand_and_leaves_no_trace(
    school: Room, teacher: Visitor, sit: Callable[..., Pupil]
) -> None:
    pupil = sit(1)
    pupil.order("press", name="release")
    pupil.order("play", on=True)
    hear_until(pupil, lambda: pupil.state["time"] > 0)
    assert order(school, teacher, "3-2", do="pause", on=True)["heard"] >= 1
    hear_until(pupil, lambda: pupil.state["paused"])
    pupil.listen_for(0.2)
    stood, rows = pupil.state["time"], pupil.state["rows"]
    pupil.listen_for(0.5)
    assert pupil.state["time"] == stood
    for do, what in (("set", {"name": "length", "value": 0.5}), ("read", {}), ("ahead", {"seconds": 1}), ("step", {})):
        assert "paused" in pupil.notices(do, **what)[0]["text"]["en"]
    assert (pupil.state["time"], pupil.state["rows"], pupil.state["controls"]["length"]) == (stood, rows, 1.0)
    order(school, teacher, "3-2", do="pause", on=False)
    hear_until(pupil, lambda: not pupil.state["paused"])
    hear_until(pupil, lambda: pupil.state["time"] > stood)
    pupil.order("read")
    answer = teacher.ask(f"/teacher/report/{school.lessons['3-2']}/1")
    assert answer.status == 200 and "A swing" in answer.text
    documents, key = recorded(school, "3-2/1")
    assert not {"pause", "say", "heed"} & {one.get("do") for one in documents}
    assert replay(documents, load(school.house.data / "scenarios" / "swing.ipynb"), key).equal


def test_who_comes_while_the_lesson_is_paused_finds_it_paused(
    school: Room, teacher: Visitor, sit: Callable[..., Pupil]
) -> None:
    order(school, teacher, "3-1", do="pause", on=True)
    pupil = sit(1, "3-1")
    hear_until(pupil, lambda: pupil.state.get("paused"))
    order(school, teacher, "3-1", do="pause", on=False)
    hear_until(pupil, lambda: not pupil.state["paused"])


def test_a_message_stays_until_it_was_read(school: Room, teacher: Visitor, sit: Callable[..., Pupil]) -> None:
    pupil, other = sit(2), sit(3)
    hear_until(pupil, lambda: "notes" in pupil.state)
    text = "<b>Look</b> up, 请看黑板"
    hear_until(pupil, lambda: order(school, teacher, "3-2", do="say", seat="2", text=text)["heard"] == 1)
    hear_until(pupil, lambda: pupil.state["notes"])
    assert {one["text"] for one in pupil.state["notes"]} == {text}
    other.listen_for(0.3)
    assert other.state["notes"] == []
    pupil.order("hello", lang="en")  # a page that is loaded again still shows it
    assert pupil.state["notes"]
    for note in list(pupil.state["notes"]):
        pupil.order("dismiss", id=note["id"])
    assert pupil.state["notes"] == []


def test_a_message_waits_for_a_bench(school: Room, teacher: Visitor, sit: Callable[..., Pupil]) -> None:
    assert order(school, teacher, "3-2", do="say", seat="6", text="Welcome") == {"heard": 0, "of": 1}
    pupil = sit(6)
    hear_until(pupil, lambda: pupil.state.get("notes"))
    assert pupil.state["notes"][0]["text"] == "Welcome"


@pytest.mark.parametrize("body", [{"do": "say"}, {"do": "say", "text": "  "}, {"do": "say", "text": "x" * 401}])
def test_what_is_no_message_is_refused_in_words(school: Room, teacher: Visitor, body: dict[str, str]) -> None:
    answer = school.post(teacher, f"/teacher/lesson/{school.lessons['3-2']}/orders", json.dumps(body))
    assert answer.status == 409 and set(answer.json["error"]) == {"en", "zh"}


def test_a_student_cannot_speak_as_the_teacher(school: Room, teacher: Visitor, sit: Callable[..., Pupil]) -> None:
    pupil, other = sit(25), sit(26)
    for do, what in (("pause", {"on": True}), ("say", {"id": "x", "text": "I am the teacher"}), ("show", {"to": "me"}),
                     ("heed", {"do": "pause", "on": True})):
        assert "does not know how" in pupil.notices(do, **what)[0]["text"]["en"]
    pupil.change(pupil.page, paused=True, notes=[{"id": "1", "text": "x"}])
    pupil.order("hello", lang="en")
    assert not pupil.state["paused"] and pupil.state["notes"] == []
    other.listen_for(0.2)
    assert not other.state["paused"]
    student = school.sit("3-2", 29)
    for visitor in (student, school.visitor()):
        answer = school.post(visitor, f"/teacher/lesson/{school.lessons['3-2']}/orders", '{"do": "pause", "on": true}')
        assert answer.status == 403
        assert visitor.ask("/api/intercom").status == 401


def test_a_forged_page_cannot_use_the_teachers_cookie(school: Room, teacher: Visitor) -> None:
    path = f"/teacher/lesson/{school.lessons['3-2']}/orders"
    assert teacher.ask(path, "POST", body='{"do": "end"}', Origin="http://example.org").status == 403
    assert teacher.ask(path, "POST", body='{"do": "end"}').status == 403
