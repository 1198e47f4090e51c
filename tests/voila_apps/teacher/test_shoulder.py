"""The socket of a page that watches: it shows everything and reaches nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import websocket

from tests.voila_apps.classroom.conftest import Room
from tests.voila_apps.conftest import Visitor
from tests.voila_apps.teacher.conftest import hear_until
from tests.voila_apps.wire import KERNEL, PATIENCE, PROTOCOL, VERSION, Message, Pupil, packed, unpacked
from voila_apps.teacher.shoulder import CONTROL

pytestmark = pytest.mark.xdist_group("school")


class Watcher:
    """A teacher's page without a browser."""

    def __init__(self, school: Room, who: Visitor, seat: int, kernel: str) -> None:
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{school.port}/teacher/watch/api/kernels/{kernel}/channels?session_id=watching",
            timeout=PATIENCE, subprotocols=[PROTOCOL], cookie=who.cookie_header, origin=school.origin)
        self.heard: list[Message] = []

    def say(self, channel: str, kind: str, content: dict[str, Any], **more: Any) -> None:
        self.socket.send_binary(packed(channel, kind, content, **more))

    def ask_for_states(self, comm: str = "watcher-comm") -> Message:
        self.say("shell", "comm_open", {"comm_id": comm, "target_name": CONTROL, "data": {"widgets": None}},
                 version="1.0.0")
        self.say("shell", "comm_msg", {"comm_id": comm, "data": {"method": "request_states"}}, **VERSION)
        return self.listen(lambda one: one.comm == comm)

    def listen(self, until: Callable[[Message], bool]) -> Message:
        while True:
            block = self.socket.recv()
            assert isinstance(block, bytes) and block, "the socket was closed"
            self.heard.append(unpacked(block))
            if until(self.heard[-1]):
                return self.heard[-1]

    def kernel_is_heard(self) -> None:
        """A question that may be asked, to know that everything said before has been dealt with."""
        self.say("shell", "kernel_info_request", {})
        self.listen(lambda one: one.kind == "kernel_info_reply")


def kernel_of(pupil: Pupil) -> str:
    found = KERNEL.search(pupil.html)
    assert found
    return found[1].decode()


@pytest.fixture
def pupil(sit: Callable[..., Pupil]) -> Pupil:
    return sit(11)


@pytest.fixture
def watcher(school: Room, teacher: Visitor, pupil: Pupil) -> Any:
    opened = Watcher(school, teacher, 11, kernel_of(pupil))
    yield opened
    opened.socket.close()


def test_the_page_is_the_students_own_behind_the_teachers_door(school: Room, teacher: Visitor, pupil: Pupil) -> None:
    page = teacher.ask(f"/teacher/bench/{school.lessons['3-2']}/3-2/11")
    assert page.status == 200 and kernel_of(pupil) in page.text
    assert '"baseUrl": "/teacher/watch/"' in page.text and '"baseUrl": "/"' not in page.text
    assert '"seat": "3-2/11"' in page.text
    assert teacher.ask(f"/teacher/bench/{school.lessons['3-2']}/3-2/39").status == 404
    assert teacher.ask(f"/teacher/bench/{school.lessons['3-1']}/3-2/11").status == 404


def test_nobody_else_may_watch(school: Room, pupil: Pupil) -> None:
    kernel = kernel_of(pupil)
    student = school.sit("3-2", 32)
    page = f"/teacher/bench/{school.lessons['3-2']}/3-2/11"
    for who, status in ((school.visitor(), 404), (student, 404)):
        assert who.ask(page).status == 302
        assert who.ask(f"/teacher/watch/api/kernels/{kernel}").status in (403, status)
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Watcher(school, who, 11, kernel)
        assert refused.value.status_code in (403, 404)


def test_states_and_frames_are_seen(school: Room, teacher: Visitor, pupil: Pupil, watcher: Watcher) -> None:
    states = watcher.ask_for_states().content["data"]["states"]
    assert set(states) == set(pupil.models)
    assert all(one.comm != "watcher-comm" for one in pupil.heard)
    before = len(pupil.heard)
    pupil.listen_for(0.3)
    assert all(one.comm != "watcher-comm" for one in pupil.heard[before:])  # the large answer is for the teacher alone
    answer = school.post(teacher, f"/teacher/look/{school.lessons['3-2']}/3-2/11", "{}")
    assert answer.json == {"heard": 1}
    told = watcher.listen(lambda one: one.custom.get("say") == "everything")
    assert told.custom["tab"] == "watch:teacher" and told.custom["state"]["rows"] == pupil.state["rows"]
    frame = watcher.listen(lambda one: one.custom.get("say") == "frame")
    assert frame.custom["tab"] == "watch:teacher" and frame.custom["frame"] is None and frame.buffers
    pupil.order("press", name="release")
    pupil.order("play", on=True)
    pupil.listen_for(0.5)
    live = watcher.listen(lambda one: one.custom.get("say") == "frame" and one.custom["tab"] == pupil.tab)
    assert live.custom["frame"] > 0
    pupil.order("play", on=False)


