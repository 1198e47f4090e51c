"""A bench belongs to one seat, survives reloads, and obeys nothing but its own page's widget messages."""

import json
import math
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from voila_apps.benches import Bench
from voila_apps.gate import well_formed
from voila_apps.store import Sitting

websocket = pytest.importorskip("websocket")
WORD = 8


def packed(kind: str, content: dict[str, Any], channel: str = "shell") -> bytes:
    """A message as the browser sends it; a kernel takes the same message only once."""
    header = {
        "msg_id": uuid4().hex,
        "msg_type": kind,
        "session": "test-session",
        "username": "",
        "version": "5.3",
        "date": "2026-01-01T00:00:00Z",
    }
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    pieces = [channel.encode(), *parts]
    offsets = [WORD * (len(pieces) + 2)]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    numbers = [len(offsets), *offsets]
    return b"".join(number.to_bytes(WORD, "little") for number in numbers) + b"".join(pieces)


def kinds(socket: Any, until: str, seconds: float = 20.0) -> list[str]:
    """The kinds of messages that arrive, up to one of kind `until`."""
    seen, end = list[str](), time.monotonic() + seconds
    socket.settimeout(seconds)
    while until not in seen and time.monotonic() < end:
        message = socket.recv()
        if isinstance(message, bytes) and message:
            count = int.from_bytes(message[:WORD], "little")
            offsets = [int.from_bytes(message[WORD * n : WORD * (n + 1)], "little") for n in range(1, count + 1)]
            seen.append(json.loads(message[offsets[1] : offsets[2]])["msg_type"])
    return seen


def test_a_reload_and_a_second_tab_are_served_onto_the_same_kernel(student: Any, neighbour: Any) -> None:
    assert student.visitor.open_bench() == student.visitor.open_bench() == student.kernel
    assert neighbour.visitor.open_bench() == neighbour.kernel != student.kernel
    assert student.visitor.ask(f"/api/kernels/{student.kernel}").json["id"] == student.kernel


def test_presence_is_noted_when_a_page_comes_and_when_it_goes() -> None:
    """Not only at the next look: a page that is loaded again between two looks must find its bench."""
    bench = Bench(Sitting("seat", "swing", "hash", "open:swing", 1, bytes(32)), None, "token")  # type: ignore[arg-type]
    bench.left -= 1000.0
    assert bench.away(time.monotonic()) > 999 and bench.kept_until < time.monotonic()
    bench.come()
    bench.come()
    bench.go()
    bench.left -= 1000.0
    assert bench.joined and bench.away(time.monotonic()) == 0 and bench.kept_until == math.inf
    bench.go()
    assert bench.away(time.monotonic()) < 1 and time.monotonic() < bench.kept_until < math.inf


def test_the_teachers_notes_and_the_declaration_stay_off_the_page(student: Any) -> None:
    page = student.visitor.ask("/lab/swing").text
    assert "A note for teachers" not in page and "Scenario(" not in page and "PendulumLab" not in page


@pytest.mark.parametrize("path", ["/api/kernels/{}", "/api/kernels/{}/channels?session_id=a"])
def test_anothers_kernel_is_not_there(student: Any, neighbour: Any, visitor: Any, path: str) -> None:
    kernel = student.kernel
    assert visitor.ask(path.format(kernel)).status in (403, 404)  # nobody
    assert neighbour.visitor.ask(path.format(kernel)).status == 404
    for method in ("DELETE", "POST", "PUT", "PATCH"):
        for asking in (student.visitor, neighbour.visitor):
            assert asking.ask(f"/api/kernels/{kernel}", method).status in (403, 404, 405)
            assert asking.ask(f"/api/kernels/{kernel}/restart", method).status in (404, 405)
    with pytest.raises(websocket.WebSocketBadStatusException, match="404"):
        neighbour.visitor.socket(kernel)
    assert student.visitor.open_bench() == kernel


def test_a_kernel_ends_only_when_its_own_seat_says_so(newcomer: Any, neighbour: Any) -> None:
    visitor, kernel = newcomer.visitor, newcomer.kernel
    end = f"/voila/api/shutdown/{kernel}"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert visitor.ask(end, "POST").status == 204  # what Voilà's page sends when it is left
    assert neighbour.visitor.ask(end, "POST", body="end=yes", **form).status == 204
    assert visitor.open_bench() == kernel
    assert visitor.ask(end, "POST", body="end=yes", **form).status == 204
    assert visitor.ask(f"/api/kernels/{kernel}").status == 404
    assert visitor.open_bench() != kernel


