"""Every door of the server: what it gives, to whom, and what it refuses."""

import gzip
import re
from typing import Any

import pytest

CATALOGUE_IDS = ("gas_isotherm", "dense_gas", "pendulum_gravity", "swing", "秋千")


def test_the_catalogue_shows_every_scenario_and_marks_the_teachers_own(visitor: Any) -> None:
    page = visitor.ask("/")
    assert page.status == 200
    shown = re.findall(r'data-id="([^"]+)"', page.text)
    assert set(CATALOGUE_IDS) <= set(shown)
    cards = dict(re.findall(r'<li class="card[^>]*data-id="([^"]+)"(.*?)</li>\n', page.text, re.S))
    assert "From your teacher" in cards["swing"] and "老师的实验" in cards["swing"]
    assert "From your teacher" not in cards["pendulum_gravity"]


def test_a_scenario_that_cannot_be_opened_is_a_card_that_says_why(visitor: Any) -> None:
    page = visitor.ask("/").text
    broken = dict(re.findall(r'<li class="card broken[^>]*data-id="([^"]+)"(.*?)</li>\n', page, re.S))
    assert set(broken) == {"intruder", "misspelt"}
    assert "imports from labs only" in broken["intruder"]
    assert "lenght" in broken["misspelt"] and "length" in broken["misspelt"]
    assert 'href="/lab/intruder' not in page
    for name in broken:
        notice = visitor.ask(f"/lab/{name}")
        assert notice.status == 503 and "Tell your teacher" in notice.text and "请告诉老师" in notice.text
        assert "Traceback" not in notice.text


@pytest.mark.parametrize(
    "path",
    [
        "/lab/nothing",
        "/lab/",
        "/lab",
        "/nothing",
        "/lab/..%2f..%2fetc%2fpasswd",
        "/lab/%2e%2e",
        "/lab/swing.ipynb",
        "/lab/swing%00",
        "/lab/" + "x" * 3000,
        "/static/own/000000000000/../../server.py",
        "/static/own/000000000000/..%2f..%2fserver.py",
        "/static/extensions/000000000000/../../../etc/passwd",
        "/static/own/000000000000/%00",
        "/lab/%E7%A7%8B",
        "/%7Broot%7D",
        "/lab/{{7*7}}",
        "/lab/<script>",
    ],
)
def test_what_is_not_there_is_told_calmly_in_both_languages(visitor: Any, path: str) -> None:
    page = visitor.ask(path)
    assert page.status == 404
    assert "Traceback" not in page.text and "tornado" not in page.text.lower()
    if not path.startswith("/static"):
        assert "There is no such page." in page.text and "没有这个页面。" in page.text
        assert "<script>" not in page.text


@pytest.mark.parametrize("path", ["/lab/%ff%fe", "/%ff"])
def test_addresses_that_are_no_text_are_bad_requests(visitor: Any, path: str) -> None:
    assert visitor.ask(path).status in (400, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/voila/render/swing.ipynb",
        "/voila/tree",
        "/voila/tree/scenarios",
        "/voila/files/secret.key",
        "/tree",
        "/login",
        "/voila/api/contents/scenarios",
        "/voila/static/voila.js",
        "/voila/templates/bench/static/x.js",
        "/api/kernels",
        "/api/contents",
        "/api/sessions",
        "/api/terminals",
        "/voila/api/themes/x",
        "/metrics",
        "/record.sqlite",
        "/voila/execution/00000000-0000-0000-0000-000000000000",
        "/voila/query/00000000-0000-0000-0000-000000000000",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_voilas_and_jupyters_own_doors_are_not_there(visitor: Any, path: str, method: str) -> None:
    assert visitor.ask(path, method).status in (404, 405)


def test_pages_say_the_language_that_is_asked_for(visitor: Any) -> None:
    assert '<html lang="zh">' in visitor.ask("/", Accept_Language="zh-CN,zh;q=0.9,en;q=0.8").text
    assert '<html lang="en">' in visitor.ask("/", Accept_Language="fr-FR, en-GB").text
    visitor.cookies["wanxiang_lang"] = "zh"
    assert '<html lang="zh">' in visitor.ask("/", Accept_Language="en").text


def test_no_page_names_another_host(student: Any) -> None:
    for path in ("/", "/lab/swing", "/nothing"):
        page = student.visitor.ask(path)
        assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page.text)
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_the_seat_is_a_signed_cookie_that_scripts_cannot_read(visitor: Any) -> None:
    cookie = visitor.ask("/").headers["Set-Cookie"]
    assert cookie.startswith("wanxiang_seat=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert visitor.ask("/").headers["Set-Cookie"] is None  # it is kept


def test_a_forged_seat_is_no_seat(visitor: Any, student: Any) -> None:
    visitor.cookies["wanxiang_seat"] = student.visitor.cookies["wanxiang_seat"][:-4] + "0000"
    assert visitor.ask(f"/api/kernels/{student.kernel}").status in (403, 404)


def test_health_is_told_as_json(visitor: Any) -> None:
    health = visitor.ask("/health")
    assert health.status == 200 and health.json["status"] == "ok" and health.json["record"] == "ok"
    assert health.json["disk_free_bytes"] > 0 and health.json["bench_limit"] == 6


def test_own_files_are_kept_for_a_year_and_travel_compressed(visitor: Any) -> None:
    address = re.search(r'href="(/static/own/[^"]+catalogue.css)"', visitor.ask("/").text)
    assert address
    plain = visitor.ask(address.group(1))
    packed = visitor.ask(address.group(1), Accept_Encoding="gzip")
    assert "immutable" in plain.headers["Cache-Control"]
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    old = re.sub(r"/[0-9a-f]{12}/", "/000000000000/", address.group(1))
    assert visitor.ask(old).headers["Cache-Control"] == "no-cache"  # a page from before an update still finds its files


def test_templates_and_themes_cannot_be_chosen_from_the_address(student: Any) -> None:
    usual = student.visitor.ask("/lab/swing").text
    for query in ("template=../../../etc", "template=classic", "theme=dark", "template=lab&theme=../x"):
        page = student.visitor.ask(f"/lab/swing?{query}")
        assert page.status == 200 and page.text == usual


@pytest.mark.parametrize("path", ["/api/run", "/api/documents"])
@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic wrong", "token wrong"])
def test_the_record_is_closed_to_those_without_a_token(student: Any, path: str, token: str) -> None:
    for method in ("GET", "POST"):  # a seat is no token
        answer = student.visitor.ask(path, method, body='{"documents": []}', Authorization=token)
        assert answer.status in (401, 405)
        assert "draw_key" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_pages_are_only_for_reading(visitor: Any, method: str) -> None:
    assert visitor.ask("/", method).status == 405
    assert visitor.ask("/lab/swing", method).status == 405


def test_starting_again_needs_a_click(newcomer: Any, within: Any) -> None:
    """A link or a picture that points there must not put a run aside."""
    visitor, run = newcomer.visitor, newcomer.visitor.ask("/api/run", **newcomer.token).json
    assert visitor.ask("/lab/swing/again").status == 302
    assert visitor.open_bench() == newcomer.kernel
    within(20, lambda: visitor.ask("/api/run", **newcomer.token).json["run"])
    assert visitor.ask("/lab/swing/again", "POST").status == 302
    assert visitor.open_bench() != newcomer.kernel
    within(20, lambda: 'class="card begun' in visitor.ask("/").text)
    assert visitor.ask("/api/run", **newcomer.token).status == 401
    assert run["draw_key"]
