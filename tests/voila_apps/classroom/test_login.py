"""The teacher's door: one password, few guesses, sessions that end."""

import stat
from pathlib import Path
from typing import Any

import pytest

from tests.voila_apps.classroom.conftest import Room, reset_password
from voila_apps.classroom.limits import Limit
from voila_apps.classroom.password import Password

pytestmark = pytest.mark.xdist_group("classroom")


def test_the_password_is_kept_as_a_hash_for_the_owner_alone(tmp_path: Path) -> None:
    kept = Password(tmp_path / "teacher.json")
    word = kept.make()
    text = kept.path.read_text()
    assert word not in text and "$argon2id$" in text and stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert kept.fits(word) and kept.fits(f" {word.upper()} ".replace("-", " "))
    assert not kept.fits("") and not kept.fits(word[:-1]) and not kept.fits("x" * 100_000)
    other, mark = kept.make(), kept.mark
    assert other != word and not kept.fits(word) and kept.fits(other) and mark == kept.mark


def test_the_teacher_logs_in_and_out(room: Room) -> None:
    who = room.visitor()
    wrong = room.post(who, "/teacher/login", "password=wrong")
    assert wrong.status == 403 and "That is not the password." in wrong.text and "密码不对" in wrong.text
    assert not who.cookies
    teacher = room.teacher()
    assert teacher.ask("/teacher/login").status == 302
    kept = dict(teacher.cookies)
    assert room.post(teacher, "/teacher/logout").status == 303
    teacher.cookies = kept  # somebody kept a copy
    assert teacher.ask("/teacher/login").status == 200


def test_the_session_is_a_cookie_for_this_site_alone(room: Room) -> None:
    answer = room.post(room.visitor(), "/teacher/login", f"password={room.password}")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "expires=" in cookie.lower()
    assert "Secure" not in cookie
    behind = room.post(room.visitor(), "/teacher/login", f"password={room.password}", X_Forwarded_Proto="https")
    assert "Secure" in behind.headers["Set-Cookie"]


@pytest.mark.parametrize("headers", [{"Origin": "http://example.org"}, {"Origin": "null"}, {"Origin": ""},
                                     {"Origin": "", "Sec_Fetch_Site": "cross-site"}])  # fmt: skip
def test_a_form_on_another_site_cannot_log_in(room: Room, headers: dict[str, str]) -> None:
    assert room.post(room.visitor(), "/teacher/login", f"password={room.password}", **headers).status == 403


def test_a_reset_at_the_box_ends_every_session(room: Room) -> None:
    teacher = room.teacher()
    room.password = reset_password(room.house.data)
    assert teacher.ask("/teacher/login").status == 200
    assert room.teacher().ask("/teacher/login").status == 302


def test_guesses_are_few_and_another_address_is_unharmed(room: Room) -> None:
    who = room.visitor()
    there: dict[str, Any] = {"X_Forwarded_For": "10.0.0.66"}
    told = [room.post(who, "/teacher/login", f"password=guess{n}", **there) for n in range(7)]
    assert [one.status for one in told] == [403] * 5 + [429] * 2
    assert 1 <= int(told[-1].headers["Retry-After"]) <= 10 and "Too many tries." in told[-1].text
    assert room.post(who, "/teacher/login", f"password={room.password}", **there).status == 429
    assert room.teacher()


def test_a_limit_fills_again_at_its_rate() -> None:
    limit = Limit(burst=2, per_minute=30)
    assert [limit.take("a", 0.0), limit.take("a", 0.0), limit.take("a", 0.0)] == [0.0, 0.0, 2.0]
    assert limit.take("b", 0.0) == 0.0
    assert limit.wait("a", 1.0) == pytest.approx(1.0) and limit.take("a", 2.0) == 0.0 and limit.take("a", 2.0) > 0
    for n in range(6000):
        limit.take(n, 3.0)
    assert len(limit._left) <= 4097