FORGED: list[tuple[str, str, dict[str, Any]]] = [
    ("shell", "comm_msg", {"comm_id": "PAGE", "data": {"method": "custom", "content":
     {"do": "set", "name": "length", "value": 0.25, "n": 900, "tab": "TAB"}}}),
    ("shell", "comm_msg", {"comm_id": "PAGE", "data": {"method": "custom", "content":
     {"do": "hello", "tab": "thief.1", "n": 901, "take": True}}}),
    ("shell", "comm_msg", {"comm_id": "STREAM", "data": {"method": "custom", "content":
     {"do": "away", "tab": "TAB"}}}),
    ("shell", "comm_msg", {"comm_id": "STREAM", "data": {"method": "custom", "content":
     {"do": "ready", "tab": "TAB"}}}),
    ("shell", "comm_msg", {"comm_id": "PAGE", "data":
     {"method": "update", "state": {"given": {}}, "buffer_paths": []}}),
    ("shell", "comm_msg", {"comm_id": "watcher-comm", "data": {"method": "request_states", "also": "this"}}),
    ("shell", "comm_msg", {"comm_id": "watcher-comm", "data": {"method": "update", "state": {"x": 1}}}),
    ("shell", "comm_open", {"comm_id": "PAGE", "target_name": "jupyter.widget", "data": {}}),
    ("shell", "comm_open", {"comm_id": "PAGE", "target_name": CONTROL, "data": {"widgets": None}}),
    ("shell", "comm_open", {"comm_id": "x", "target_name": CONTROL, "data": {}}),
    ("shell", "comm_close", {"comm_id": "PAGE", "data": {}}),
    ("shell", "execute_request", {"code": "import os; os._exit(1)", "silent": True}),
    ("control", "shutdown_request", {"restart": False}),
    ("control", "interrupt_request", {}),
    ("stdin", "input_reply", {"value": "x"}),
    ("control", "comm_msg", {"comm_id": "PAGE", "data": {"method": "custom", "content":
     {"do": "set", "name": "length", "value": 0.25, "n": 902, "tab": "TAB"}}}),
    ("shell", "comm_msg", {"comm_id": ["PAGE"], "data": "x"}),
]


def test_whatever_else_it_says_is_dropped(pupil: Pupil, watcher: Watcher) -> None:
    watcher.ask_for_states()
    pupil.order("hello", lang="en")
    before = dict(pupil.state)
    names = {"PAGE": pupil.page, "STREAM": pupil.stream}
    for channel, kind, content in FORGED:
        comm = content.get("comm_id")
        said = json.loads(json.dumps(content).replace('"TAB"', json.dumps(pupil.tab)))
        said = {**said, "comm_id": names.get(comm, comm)} if isinstance(comm, str) else said
        watcher.say(channel, kind, said, **VERSION)
    watcher.socket.send_binary(b"\x00" * 8)
    watcher.socket.send("no kernel message")
    watcher.kernel_is_heard()
    pupil.order("hello", lang="en")  # the bench is still this student's
    pupil.listen_for(0.3)
    for key in ("controls", "rows", "running", "paused", "can_undo"):
        assert pupil.state[key] == before[key], key
    assert not [one for one in pupil.heard if one.custom.get("say") == "elsewhere"]


def test_a_teacher_who_does_not_read_costs_the_student_nothing(pupil: Pupil, watcher: Watcher) -> None:
    watcher.ask_for_states()
    pupil.order("press", name="release")
    pupil.order("play", on=True)
    hear_until(pupil, lambda: pupil.state["time"] > 0)
    before = len(pupil.heard)
    pupil.listen_for(2.0)  # the watcher reads nothing meanwhile
    frames = [one for one in pupil.heard[before:] if one.custom.get("say") == "frame"]
    pupil.order("play", on=False)
    assert len(frames) >= 10


def test_the_trial_run_and_its_answers_are_the_teachers_alone(school: Room, teacher: Visitor) -> None:
    page = teacher.ask("/teacher/try/pendulum_gravity")
    assert page.status == 200 and '"baseUrl": "/teacher/own/"' in page.text
    told = teacher.ask("/teacher/answers/pendulum_gravity").json
    gravity = float(next(one for one in told["hidden"] if one["label"]["en"] == "gravity")["value"])
    assert 1.6 <= gravity <= 25.0
    answer = next(one for one in told["answers"] if one["unit"] == "m/s²")
    assert float(answer["value"]["en"]) == pytest.approx(gravity)
    assert f"{gravity:.4g}" not in page.text
    student = school.sit("3-2", 33)
    found = KERNEL.search(page.body)
    assert found
    kernel = found[1].decode()
    for who in (student, school.visitor()):
        assert who.ask("/teacher/answers/pendulum_gravity").status == 403
        assert who.ask("/teacher/try/pendulum_gravity").status == 302
        assert who.ask(f"/teacher/own/api/kernels/{kernel}").status in (403, 404)
        assert who.ask(f"/api/kernels/{kernel}").status in (403, 404)
    assert teacher.ask(f"/teacher/own/api/kernels/{kernel}").status == 200
