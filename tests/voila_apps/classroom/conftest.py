"""A classroom: a server with seats, a teacher who is logged in, a class that has a lesson."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.voila_apps.conftest import PENDULUM, REPOSITORY, Answer, House, Visitor, notebook, start
from voila_apps.classroom.lessons import Lessons
from voila_apps.home import data_folder
from voila_apps.store import RecordStore

FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@dataclass
class Room:
    """A running classroom."""

    house: House
    password: str
    codes: dict[str, str] = field(default_factory=dict)  # of the lessons that were open when it started, by class
    lessons: dict[str, str] = field(default_factory=dict)  # their uids

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

    def sit(self, class_id: str, number: int | str, who: Visitor | None = None, code: str = "") -> Visitor:
        """A student who took a seat, or asked for it."""
        who = who or self.visitor()
        answer = self.post(who, "/seat", f"code={code or self.codes[class_id]}&number={number}")
        assert answer.status == 303, answer.text
        return who

    def decide(self, teacher: Visitor, what: str, seat: str, **more: str) -> Answer:
        return self.post(teacher, f"/teacher/seats/{what}", json.dumps({"seat": seat, **more}))

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
    own.mkdir(parents=True, exist_ok=True)
    for name in ("swing", "second"):
        (own / f"{name}.ipynb").write_text(notebook(PENDULUM), encoding="utf-8")


def open_room(data: Path, *options: str, **modes: str) -> Room:
    """A classroom in which classes have lessons: `guided="3-2"`."""
    furnish(data)
    folder = data_folder(data)
    store = RecordStore(folder.record, folder.secret())
    lessons = Lessons(store)
    for mode, names in modes.items():
        for name in names.split():
            lessons.classes.put(name, 40)
            lessons.start(name, "swing", "", mode)
    store.close()
    opened = Room(start(data, "--classroom", *options), reset_password(data))
    opened.codes = {lesson.class_id: lesson.code for lesson in lessons.open()}
    opened.lessons = {lesson.class_id: lesson.uid for lesson in lessons.open()}
    return opened


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One classroom for the tests of this folder."""
    opened = open_room(tmp_path_factory.mktemp("room"), "--benches", "8", guided="3-2", free="3-1", exam="2-5")
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
