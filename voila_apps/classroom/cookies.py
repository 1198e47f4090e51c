"""What a request says about who is asking: signed cookies, and where it comes from.

Guests carry a seat of their own making. In a classroom the seat's cookie counts only while this
tablet holds the seat, so that a seat which moved to another tablet is lost to the first at once.
"""

import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tornado.web import RequestHandler

if TYPE_CHECKING:
    from voila_apps.classroom.room import Classroom

SEAT_COOKIE = "wanxiang_seat"
TABLET_COOKIE = "wanxiang_tablet"
TEACHER_COOKIE = "wanxiang_teacher"
SEAT_DAYS = 400  # the longest that browsers keep a cookie
TEACHER_HOURS = 12.0
LOOPBACK = ("127.0.0.1", "::1")
GUEST = "guest-"
TEACHERS_SEAT = "teacher"  # no seat of any class: those have a number


def classroom_of(handler: RequestHandler) -> "Classroom | None":
    """The classroom, when there are seats; None where everybody is a guest."""
    room: Classroom | None = handler.settings.get("classroom")
    return room


def seat_of(handler: RequestHandler) -> str | None:
    """The seat that this request may speak for: a guest's own, the one that this tablet holds, or the teacher's."""
    value = handler.get_signed_cookie(SEAT_COOKIE, max_age_days=SEAT_DAYS)
    seat = value.decode(errors="replace") if value else None
    room = classroom_of(handler)
    if room is None:
        return seat if seat and "/" not in seat else None  # a seat of a class is none where there are no classes
    tablet = tablet_of(handler)
    if seat and tablet and room.seating.holds(seat, tablet):
        return seat
    return TEACHERS_SEAT if is_teacher(handler) else None


def tablet_of(handler: RequestHandler) -> str | None:
    """The random name of this browser; None before it has one."""
    value = handler.get_signed_cookie(TABLET_COOKIE, max_age_days=SEAT_DAYS)
    return value.decode(errors="replace") if value else None


def new_tablet() -> str:
    """A random name for a browser."""
    return secrets.token_hex(8)


def is_teacher(handler: RequestHandler) -> bool:
    """Whether the teacher is asking: a signed session that is neither old, nor ended, nor of an earlier password."""
    room = classroom_of(handler)
    value = handler.get_signed_cookie(TEACHER_COOKIE, max_age_days=TEACHER_HOURS / 24)
    return room is not None and value is not None and room.sessions.good(value.decode(errors="replace"))


def keep(handler: RequestHandler, name: str, value: str, **how: Any) -> None:
    """Set a signed cookie that scripts cannot read; over TLS it travels over TLS only."""
    how = {"httponly": True, "samesite": "Lax", "secure": over_tls(handler), "path": "/", **how}
    handler.set_signed_cookie(name, value, **how)


def own_origin(handler: RequestHandler) -> bool:
    """Whether the page that sent this request is one of ours.

    The defence against forged requests: every browser we serve names the origin of a POST, and the
    teacher's cookie is SameSite=Strict besides. A request that names none is not from a browser's page.
    """
    origin = handler.request.headers.get("Origin")
    if origin:
        return urlsplit(origin).netloc == handler.request.host
    return handler.request.headers.get("Sec-Fetch-Site") in ("same-origin", "none")


def address_of(handler: RequestHandler) -> str:
    """Where a request comes from; a proxy on this very machine is believed when it names its client."""
    peer = handler.request.remote_ip or ""
    named = handler.request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return named[:64] if named and peer in LOOPBACK else peer


def over_tls(handler: RequestHandler) -> bool:
    """Whether the browser speaks TLS, to us or to a proxy on this machine."""
    told = handler.request.headers.get("X-Forwarded-Proto", "")
    return handler.request.protocol == "https" or (told == "https" and handler.request.remote_ip in LOOPBACK)


class Sessions:
    """The teacher's sessions: each bears the mark of its password, and one that was ended stays ended."""

    def __init__(self, mark: Any) -> None:
        self._mark = mark  # asked anew each time: the password may be reset while we serve
        self._ended: dict[str, float] = {}

    def begin(self) -> str:
        """A new session's name."""
        return f"{self._mark()}.{secrets.token_hex(8)}"

    def good(self, session: str) -> bool:
        """Whether this one still counts."""
        return session not in self._ended and secrets.compare_digest(session.partition(".")[0], self._mark())

    def end(self, session: str) -> None:
        """Log out."""
        now = time.time()
        self._ended = {one: when for one, when in self._ended.items() if now - when < TEACHER_HOURS * 3600}
        self._ended[session] = now
