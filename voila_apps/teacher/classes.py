"""Classes as the teacher keeps them: a name, a number of seats, and a list of names that stays in its own file."""

from engine.errors import Refusal
from voila_apps.teacher.pages import Home
from voila_apps.teacher.wording import TEACHER_WORDS
from voila_apps.wording import in_both


class SaveClass(Home):
    """Makes a class, or changes it."""

    async def get(self) -> None:
        """Looking at this address changes nothing."""
        self.redirect("/teacher#classes")

    async def post(self) -> None:
        """Save it, and say so, or say why not."""
        name, size = self.get_body_argument("name", ""), self.get_body_argument("size", "")
        try:
            if not size.isdecimal() or len(size) > 3:
                raise Refusal("Say how many seats the class has: a number from 1 to 99.")
            saved = await self.in_writer(self.room.classes.put, name, int(size))
        except Refusal as refusal:
            self.set_status(409)
            await self.show(refusal)
            return
        await self.show(good=in_both(TEACHER_WORDS["class_saved"], name=saved.id, n=saved.size))
