"""Every door × everybody: nobody, a student, another student, the teacher, with the exact answer.

The rows are held against the server's own list of doors: a new door without a row fails here.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tests.voila_apps.classroom.conftest import Room
from tests.voila_apps.conftest import Visitor
from voila_apps.server import ClassServer
from voila_apps.shelves import Shelf

websocket = pytest.importorskip("websocket")
pytestmark = pytest.mark.xdist_group("classroom")

KERNEL = r"(?P<kernel_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
UID = r"([A-Za-z0-9-]{6,64})"
SHELVES = ("own", "pictures", "voila", "extensions")
ALL = "nobody", "student", "another", "teacher"


def everybody(status: int) -> tuple[int, int, int, int]:
    return (status,) * 4


def teachers(status: int, others: int) -> tuple[int, int, int, int]:
    return (others, others, others, status)


# Pattern: rows of method, address, body, and the answers for nobody, the student, another student, the teacher.
# {kernel} and {teachers_kernel} are the student's and the teacher's own, {lesson} the lesson's uid.
ROUTES: dict[str, list[tuple[str, str, str, tuple[int, int, int, int]]]] = {
    "/": [("GET", "/", "", (302, 200, 200, 200)), ("POST", "/", "", everybody(405))],
    "/lab/([^/]+)": [
        ("GET", "/lab/swing", "", (302, 200, 200, 200)),
        ("GET", "/lab/nothing", "", everybody(404)),
        ("POST", "/lab/swing", "", everybody(405)),
    ],
    "/lab/([^/]+)/again": [
        ("GET", "/lab/second/again", "", everybody(302)),
        ("POST", "/lab/second/again", "", everybody(302)),
    ],
    "/queue/state": [("GET", "/queue/state", "", everybody(200)), ("POST", "/queue/state", "", everybody(405))],
    "/connection": [("GET", "/connection", "", everybody(200)), ("POST", "/connection", "", everybody(405))],
    "/connection/bytes": [
        ("GET", "/connection/bytes?n=1000", "", everybody(200)),
        ("GET", "/connection/bytes?n=99999999", "", everybody(400)),
    ],
    "/connection/socket": [
        ("PLAIN SOCKET", "/connection/socket", "", everybody(101)),
        ("GET", "/connection/socket", "", everybody(400)),
    ],
    "/connection/result": [
        ("POST", "/connection/result", '{"verdict": "good"}', everybody(204)),
        ("POST", "/connection/result", '{"verdict": "<b>"}', everybody(400)),
        ("GET", "/connection/result", "", everybody(405)),
    ],
    "/seat": [("GET", "/seat", "", everybody(200)), ("POST", "/seat", "code=1", everybody(403))],
    "/seat/state": [("GET", "/seat/state", "", everybody(200)), ("POST", "/seat/state", "", everybody(405))],
    "/seat/leave": [("GET", "/seat/leave", "", everybody(405))],
    "/teacher/login": [("GET", "/teacher/login", "", (200, 200, 200, 302))],
    "/teacher/logout": [("GET", "/teacher/logout", "", everybody(405))],
    "/teacher/seats/(allow|refuse|free|again)": [
        ("POST", "/teacher/seats/allow", '{"seat": "3-2/40"}', teachers(404, 403)),
        ("POST", "/teacher/seats/refuse", '{"seat": "3-2/40"}', teachers(404, 403)),
        ("POST", "/teacher/seats/free", '{"seat": "3-2/40"}', teachers(404, 403)),
        ("POST", "/teacher/seats/again", '{"seat": "3-2/40"}', teachers(404, 403)),
        ("POST", "/teacher/seats/allow", "[", teachers(400, 403)),
        ("GET", "/teacher/seats/allow", "", teachers(405, 403)),
    ],
    "/teacher/connections": [("GET", "/teacher/connections", "", teachers(200, 403))],
    r"/ca\.crt": [("GET", "/ca.crt", "", everybody(404))],  # without TLS there is none
    "/tablet": [("GET", "/tablet", "", everybody(200)), ("POST", "/tablet", "", everybody(405))],
    "/privacy": [("GET", "/privacy", "", everybody(200)), ("POST", "/privacy", "", everybody(405))],
    "/health": [("GET", "/health", "", everybody(200)), ("POST", "/health", "", everybody(405))],
    "/api/run": [("GET", "/api/run", "", everybody(401)), ("POST", "/api/run", "", everybody(401))],
    "/api/documents": [("POST", "/api/documents", '{"documents": []}', everybody(401))],
    "/api/snapshot": [("POST", "/api/snapshot?order=1", "x", everybody(401))],
    "/api/intercom": [("GET", "/api/intercom", "", everybody(401)), ("POST", "/api/intercom", "{}", everybody(401))],
    f"/api/kernels/{KERNEL}": [
        ("GET", "/api/kernels/{kernel}", "", (403, 200, 404, 404)),
        ("DELETE", "/api/kernels/{kernel}", "", everybody(405)),
    ],
    f"/api/kernels/{KERNEL}/channels": [
        ("SOCKET", "/api/kernels/{kernel}/channels?session_id=a", "", (403, 101, 404, 404)),
        ("PLAIN SOCKET", "/api/kernels/{kernel}/channels?session_id=a", "", (403, 400, 404, 404)),
    ],
    f"/voila/api/shutdown/{KERNEL}": [("GET", "/voila/api/shutdown/{kernel}", "", everybody(405))],
}  # fmt: skip

TEACHER = {
    r"/teacher/?": [("GET", "/teacher", "", teachers(200, 302)), ("POST", "/teacher", "", teachers(405, 403))],
    "/teacher/lessons": [
        ("POST", "/teacher/lessons", "class=none&lab=swing&mode=guided", teachers(409, 403)),
    ],
    "/teacher/classes": [
        ("GET", "/teacher/classes", "", everybody(302)),
        ("POST", "/teacher/classes", "name=&size=", teachers(409, 403)),
    ],
    f"/teacher/lesson/{UID}": [
        ("GET", "/teacher/lesson/{lesson}", "", teachers(200, 302)),
        ("GET", "/teacher/lesson/nothing", "", teachers(404, 302)),
    ],
    f"/teacher/lesson/{UID}/orders": [
        ("POST", "/teacher/lesson/{lesson}/orders", '{"do": "nothing"}', teachers(400, 403)),
        ("GET", "/teacher/lesson/{lesson}/orders", "", teachers(405, 403)),
    ],
    f"/teacher/projector/{UID}": [("GET", "/teacher/projector/{lesson}", "", teachers(200, 302))],
    f"/teacher/events/{UID}": [("GET", "/teacher/events/nothing", "", teachers(404, 403))],
    f"/teacher/summary/{UID}": [("GET", "/teacher/summary/{lesson}", "", teachers(200, 302))],
    f"/teacher/report/{UID}/(.+)": [("GET", "/teacher/report/{lesson}/3-2/40", "", teachers(404, 302))],
    f"/teacher/bench/{UID}/(.+)": [
        ("GET", "/teacher/bench/{lesson}/3-2/11", "", teachers(200, 302)),
        ("GET", "/teacher/bench/{lesson}/9-9/1", "", teachers(404, 302)),
    ],
    f"/teacher/look/{UID}/(.+)": [("POST", "/teacher/look/{lesson}/3-2/11", "{}", teachers(200, 403))],
    "/teacher/names/([^/]+)": [
        ("GET", "/teacher/names/3-2", "", teachers(200, 403)),
        ("GET", "/teacher/names/9-9", "", teachers(404, 403)),
    ],
    "/teacher/try/([^/]+)": [("GET", "/teacher/try/nothing", "", teachers(404, 302))],
    "/teacher/answers/([^/]+)": [("GET", "/teacher/answers/nothing", "", teachers(404, 403))],
    f"/teacher/watch/api/kernels/{KERNEL}": [("GET", "/teacher/watch/api/kernels/{kernel}", "", (404, 404, 404, 200))],
    f"/teacher/watch/api/kernels/{KERNEL}/channels": [
        ("SOCKET", "/teacher/watch/api/kernels/{kernel}/channels?session_id=b", "", (404, 404, 404, 101)),
        ("PLAIN SOCKET", "/teacher/watch/api/kernels/{kernel}/channels?session_id=b", "", (404, 404, 404, 400)),
    ],
    f"/teacher/own/api/kernels/{KERNEL}": [
        ("GET", "/teacher/own/api/kernels/{kernel}", "", everybody(404)),
        ("GET", "/teacher/own/api/kernels/{teachers_kernel}", "", (404, 404, 404, 200)),
    ],
    f"/teacher/own/api/kernels/{KERNEL}/channels": [
        ("SOCKET", "/teacher/own/api/kernels/{teachers_kernel}/channels?session_id=c", "", (404, 404, 404, 101)),
        ("SOCKET", "/teacher/own/api/kernels/{kernel}/channels?session_id=c", "", (404, 404, 404, 404)),
    ],
}  # fmt: skip
ROUTES |= TEACHER
ROUTES |= {rf"/static/{name}/([0-9a-f]{{12}})/(.+)": [
    ("GET", f"/static/{name}/000000000000/nothing.js", "", everybody(404)),
    ("POST", f"/static/{name}/000000000000/nothing.js", "", everybody(405)),
] for name in SHELVES}  # fmt: skip
ROWS = [(pattern, *row) for pattern, rows in ROUTES.items() for row in rows]


@dataclass
class Cast:
    """The four, and what they have."""

    room: Room
    people: dict[str, Visitor]
    names: dict[str, str]

    def ask(self, who: str, method: str, address: str, body: str) -> int:
        path, visitor = address.format(**self.names), self.people[who]
        if method.endswith("SOCKET"):
            return self._knock(visitor, path, [] if method == "PLAIN SOCKET" else ["v1.kernel.websocket.jupyter.org"])
        kind = "application/json" if body[:1] in ("{", "[") else "application/x-www-form-urlencoded"
        return visitor.ask(path, method, body=body, Origin=self.room.origin, Content_Type=kind).status

    def _knock(self, visitor: Visitor, path: str, subprotocols: list[str]) -> int:
        address = f"ws://127.0.0.1:{self.room.port}{path}"
        try:
            websocket.create_connection(address, timeout=30, subprotocols=subprotocols, cookie=visitor.cookie_header,
                                        origin=self.room.origin).close()  # fmt: skip
        except websocket.WebSocketBadStatusException as refused:
            return int(refused.status_code)
        return 101


@pytest.fixture(scope="module")
def four(room: Room) -> Iterator[Cast]:
    teacher, student, another = room.teacher(), room.sit("3-2", 11), room.sit("3-2", 12)
    kernels = [found_kernel(who.ask("/lab/swing").text) for who in (student, another, teacher)]
    people = {"nobody": room.visitor(), "student": student, "another": another, "teacher": teacher}
    names = {"kernel": kernels[0], "teachers_kernel": kernels[2], "lesson": room.lessons["3-2"]}
    for who, kernel in zip((student, another, teacher), kernels, strict=True):
        who.socket(kernel, session="sitting-down").close()
    yield Cast(room, people, names)
    for who, kernel in zip((student, another, teacher), kernels, strict=True):
        who.leave(kernel)


def found_kernel(page: str) -> str:
    found = re.search(r'"kernelId": "([0-9a-f-]{36})"', page)
    assert found, page
    return found.group(1)


def test_every_door_has_its_row() -> None:
    shelves = {name: Shelf(f"/static/{name}", []) for name in SHELVES}
    doors: Any = ClassServer.init_handlers(SimpleNamespace(shelves=shelves))  # type: ignore[arg-type]
    patterns = [door[0] for door in doors]
    assert len(patterns) == len(set(patterns))
    assert set(patterns) == set(ROUTES), "a door without a row, or a row without its door"
    some = "0" * 8 + "-0000" * 3 + "-" + "0" * 12
    for pattern, _, address, _, _ in ROWS:
        path = address.format(kernel=some, teachers_kernel=some, lesson="lesson-0").partition("?")[0]
        assert re.fullmatch(pattern, path), f"{path} is none of {pattern}"


@pytest.mark.parametrize(("pattern", "method", "address", "body", "answers"), ROWS)
def test_the_exact_answer(four: Cast, pattern: str, method: str, address: str, body: str, answers: Any) -> None:
    assert tuple(four.ask(who, method, address, body) for who in ALL) == answers


def test_the_doors_that_end_something_end_ones_own(four: Cast) -> None:
    """Leaving, logging out, ending a kernel and beginning again, each by somebody whom it does not concern."""
    room, kernel = four.room, four.names["kernel"]
    for who in ("nobody", "another", "teacher"):
        form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": room.origin}
        assert four.people[who].ask(f"/voila/api/shutdown/{kernel}", "POST", body="end=yes", **form).status == 204
        assert four.people["student"].ask(f"/api/kernels/{kernel}").status == 200
    for who in ("nobody", "teacher"):
        assert room.post(four.people[who], "/seat/leave").status == 303
        assert four.people["student"].ask("/seat/state").json["state"] == "seated"
    for who in ("nobody", "student", "another"):
        assert room.post(four.people[who], "/teacher/logout").status == 303
        assert four.people["teacher"].ask("/teacher/connections").status == 200


CHANGING = [(method, address, body) for _, method, address, body, answers in ROWS
            if method == "POST" and answers != everybody(405)
            and address.startswith(("/teacher", "/seat", "/connection"))]  # fmt: skip


@pytest.mark.parametrize(("method", "address", "body"), CHANGING)
@pytest.mark.parametrize("origin", ["http://example.org", "null", ""])
def test_a_page_of_another_site_changes_nothing(four: Cast, method: str, address: str, body: str, origin: str) -> None:
    """Not even with the teacher's cookie, which browsers would not send besides."""
    path = address.format(**four.names)
    assert four.people["teacher"].ask(path, method, body=body, Origin=origin).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/teacher/names/..%2f..%2fsecret.key", "/teacher/names/3-2%00", "/teacher/bench/../../etc",
        "/teacher/try/%2e%2e", "/teacher/report/lesson-1/%00", "/lab/swing%00", "/lab/..%2fsecret",
        "/seat/../secret.key", "/seat%00", "/connection/bytes?n=-1", "/connection/bytes?n=1e9",
        "/connection/bytes?n=%00",
        "/connection/bytes?n=" + "9" * 400, "/connection/bytes", "/teacher/classes/3-2.csv", "/classes/3-2.csv",
        "/teacher.json", "/static/own/000000000000/../x",
        "/teacher/lesson/" + "x" * 65, "/queue/swing", "/teacher/seats/steal", "/lab/" + "%F0%9F%92%A3" * 300,
    ],
)  # fmt: skip
def test_hostile_addresses_are_refused_even_for_the_teacher(four: Cast, path: str) -> None:
    for who in ("student", "teacher"):
        answer = four.people[who].ask(path)
        assert answer.status in (302, 400, 403, 404) and "Traceback" not in answer.text
        assert answer.status != 302 or answer.headers["Location"] in ("/teacher/login", "/seat")


