"""A lesson lets its class in by a code, and is remembered across a restart."""

import pytest

from engine.errors import Refusal
from voila_apps.classroom.lessons import Lesson, Lessons
from voila_apps.store import RecordStore


@pytest.fixture
def lessons(store: RecordStore) -> Lessons:
    opened = Lessons(store)
    opened.classes.put("3-2", 40)
    opened.classes.put("3-1", 38)
    return opened


def test_a_lesson_is_found_by_its_code_and_by_its_seats(lessons: Lessons) -> None:
    lesson = lessons.start("3-2", "swing", "hash", "guided")
    other = lessons.start("3-1", "swing", "hash", "free")
    assert lesson.code != other.code and len(lesson.code) == 6 and lesson.code[0] != "0"
    wide = lesson.code.translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert lessons.of_code(f" {wide[:3]} {wide[3:]} ") == lesson
    assert lessons.of_seat("3-2/17") == lesson and lessons.of_seat("3-1/2") == other
    assert lessons.of_seat("3-22/1") is None and lessons.of_seat("guest-3-2/1") is None
    assert lessons.of_code("") is None and lessons.of_code("00000x") is None


def test_a_class_has_one_lesson_at_a_time(lessons: Lessons) -> None:
    first = lessons.start("3-2", "swing", "hash", "guided")
    with pytest.raises(Refusal, match="already has a lesson"):
        lessons.start("3-2", "swing", "hash", "guided")
    lessons.end(first.uid)
    assert lessons.of_code(first.code) is None and lessons.of_seat("3-2/1") is None
    assert lessons.start("3-2", "second", "hash", "exam").exam


def test_what_changes_is_told_and_survives_a_restart(lessons: Lessons, store: RecordStore) -> None:
    heard = list[Lesson]()
    lessons.on_change(heard.append)
    lesson = lessons.start("3-2", "swing", "hash", "guided")
    paused = lessons.pause(lesson.uid, True)
    assert lessons.pause(lesson.uid, True) == paused
    assert heard == [lesson, paused]
    again = Lessons(store)
    assert again.open() == [paused] and again.of_code(lesson.code) == paused
    ended = again.end(lesson.uid)
    assert ended.ended and not ended.paused and again.end(lesson.uid) == ended
    assert Lessons(store).get(lesson.uid) == ended and again.past("3-2") == [ended]


@pytest.mark.parametrize("name", ["", "a/b", "..", "3-2/1", "a" * 21, "x\0", "<b>", "con", "COM1", "-3", "a b", "=1+1"])
def test_names_that_no_class_can_have(lessons: Lessons, name: str) -> None:
    with pytest.raises(Refusal, match="cannot be the name of a class"):
        lessons.classes.put(name, 40)


@pytest.mark.parametrize("mode", ["", "Exam", "hard"])
def test_other_modes_and_classes_are_refused(lessons: Lessons, mode: str) -> None:
    with pytest.raises(Refusal, match="guided, free, exam"):
        lessons.start("3-2", "swing", "hash", mode)
    with pytest.raises(Refusal, match="no class '9-9'. Classes so far: 3-1, 3-2"):
        lessons.start("9-9", "swing", "hash", "free")
