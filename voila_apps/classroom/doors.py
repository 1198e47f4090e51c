"""The doors of the classroom that are open to everybody, and what the teacher decides about seats."""

from typing import Any

from voila_apps.classroom.connection import (
    ConnectionBytes,
    ConnectionPage,
    ConnectionResult,
    ConnectionSocket,
    SeenChecks,
)
from voila_apps.classroom.login import LoginPage, Logout
from voila_apps.classroom.seats import LeaveSeat, SeatDecision, SeatPage, SeatState


def doors() -> list[Any]:
    """Every address; those of seats are not there for guests."""
    return [
        (r"/connection", ConnectionPage),
        (r"/connection/bytes", ConnectionBytes),
        (r"/connection/socket", ConnectionSocket),
        (r"/connection/result", ConnectionResult),
        (r"/seat", SeatPage),
        (r"/seat/state", SeatState),
        (r"/seat/leave", LeaveSeat),
        (r"/teacher/login", LoginPage),
        (r"/teacher/logout", Logout),
        (r"/teacher/seats/(allow|refuse|free|again)", SeatDecision),
        (r"/teacher/connections", SeenChecks),
    ]
