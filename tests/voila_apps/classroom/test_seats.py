"""Code and number lead to a seat; a seat is one tablet's, until the teacher lets it move."""

import re
from typing import Any

import pytest

from tests.voila_apps.classroom.conftest import Room, open_room
from tests.voila_apps.conftest import Visitor
from voila_apps.classroom.lessons import Lessons
from voila_apps.classroom.seating import Seating
from voila_apps.store import RecordStore

pytestmark = pytest.mark.xdist_group("classroom")


def kernel(answer: Any) -> str:
    found = re.search(r'"kernelId": "([0-9a-f-]{36})"', answer.text)
    assert found, answer.text
    return found.group(1)


def test_code_and_number_lead_to_the_lessons_bench(room: Room) -> None:
    who = room.visitor()
    asked = who.ask("/")
    assert asked.status == 302 and asked.headers["Location"] == "/seat"
    assert who.ask("/lab/swing").headers["Location"] == "/seat"
    answer = room.post(who, "/seat", f"code={room.codes['3-2']}&number=07")
    assert answer.status == 303 and answer.headers["Location"] == "/lab/swing"
    assert "HttpOnly" in str(answer.headers.get_all("Set-Cookie"))
    assert kernel(who.ask("/lab/swing")) == kernel(who.ask("/lab/swing"))
    catalogue = who.ask("/").text
    assert "Today's lesson".replace("'", "&#39;") in catalogue and "今天的课" in catalogue
    assert '<span>3-2</span><b>7</b>' in catalogue


@pytest.mark.parametrize("number", ["0", "41", "-1", "x", "", "1e1", "99999", "7%00"])
def test_a_number_that_the_class_does_not_have_is_told(room: Room, number: str) -> None:
    answer = room.post(room.visitor(), "/seat", f"code={room.codes['3-2']}&number={number}")
    if number in ("-1", "1e1", "7%00"):  # what is left of it are digits
        assert answer.status == 303
        return
    assert answer.status == 403
    assert "Class 3-2 has the seats 1 to 40." in answer.text and "3-2 班的座位是 1 到 40 号" in answer.text


def test_wrong_codes_are_told_and_soon_slowed_down(room: Room) -> None:
    who = room.visitor()
    statuses = [room.post(who, "/seat", f"code={n:06}&number=1").status for n in range(12)]
    assert statuses[:8] == [403] * 8 and statuses[9:] == [429] * 3
    told = room.post(who, "/seat", "code=000000&number=1")
    assert "Too many wrong codes." in told.text and int(told.headers["Retry-After"]) >= 1
    assert room.sit("3-2", 39)  # nobody else is slowed down
    assert "No lesson has this code now." in room.post(room.visitor(), "/seat", "code=%3Cb%3E&number=1").text


def test_an_address_that_guesses_is_slowed_down_whatever_its_cookies(room: Room) -> None:
    there = {"X_Forwarded_For": "10.0.0.77"}
    statuses = [room.post(room.visitor(), "/seat", "code=123&number=1", **there).status for _ in range(130)]
    assert 110 <= statuses.count(403) <= 125 and statuses[-1] == 429
    assert room.sit("3-2", 38)


def test_a_page_of_another_site_cannot_seat_anybody(room: Room) -> None:
    body = f"code={room.codes['3-2']}&number=12"
    assert room.post(room.visitor(), "/seat", body, Origin="http://example.org").status == 403


def test_a_taken_seat_is_asked_for_and_moves_when_the_teacher_agrees(room: Room) -> None:
    first, teacher = room.sit("3-2", 20), room.teacher()
    bench = kernel(first.ask("/lab/swing"))
    second = room.sit("3-2", 20)
    assert second.ask("/seat/state").json == {"state": "waiting", "seat": "3-2/20"}
    waiting = second.ask("/seat").text
    assert "Ask your teacher" in waiting and "请告诉老师" in waiting
    assert second.ask("/lab/swing").status == 302  # not yet
    assert second.ask(f"/api/kernels/{bench}").status in (403, 404)
    assert room.decide(second, "allow", "3-2/20").status == 403  # not the student's to decide
    assert room.decide(teacher, "allow", "3-2/20").json == {"done": True}
    assert second.ask("/seat/state").json["go"] == "/lab/swing"
    assert kernel(second.ask("/lab/swing")) == bench  # the living bench goes with the seat
    assert first.ask("/seat/state").json == {"state": "moved", "seat": "3-2/20"}
    assert "3-2 / 20" in first.ask("/seat").text
    assert first.ask(f"/api/kernels/{bench}").status in (403, 404)
    assert room.decide(teacher, "allow", "3-2/20").status == 404  # nobody waits any more


def test_the_socket_of_the_tablet_that_lost_its_seat_is_closed(room: Room) -> None:
    websocket = pytest.importorskip("websocket")
    first, teacher = room.sit("3-2", 21), room.teacher()
    socket = first.socket(kernel(first.ask("/lab/swing")))
    room.sit("3-2", 21)
    room.decide(teacher, "allow", "3-2/21")
    socket.settimeout(5)
    opcode, data = websocket.ABNF.OPCODE_TEXT, b""
    while opcode != websocket.ABNF.OPCODE_CLOSE:
        opcode, data = socket.recv_data(control_frame=True)
    assert int.from_bytes(data[:2]) == 4001
    socket.shutdown()


