"""The teacher's pages and requests on a running server: who may, what they hold, how fast news arrives."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.voila_apps.classroom.conftest import Room
from tests.voila_apps.conftest import Visitor
from tests.voila_apps.teacher.conftest import order
from tests.voila_apps.wire import Pupil

pytestmark = pytest.mark.xdist_group("school")


@contextmanager
def news(school: Room, who: Visitor, lesson: str, last: str = "") -> Iterator[Callable[..., tuple[str, str, Any]]]:
    """Listen to a wall; the function that is given waits for the next event of a kind."""
    connection = http.client.HTTPConnection("127.0.0.1", school.port, timeout=10)
    connection.request("GET", f"/teacher/events/{lesson}", headers={"Cookie": who.cookie_header, "Last-Event-ID": last})
    response = connection.getresponse()
    assert response.status == 200 and response.headers["Content-Type"].startswith("text/event-stream")

    def next_of(kind: str, holds: Callable[[Any], bool] = lambda _: True) -> tuple[str, str, Any]:
        fields: dict[str, str] = {}
        end = time.monotonic() + 10
        while time.monotonic() < end:
            line = response.readline().decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            told, fields = fields, {}
            if told.get("event") == kind and holds(json.loads(told["data"])):
                return told.get("id", ""), kind, json.loads(told["data"])
        raise AssertionError(f"no {kind} came")

    try:
        yield next_of
    finally:
        connection.close()
        response.close()


def test_news_arrive_within_a_second_and_are_what_changed(
    school: Room, teacher: Visitor, sit: Callable[..., Pupil]
) -> None:
    pupil, lesson = sit(21), school.lessons["3-2"]
    with news(school, teacher, lesson) as next_of:
        _, _, wall = next_of("everything")
        assert len(wall["seats"]) == 40 and wall["lesson"]["code"] == school.codes["3-2"]
        began = time.monotonic()
        pupil.order("set", name="length", value=0.6)
        place, _, told = next_of("change", lambda one: "0.6" in str(one["seats"].get("3-2/21", {}).get("last")))
        assert time.monotonic() - began < 1.0
        seat = told["seats"]["3-2/21"]
        assert seat["last"]["en"].startswith("set length to 0.6")
        pupil.order("measure", instrument="ruler")
        _, _, told = next_of("change", lambda one: one["seats"].get("3-2/21", {}).get("more"))
        assert told["seats"]["3-2/21"]["readings"] == 1
        next_of("beat")
    with news(school, teacher, lesson, last=place) as next_of:  # what was missed, not everything again
        _, _, told = next_of("change", lambda one: one["seats"].get("3-2/21", {}).get("more"))
    with news(school, teacher, lesson, last="elsewhere-3") as next_of:
        next_of("everything")


def test_a_pause_is_news(school: Room, teacher: Visitor) -> None:
    with news(school, teacher, school.lessons["3-1"]) as next_of:
        order(school, teacher, "3-1", do="pause", on=True)
        assert next_of("lesson")[2]["lesson"]["paused"] is True
        order(school, teacher, "3-1", do="pause", on=False)
        assert next_of("lesson")[2]["lesson"]["paused"] is False


def test_two_tablets_at_one_seat_are_shown(school: Room, teacher: Visitor) -> None:
    school.sit("3-2", 30)
    school.sit("3-2", 30)
    with news(school, teacher, school.lessons["3-2"]) as next_of:
        seat = next_of("everything")[2]["seats"]["3-2/30"]
        if not seat["waiting"]:
            seat = next_of("change", lambda one: "3-2/30" in one["seats"])[2]["seats"]["3-2/30"]
        assert seat["waiting"] == 1 and seat["alerts"][0]["kind"] == "consent"
        school.decide(teacher, "refuse", "3-2/30")
        told = next_of("change", lambda one: one["seats"].get("3-2/30", {}).get("waiting") == 0)[2]
        assert told["seats"]["3-2/30"]["alerts"] == []


@pytest.mark.parametrize("path", ["/teacher", "/teacher/lesson/{}", "/teacher/projector/{}", "/teacher/summary/{}",
                                  "/teacher/report/{}/3", "/teacher/bench/{}/3-2/3", "/teacher/try/swing"])
def test_pages_send_everybody_else_to_the_login(school: Room, path: str) -> None:
    student = school.sit("3-2", 31)
    for who in (student, school.visitor()):
        answer = who.ask(path.format(school.lessons["3-2"]))
        assert answer.status == 302 and answer.headers["Location"] == "/teacher/login"


@pytest.mark.parametrize("path", ["/teacher/events/{}", "/teacher/names/3-2", "/teacher/answers/swing"])
def test_requests_are_refused_to_everybody_else(school: Room, path: str) -> None:
    student = school.sit("3-2", 31)
    for who in (student, school.visitor()):
        assert who.ask(path.format(school.lessons["3-2"])).status == 403


def test_pages_load_nothing_from_elsewhere(school: Room, teacher: Visitor) -> None:
    lesson = school.lessons["3-2"]
    for path in ("/teacher", f"/teacher/lesson/{lesson}", f"/teacher/projector/{lesson}", f"/teacher/summary/{lesson}"):
        page = teacher.ask(path)
        assert page.status == 200, path
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "src=\"http" not in page.text and "href=\"http" not in page.text
    assert "3-2/" not in teacher.ask(f"/teacher/projector/{lesson}").text.partition('id="data"')[0]


def test_a_class_list_makes_a_class_and_its_names_stay_in_the_file(school: Room, teacher: Visitor) -> None:
    form = "boundary"
    parts = [("name", "", "5-1"), ("size", "", ""), ("list", "list.csv", "座位,姓名\n1,王小明\n3,<b>Li</b>\n")]
    body = "".join(f'--{form}\r\nContent-Disposition: form-data; name="{name}"'
                   + (f'; filename="{file}"\r\nContent-Type: text/csv' if file else "") + f"\r\n\r\n{value}\r\n"
                   for name, file, value in parts) + f"--{form}--\r\n"
    page = teacher.ask("/teacher/classes", "POST", body=body, Origin=school.origin,
                       Content_Type=f"multipart/form-data; boundary={form}")
    assert page.status == 200 and "5-1" in page.text and "王小明" not in page.text
    assert teacher.ask("/teacher/names/5-1").json == {"names": {"1": "王小明", "3": "<b>Li</b>"}}
    assert teacher.ask("/teacher/names/9-9").status == 404
    refused = school.post(teacher, "/teacher/classes", "name=../x&size=3")
    assert refused.status == 409 and "cannot be the name of a class" in refused.text


def test_a_lesson_from_its_start_to_its_end(school: Room, teacher: Visitor) -> None:
    school.post(teacher, "/teacher/classes", "name=6-1&size=2")
    assert school.post(teacher, "/teacher/lessons", "class=6-1&scenario=nothing&mode=free").status == 409
    started = school.post(teacher, "/teacher/lessons", "class=6-1&scenario=swing&mode=free")
    assert started.status == 303
    uid = started.headers["Location"].rpartition("/")[2]
    assert teacher.ask(f"/teacher/lesson/{uid}").status == 200
    assert school.post(teacher, f"/teacher/lesson/{uid}/orders", '{"do": "end"}').status == 200
    over = teacher.ask(f"/teacher/lesson/{uid}")
    assert over.status == 302 and over.headers["Location"] == f"/teacher/summary/{uid}"
    assert "Nobody has opened a bench" in teacher.ask(f"/teacher/summary/{uid}").text
    assert teacher.ask(f"/teacher/report/{uid}/1").status == 404
