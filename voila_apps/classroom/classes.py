"""Classes: a short name such as 3-2, how many seats it has, and nothing about the people in it."""

import re
import time
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from engine.errors import Refusal
from voila_apps.schema import classes
from voila_apps.store import RecordStore

LARGEST = 99  # seats: two digits on a label
ID = re.compile(r"\w(?:[\w-]{0,18}\w)?")
DEVICES = re.compile(r"(?i)con|prn|aux|nul|(com|lpt)\d")  # no file may be called so on Windows


@dataclass(frozen=True)
class SchoolClass:
    """One class."""

    id: str
    title: str
    size: int
    created: float

    @property
    def seats(self) -> list[str]:
        """Its seats, in order."""
        return [seat_name(self.id, number) for number in range(1, self.size + 1)]


class Classes:
    """All classes of this server's record."""

    def __init__(self, store: RecordStore) -> None:
        self.store = store

    def all(self) -> list[SchoolClass]:
        """Every class, by name."""
        with self.store.read() as connection:
            return [_class(row) for row in connection.execute(select(classes).order_by(classes.c.id))]

    def find(self, class_id: str) -> SchoolClass | None:
        """The class of this name, if there is one."""
        with self.store.read() as connection:
            row = connection.execute(select(classes).where(classes.c.id == class_id)).first()
        return None if row is None else _class(row)

    def get(self, class_id: str) -> SchoolClass:
        """The class of this name; a Refusal when there is none."""
        found = self.find(class_id)
        if found is None:
            known = ", ".join(one.id for one in self.all()) or "–"
            raise Refusal("There is no class {name!r}. Classes so far: {known}.", name=class_id[:40], known=known)
        return found

    def put(self, class_id: str, size: int, title: str = "") -> SchoolClass:
        """Make a class, or change its size and title. Seats that are taken away keep their records."""
        name = proper_id(class_id)
        if not 1 <= size <= LARGEST:
            raise Refusal("A class has 1 to {most} seats, not {size}.", most=LARGEST, size=size)
        values = {"title": title or name, "size": size}
        with self.store.write() as connection:
            if connection.execute(select(classes.c.id).where(classes.c.id == name)).first() is None:
                connection.execute(insert(classes).values(id=name, created=time.time(), **values))
            else:
                connection.execute(update(classes).where(classes.c.id == name).values(**values))
        return self.get(name)


def proper_id(class_id: str) -> str:
    """The name of a class as it is written everywhere; a Refusal when it cannot be one."""
    name = unicodedata.normalize("NFKC", class_id).strip()
    if not ID.fullmatch(name) or DEVICES.fullmatch(name):
        raise Refusal(
            "{name!r} cannot be the name of a class. Use letters, digits and -, at most 20 of them, such as 3-2.",
            name=class_id[:40],
        )
    return name


def seat_name(class_id: str, number: int) -> str:
    """What a seat is called in the record."""
    return f"{class_id}/{number}"


def _class(row: Any) -> SchoolClass:
    return SchoolClass(row.id, row.title, row.size, row.created)
