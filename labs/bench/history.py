"""What was done to the apparatus, as a tree: undo returns to a parent, a new act grows a branch.

A place in the tree is the last act done and the step of the solver. Scenario, draw key and the line of acts
that leads to a place determine the apparatus there, so a place is all that undo needs to remember.
"""

from dataclasses import dataclass, field
from typing import Any

from engine.errors import Refusal

START = 0  # the number of the start document: nothing done yet


@dataclass(frozen=True)
class Act:
    """One act upon the apparatus: the number of its document, the act before it, its step, what was done."""

    seq: int
    parent: int
    step: int
    do: str
    what: dict[str, Any]


@dataclass(frozen=True, order=True)
class Place:
    """The last act done (by the number of its document) and the solver's step."""

    head: int
    step: int


@dataclass
class History:
    """The tree, where we are in it, and the places that undo and redo return to."""

    here: Place = Place(START, 0)
    acts: dict[int, Act] = field(default_factory=dict)
    undo_places: list[Place] = field(default_factory=list)
    redo_places: list[Place] = field(default_factory=list)

    def reach(self, step: int) -> None:
        """Time went on."""
        self.here = Place(self.here.head, step)

    def do(self, seq: int, do: str, what: dict[str, Any]) -> None:
        """Grow the branch we are on by one act, here and now."""
        self.acts[seq] = Act(seq, self.here.head, self.here.step, do, what)
        self.here = Place(seq, self.here.step)

    def mark(self) -> None:
        """Here is where undo shall return to; there is nothing to redo any more."""
        self.undo_places.append(self.here)
        self.redo_places.clear()

    def undo(self) -> Place:
        """Go back to the place before the last change."""
        if not self.undo_places:
            raise Refusal("There is nothing to undo.")
        self.redo_places.append(self.here)
        self.here = self.undo_places.pop()
        return self.here

    def redo(self) -> Place:
        """Return to where the last undo was pressed."""
        if not self.redo_places:
            raise Refusal("There is nothing to redo.")
        self.undo_places.append(self.here)
        self.here = self.redo_places.pop()
        return self.here

    def reset(self) -> Place:
        """Go to the beginning; this too can be undone."""
        self.mark()
        self.here = Place(START, 0)
        return self.here

    def back(self, place: Place) -> Place:
        """Go back along the present line to `place`."""
        if not self.behind(place):
            raise Refusal("The run never was at step {step} after action {seq}. Use the record as it was written.",
                          step=place.step, seq=place.head)
        self.redo_places.clear()
        self.here = place
        return place

    def behind(self, place: Place) -> bool:
        """Whether `place` lies on the line that leads here."""
        last = self.here.step
        for act in reversed(self.line(self.here.head)):
            if act.seq == place.head:
                return act.step <= place.step <= last
            last = act.step
        return place.head == START and 0 <= place.step <= last

    def line(self, head: int) -> list[Act]:
        """The acts that lead from the beginning to `head`, oldest first."""
        found = []
        while head != START:
            found.append(self.acts[head])
            head = self.acts[head].parent
        return found[::-1]

    def knows(self, head: int) -> bool:
        """Whether there is such an act."""
        return head == START or head in self.acts

    def settings(self, initial: dict[str, Any]) -> dict[str, Any]:
        """The controls as they stand here."""
        settings = dict(initial)
        for act in self.line(self.here.head):
            if act.do == "set":
                settings[act.what["name"]] = act.what["value"]
        return settings
