"""Everything that a server with seats knows beyond one with guests."""

from collections.abc import Callable
from typing import Any

from voila_apps.classroom.cookies import Sessions
from voila_apps.classroom.lessons import Lessons
from voila_apps.classroom.limits import Limit
from voila_apps.classroom.password import Password
from voila_apps.classroom.seating import Seating
from voila_apps.home import DataFolder
from voila_apps.store import RecordStore


class Classroom:
    """Classes, lessons, seats, the teacher's password and sessions, and how often a guess is free."""

    def __init__(self, folder: DataFolder, store: RecordStore, soon: Callable[..., Any] | None = None) -> None:
        self.folder = folder
        self.lessons = Lessons(store, soon)
        self.classes = self.lessons.classes
        self.seating = Seating(store, self.lessons, soon)
        self.password = Password(folder.password_file)
        self.checks: dict[str, dict[str, Any]] = {}  # what tablets measured of their connection, the newest last
        self.sessions = Sessions(lambda: self.password.mark)
        # Five guesses at once, then one every ten seconds; from all addresses together, one a second.
        self.logins = Limit(burst=5, per_minute=6)
        self.all_logins = Limit(burst=30, per_minute=60)
        # Codes are guessed by tablet closely, and by address so that a class behind one address gets in at once.
        self.codes = Limit(burst=8, per_minute=6)
        self.codes_by_address = Limit(burst=120, per_minute=60)
