"""What a seat may do now: which lesson it is in, and which doors an exam closes."""

from dataclasses import dataclass

from tornado.web import RequestHandler

from voila_apps.classroom.cookies import classroom_of, seat_of
from voila_apps.classroom.lessons import Lesson


@dataclass(frozen=True)
class Today:
    """A seat and the lesson that it is held for, which may just have ended; a guest and the teacher have none."""

    seat: str
    lesson: Lesson | None = None
    second_try: bool = False  # the teacher lets this seat begin again

    def lesson_of(self, scenario: str) -> str:
        """The lesson that a run of this scenario belongs to; none when it is done outside the lesson."""
        return self.lesson.uid if self.lesson and self.lesson.scenario == scenario else ""

    def barred(self, scenario: str) -> str:
        """The notice that stands before this scenario's door now; none when it is open."""
        if self.lesson is None or not self.lesson.exam:
            return ""
        if self.lesson.ended is not None:
            return "exam_over"
        return "" if self.lesson.scenario == scenario else "exam"

    def may_begin_again(self, scenario: str) -> bool:
        """In an exam there is one attempt, unless the teacher allows another."""
        return not self.barred(scenario) and (self.second_try or not (self.lesson and self.lesson.exam))


def today(handler: RequestHandler) -> Today | None:
    """Who is asking and in which lesson; None for nobody."""
    seat, room = seat_of(handler), classroom_of(handler)
    if seat is None:
        return None
    if room is None:
        return Today(seat)
    lesson = room.seating.lesson_at(seat)
    return Today(seat, lesson, bool(lesson) and room.seating.may_again(seat))
