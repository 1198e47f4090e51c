"""The teacher's doors: their addresses, and what the server needs for them. Without a classroom there are none."""

from pathlib import Path
from typing import Any

from voila_apps.benches import kernel_environment
from voila_apps.gate import KERNEL_ID
from voila_apps.teacher import pages, requests
from voila_apps.teacher.classes import SaveClass
from voila_apps.teacher.clerk import Clerk
from voila_apps.teacher.intercom import Intercom, IntercomRequest
from voila_apps.teacher.live import Walls
from voila_apps.teacher.shoulder import TeachersChannels, TeachersKernel, WatchChannels, WatchedKernel

UID = r"([A-Za-z0-9-]{6,64})"


def doors() -> list[Any]:
    """Every address of the teacher's side, the intercom of the benches among them."""
    return [
        (r"/teacher/?", pages.Home),
        (r"/teacher/lessons", pages.StartLesson),
        (r"/teacher/classes", SaveClass),
        (rf"/teacher/lesson/{UID}", pages.LessonPage),
        (rf"/teacher/lesson/{UID}/orders", requests.Orders),
        (rf"/teacher/projector/{UID}", pages.Projector),
        (rf"/teacher/events/{UID}", requests.News),
        (rf"/teacher/summary/{UID}", pages.SummaryPage),
        (rf"/teacher/report/{UID}/(.+)", pages.ReportPage),
        (rf"/teacher/bench/{UID}/(.+)", pages.WatchPage),
        (rf"/teacher/look/{UID}/(.+)", requests.Look),
        (r"/teacher/names/([^/]+)", requests.Names),
        (r"/teacher/try/([^/]+)", pages.TrialPage),
        (r"/teacher/answers/([^/]+)", requests.TrialAnswers),
        (rf"/teacher/watch/api/kernels/{KERNEL_ID}", WatchedKernel),
        (rf"/teacher/watch/api/kernels/{KERNEL_ID}/channels", WatchChannels),
        (rf"/teacher/own/api/kernels/{KERNEL_ID}", TeachersKernel),
        (rf"/teacher/own/api/kernels/{KERNEL_ID}/channels", TeachersChannels),
        (r"/api/intercom", IntercomRequest),
    ]


def furnish(settings: dict[str, Any], room: Any, host: str) -> dict[str, Any]:
    """What the doors find in the application's settings; to be called where the event loop runs."""
    catalogue = settings["catalogue"]

    async def notebook(name: str) -> Path:
        return (await catalogue.scenarios())[name].path

    def paused(uid: str) -> bool:
        lesson = room.lessons.get(uid) if uid.startswith("lesson-") else None
        return bool(lesson and lesson.paused)

    return {"host": host, "intercom": Intercom(paused),
            "clerk": Clerk(lambda: kernel_environment(str(settings["store"].path.parent))),
            "walls": Walls(settings["store"], settings["benches"], room, notebook)}
