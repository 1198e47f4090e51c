"""A classroom: a server with seats, a teacher who is logged in, a class that has a lesson."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.voila_apps.conftest import PENDULUM, REPOSITORY, Answer, House, Visitor, notebook, start
from voila_apps.home import data_folder
from voila_apps.store import RecordStore

FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@dataclass
class Room:
    """A running classroom."""

    house: House
    password: str
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return self.house.port

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def visitor(self) -> Visitor:
        return self.house.visitor()

    def post(self, who: Visitor, path: str, body: str = "", **headers: str) -> Answer:
        return who.ask(path, "POST", body=body, **{**FORM, "Origin": self.origin, **headers})

    def teacher(self) -> Visitor:
        who = self.visitor()
        answer = self.post(who, "/teacher/login", f"password={self.password}")
        assert answer.status == 303, answer.text
        return who


def reset_password(data: Path) -> str:
    """What `wanxiang password` prints, at the box."""
    told = subprocess.run([sys.executable, "-m", "voila_apps.cli", "password", "--data", str(data)], check=True,
                          cwd=REPOSITORY, capture_output=True, text=True, env={"WANXIANG_LANG": "en", "PATH": ""})
    return re.findall(r"[a-z0-9]{4}(?:-[a-z0-9]{4}){2}", told.stdout)[0]


def furnish(data: Path) -> None:
    """A data folder with two scenarios of the teacher's."""
    own = data / "scenarios"
    own.mkdir(parents=True)
    for name in ("swing", "second"):
        (own / f"{name}.ipynb").write_text(notebook(PENDULUM), encoding="utf-8")


def open_room(data: Path, *options: str) -> Room:
    password = reset_password(data)
    return Room(start(data, "--classroom", *options), password)


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One classroom for the tests of this folder."""
    data = tmp_path_factory.mktemp("room")
    furnish(data)
    opened = open_room(data)
    yield opened
    assert opened.house.close() == 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    """An empty record."""
    folder = data_folder(tmp_path)
    folder.prepare()
    opened = RecordStore(folder.record, folder.secret())
    yield opened
    opened.close()