def test_a_page_cannot_make_its_kernel_execute_code(student: Any, tmp_path: Any) -> None:
    visitor, kernel, trace = student.visitor, student.kernel, tmp_path / "trace"
    socket = visitor.socket(kernel)
    for kind, content in (
        (
            "execute_request",
            {
                "code": f"open({str(trace)!r}, 'w').write('x')",
                "silent": False,
                "store_history": False,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": False,
            },
        ),
        ("complete_request", {"code": "import o", "cursor_pos": 8}),
        ("inspect_request", {"code": "open", "cursor_pos": 4}),
        ("history_request", {"output": True, "raw": True, "hist_access_type": "tail", "n": 9}),
        ("debug_request", {"type": "request", "command": "evaluate", "seq": 1, "arguments": {}}),
        ("shutdown_request", {"restart": False}),
        ("interrupt_request", {}),
    ):
        for channel in ("shell", "control"):
            socket.send_binary(packed(kind, content, channel))
    socket.send_binary(packed("kernel_info_request", {}))
    seen = kinds(socket, "kernel_info_reply")
    assert "kernel_info_reply" in seen
    assert not {
        "execute_reply",
        "execute_input",
        "complete_reply",
        "inspect_reply",
        "history_reply",
        "debug_reply",
        "shutdown_reply",
    } & set(seen)
    assert not trace.exists()
    socket.close()
    assert visitor.open_bench() == kernel


@pytest.mark.parametrize("offered", [[], ["wrong"], ["v1.kernel.websocket.jupyter.org.evil"]])
def test_sockets_in_another_form_are_refused(student: Any, offered: list[str]) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
        student.visitor.socket(student.kernel, subprotocols=offered)


def test_a_page_of_another_host_cannot_connect(student: Any) -> None:
    visitor, kernel = student.visitor, student.kernel
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(
            f"ws://127.0.0.1:{visitor.port}/api/kernels/{kernel}/channels?session_id=a",
            timeout=20,
            subprotocols=["v1.kernel.websocket.jupyter.org"],
            cookie=visitor.cookie_header,
            origin="http://example.org",
        )


