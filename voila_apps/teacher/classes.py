"""Classes as the teacher keeps them: a name, a number of seats, and a list of names that stays in its own file."""

from typing import Any

from engine.errors import Refusal
from labs.bench.words import both_say
from voila_apps.classroom import roster
from voila_apps.teacher.pages import Home
from voila_apps.teacher.wording import TEACHER_WORDS
from voila_apps.wording import in_both


class SaveClass(Home):
    """Makes a class, or changes it; an uploaded list of names tells how many seats it needs."""

    async def get(self) -> None:
        """Looking at this address changes nothing."""
        self.redirect("/teacher#classes")

    async def post(self) -> None:
        """Save it and say so, with what was odd about the list; or say why not."""
        name, size = self.get_body_argument("name", ""), self.get_body_argument("size", "")
        uploaded = self.request.files.get("list", [])
        try:
            found = roster.read(uploaded[0]["body"]) if uploaded and uploaded[0]["body"] else None
            saved = await self.in_writer(self.room.classes.put, name, self._seats(size, found))
            if found is not None:
                roster.keep(self.room.folder.classes, saved.id, found)
        except Refusal as refusal:
            self.set_status(409)
            await self.show(refusal)
            return
        remarks = [both_say(remark) for remark in found.remarks] if found else []
        told = in_both(TEACHER_WORDS["class_saved"], name=saved.id, n=saved.size)
        await self.show(good={lang: " ".join([told[lang], *(one[lang] for one in remarks)]) for lang in told})

    @staticmethod
    def _seats(typed: str, found: Any) -> int:
        """The larger of what was typed and what the list needs."""
        if typed and (not typed.isdecimal() or len(typed) > 3):
            raise Refusal("Say how many seats the class has: a number from 1 to 99.")
        size = max(int(typed or 0), found.size if found else 0)
        if not size:
            raise Refusal("Say how many seats the class has: a number from 1 to 99.")
        return size