@pytest.mark.parametrize("query", ["template=../../../etc", "template=classic", "theme=../dark", "voila-template=x"])
def test_no_template_is_chosen_from_the_address(four: Cast, query: str) -> None:
    student = four.people["student"]
    assert student.ask(f"/lab/swing?{query}").text == student.ask("/lab/swing").text


@pytest.mark.parametrize("body", ["", "[]", "null", '{"verdict": 1}', '{"verdict": "good"', "[" * 100_000, '{"a": 1}'])
def test_forged_results_are_refused(four: Cast, body: str) -> None:
    headers = {"Origin": four.room.origin, "Content_Type": "application/json"}
    assert four.people["student"].ask("/connection/result", "POST", body=body, **headers).status == 400


def test_the_teacher_sees_what_a_seat_measured_and_nothing_that_it_made_up(four: Cast) -> None:
    told = {"verdict": "enough", "megabits": 12.5, "delay": -1, "frames": "many", "texture": 1e99, "webgl": True,
            "renderer": "<b>\x07Mali" + "x" * 500, "seat": "3-2/1", "more": "x" * 1000}  # fmt: skip
    headers = {"Origin": four.room.origin, "Content_Type": "application/json"}
    assert four.people["another"].ask("/connection/result", "POST", body=json.dumps(told), **headers).status == 204
    seen = four.people["teacher"].ask("/teacher/connections").json["checks"]
    mine = next(one for one in seen if one["seat"] == "3-2/12")
    assert mine["megabits"] == 12.5 and mine["renderer"] == "<b>Mali" + "x" * 73
    assert {name: mine[name] for name in ("delay", "frames", "texture", "webgl")} == dict.fromkeys(
        ("delay", "frames", "texture", "webgl"))  # fmt: skip
    assert "3-2/1" not in {one["seat"] for one in seen} and "more" not in mine


def test_the_echo_is_short_and_ends(four: Cast) -> None:
    for message, times in (("echo", 70), ("x" * 100, 1)):
        socket = websocket.create_connection(f"ws://127.0.0.1:{four.room.port}/connection/socket", timeout=20)
        heard = 0
        with contextlib.suppress(websocket.WebSocketException, OSError):
            for _ in range(times):
                socket.send(message)
                heard += socket.recv() == message
        assert heard == (60 if message == "echo" else 0)
        socket.shutdown()


def test_no_page_tells_a_student_of_the_teacher_or_of_others(four: Cast) -> None:
    student = four.people["student"]
    pages = ("/", "/lab/swing", "/seat", "/seat/state", "/connection", "/queue/state")
    told = "".join(student.ask(path).text for path in pages)
    assert "3-2/12" not in told and four.room.codes["3-2"] not in told and four.room.lessons["3-2"] not in told
    assert str(four.room.house.data) not in told