def test_a_seat_that_the_teacher_leaves_where_it_is(room: Room) -> None:
    first, second, teacher = room.sit("3-2", 22), room.sit("3-2", 22), room.teacher()
    assert room.decide(teacher, "refuse", "3-2/22").json == {"done": True}
    assert second.ask("/seat/state").json["state"] == "refused"
    assert "left seat 3-2 / 22 to the other tablet" in second.ask("/seat").text
    assert first.ask("/seat/state").json["state"] == "seated"


def test_who_leaves_frees_the_seat_for_whoever_waits(room: Room) -> None:
    first, second = room.sit("3-2", 23), room.sit("3-2", 23)
    assert room.post(first, "/seat/leave").status == 303
    assert first.ask("/seat/state").json == {"state": "none"}
    assert second.ask("/seat/state").json["state"] == "seated"


def test_a_mistyped_seat_is_given_up_by_sitting_down_elsewhere(room: Room) -> None:
    who, owner = room.sit("3-2", 24), room.visitor()
    room.sit("3-2", 25, who)
    assert who.ask("/seat/state").json["seat"] == "3-2/25"
    assert room.sit("3-2", 24, owner).ask("/seat/state").json["state"] == "seated"


@pytest.mark.parametrize("seat", ["3-2/17", "guest-abc", "teacher", "3-2/1|x", "../x"])
def test_a_cookie_from_elsewhere_is_no_seat(room: Room, seat: str) -> None:
    who = Visitor(room.port, {"wanxiang_seat": seat, "wanxiang_tablet": "a"})
    assert who.ask("/").headers["Location"] == "/seat"
    assert who.ask("/seat/state").json == {"state": "none"}


def test_an_exam_has_one_experiment_one_attempt_and_no_hints(room: Room) -> None:
    who, teacher = room.sit("2-5", 1), room.teacher()
    page = who.ask("/").text
    assert "Exam" in page and "考试" in page and 'data-id="second"' not in page and "/lab/pendulum_gravity" not in page
    closed = who.ask("/lab/second")
    assert closed.status == 403 and "closed during the exam" in closed.text and 'href="/lab/swing"' in closed.text
    first = kernel(who.ask("/lab/swing"))
    assert room.post(who, "/lab/swing/again").status == 403
    assert kernel(who.ask("/lab/swing")) == first
    assert room.decide(teacher, "again", "2-5/1").json == {"done": True}
    assert room.post(who, "/lab/swing/again").status == 302
    assert kernel(who.ask("/lab/swing")) != first
    assert room.post(who, "/lab/swing/again").status == 403  # once


def test_other_lessons_leave_other_experiments_open(room: Room) -> None:
    who = room.sit("3-1", 1)
    assert 'data-id="second"' in who.ask("/").text
    assert room.post(who, "/lab/swing/again").status == 302


def test_guests_and_classes_do_not_mix(start_house: Any, tmp_path: Any) -> None:
    house = start_house(tmp_path)
    who = house.visitor()
    assert who.ask("/seat").status == 404 and who.ask("/teacher/login").status == 404
    assert who.ask("/").status == 200 and "wanxiang_seat" in who.cookies


def test_claims_survive_a_restart_and_end_with_the_next_lesson(store: RecordStore) -> None:
    lessons = Lessons(store)
    lessons.classes.put("3-2", 40)
    lesson = lessons.start("3-2", "swing", "", "guided")
    seating = Seating(store, lessons)
    heard = list[str]()
    seating.on_change(heard.append)
    assert seating.claim(lesson, "3-2/1", "tablet a") and not seating.claim(lesson, "3-2/1", "tablet b")
    assert heard == ["3-2/1", "3-2/1"] and len(seating.doubles(lesson.uid)) == 1
    again = Seating(store, Lessons(store))
    assert again.holds("3-2/1", "tablet a") and not again.holds("3-2/1", "tablet b")
    assert "tablet a" not in str(again.taken(lesson.uid))
    again.lessons.end(lesson.uid)
    assert again.holds("3-2/1", "tablet a") and again.lesson_at("3-2/1").ended  # type: ignore[union-attr]
    later = again.lessons.start("3-2", "second", "", "guided")
    assert not again.holds("3-2/1", "tablet a") and again.claim(later, "3-2/1", "tablet b")


@pytest.mark.slow
def test_a_restarted_server_knows_who_sits_where(tmp_path: Any) -> None:
    before = open_room(tmp_path, guided="3-2")
    who = before.sit("3-2", 5)
    assert before.house.close() == 0
    after = open_room(tmp_path)
    who.port = after.port
    assert who.ask("/seat/state").json["state"] == "seated"
    assert after.house.close() == 0