FORGED = {
    "empty": b"",
    "short": b"abc",
    "endless": (2**63 - 1).to_bytes(8, "little") + b"x" * 64,
    "outside": (6).to_bytes(8, "little") + b"".join((2**40 + n).to_bytes(8, "little") for n in range(6)) + b"x" * 64,
    "falling": (6).to_bytes(8, "little") + b"".join((90 - n).to_bytes(8, "little") for n in range(6)) + b"x" * 64,
    "no JSON": packed("comm_msg", {}).replace(b'"msg_id"', b"!!msg_id!"),
    "no header": packed("comm_msg", {}).replace(b'"msg_type"', b'"msg_tipe"'),
    "text": "hello",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_message_ends_its_socket_and_harms_nobody(student: Any, neighbour: Any, name: str) -> None:
    visitor, kernel, message = student.visitor, student.kernel, FORGED[name]
    socket = visitor.socket(kernel)
    (socket.send if isinstance(message, str) else socket.send_binary)(message)
    began = time.monotonic()
    assert neighbour.visitor.ask("/health").status == 200
    assert time.monotonic() - began < 5.0
    socket.close()
    again = visitor.socket(kernel, session="after")
    again.send_binary(packed("kernel_info_request", {}))
    assert "kernel_info_reply" in kinds(again, "kernel_info_reply")
    again.close()


def test_what_the_browser_really_sends_is_well_formed() -> None:
    assert well_formed(packed("comm_msg", {"data": {}}))
    assert not any(well_formed(message) for name, message in FORGED.items() if not name.startswith("no "))


def test_a_browser_that_vanishes_in_mid_stream_does_not_hold_up_the_server(student: Any, neighbour: Any) -> None:
    visitor, kernel = student.visitor, student.kernel
    socket = visitor.socket(kernel)
    for n in range(200):
        socket.send_binary(packed("comm_info_request", {"target_name": f"t{n}"}))
    socket.sock.close()
    time.sleep(1.0)
    began = time.monotonic()
    assert neighbour.visitor.ask("/health").status == 200
    assert time.monotonic() - began < 5.0
    assert visitor.open_bench() == kernel


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_a_kernel_gets_nothing_of_the_servers_but_what_it_needs(house: Any, student: Any) -> None:
    given = student.process.environ()
    assert given["WANXIANG_SCENARIO"] == "swing" and given["WANXIANG_SERVER"].endswith(f":{house.port}")
    assert len(given["WANXIANG_TOKEN"]) > 30
    assert "SERVER_PASSWORD" not in given and not [name for name in given if "SECRET" in name or "COOKIE" in name]
    needed = {"SERVER", "TOKEN", "SCENARIO", "SPOOL", "LANG", "THREADS", "BACKEND"}
    assert {name for name in given if name.startswith("WANXIANG_")} <= {f"WANXIANG_{name}" for name in needed}
    assert given["OMP_NUM_THREADS"] == given["OPENBLAS_NUM_THREADS"] == given["NUMBA_NUM_THREADS"] == "1"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_a_kernels_memory_holds_no_secret_and_no_token_but_its_own(house: Any, student: Any, newcomer: Any) -> None:
    memory = newcomer.process.memory()
    assert newcomer.token["Authorization"].split()[1].encode() in memory
    assert student.token["Authorization"].split()[1].encode() not in memory
    assert b"not for kernels" not in memory and (house.data / "secret.key").read_bytes() not in memory


def test_the_token_opens_its_own_run_and_no_other(student: Any, neighbour: Any, within: Any) -> None:
    within(20, lambda: student.visitor.ask("/api/run", **student.token).json["run"])
    mine = student.visitor.ask("/api/run", **student.token).json
    theirs = neighbour.visitor.ask("/api/run", **neighbour.token).json
    assert mine["seat"] != theirs["seat"] and mine["draw_key"] != theirs["draw_key"] and mine["run"] != theirs["run"]
    forged = {"kind": "event", "uid": "forged-000001", "run": mine["run"], "seq": 999}
    spell = {**forged, "kind": "spell"}
    bodies: list[Any] = [{"documents": [forged]}, {"documents": [spell]}, {"documents": "all"}, [], "x"]
    for body in bodies:
        answer = neighbour.visitor.ask("/api/documents", "POST", body=json.dumps(body), **neighbour.token)
        assert answer.status in (400, 409)
    nan = json.dumps({"documents": [{**forged, "value": float("nan")}]})
    assert student.visitor.ask("/api/documents", "POST", body=nan, **student.token).status == 400
    assert student.visitor.ask("/api/run", **student.token).json["documents"] == mine["documents"]


def test_a_snapshot_is_kept_for_its_own_run(student: Any, neighbour: Any, visitor: Any, within: Any) -> None:
    within(20, lambda: student.visitor.ask("/api/run", **student.token).json["run"])
    assert student.visitor.ask("/api/snapshot?order=1000", "POST", body=b"state", **student.token).status == 200
    assert student.visitor.ask("/api/run", **student.token).json["snapshot"] == "c3RhdGU="  # "state", base64
    assert neighbour.visitor.ask("/api/run", **neighbour.token).json["snapshot"] != "c3RhdGU="
    for order in ("", "-1", "x", "9" * 30, "1.5"):
        answer = student.visitor.ask(f"/api/snapshot?order={order}", "POST", body=b"state", **student.token)
        assert answer.status == 400
    assert visitor.ask("/api/snapshot?order=1", "POST", body=b"state").status == 401


def test_a_kernel_that_died_is_followed_by_one_that_resumes_its_run(house: Any, newcomer: Any, within: Any) -> None:
    visitor = newcomer.visitor
    within(20, lambda: visitor.ask("/api/run", **newcomer.token).json["run"])
    token, before = newcomer.token, visitor.ask("/api/run", **newcomer.token).json
    others = {one.pid for one in house.kernels()}
    newcomer.process.kill()
    within(10, lambda: visitor.ask(f"/api/kernels/{newcomer.kernel}").status == 404)
    assert visitor.open_bench() != newcomer.kernel
    assert visitor.ask("/api/run", **token).status == 401  # a token dies with its kernel
    later = next(one for one in house.kernels() if one.pid not in others).environ()["WANXIANG_TOKEN"]
    after = visitor.ask("/api/run", Authorization=f"Bearer {later}").json
    assert (after["run"], after["draw_key"]) == (before["run"], before["draw_key"])
    assert after["documents"][: len(before["documents"])] == before["documents"]


def test_a_page_whose_network_was_away_joins_its_kernel_again(student: Any) -> None:
    for _ in range(3):
        socket = student.visitor.socket(student.kernel, session="same-page")
        socket.send_binary(packed("kernel_info_request", {}))
        assert "kernel_info_reply" in kinds(socket, "kernel_info_reply")
        socket.close()


def test_two_hundred_page_loads_of_one_client_start_no_kernel(house: Any, student: Any) -> None:
    """Whoever hurries is asked to wait, in words; nobody else notices."""
    hurried, other, before = house.visitor(), house.visitor(), len(house.kernels())
    kernel, theirs = hurried.open_bench(), other.open_bench()
    answers = [hurried.ask("/lab/swing") for _ in range(199)]
    assert len(house.kernels()) == before + 2
    assert all(kernel in one.text for one in answers if one.status == 200)
    asked_to_wait = [one for one in answers if one.status == 429]
    assert len(asked_to_wait) > 100 and {one.status for one in answers} == {200, 429}
    told = asked_to_wait[-1]
    assert int(told.headers["Retry-After"]) >= 1 and "One moment, please." in told.text and "请稍等片刻" in told.text
    began = time.monotonic()
    assert other.open_bench() == theirs and student.visitor.open_bench() == student.kernel
    assert time.monotonic() - began < 5.0
    for one, name in ((hurried, kernel), (other, theirs)):
        one.leave(name)


def test_when_all_benches_are_taken_a_newcomer_is_asked_to_wait(tmp_path: Any, start_house: Any, house: Any) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "swing.ipynb").write_bytes((house.data / "scenarios" / "swing.ipynb").read_bytes())
    (tmp_path / "cards.json").write_bytes((house.data / "cards.json").read_bytes())
    small = start_house(tmp_path, "--benches", "1")
    first, second = small.visitor(), small.visitor()
    first.open_bench()
    waiting = second.ask("/lab/swing")
    assert waiting.status == 503 and waiting.headers["Retry-After"] == "15"
    assert "All benches are taken." in waiting.text and "实验台都有人在用" in waiting.text
    assert small.visitor().ask("/").status == 200
    first.leave(first.open_bench())
    assert second.open_bench()
