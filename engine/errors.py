"""What the laboratory refuses, in words a person can act on: what, where, and what to do.

The English sentence is also the message id under which translations are found, so its
`{fields}` are filled in only when somebody reads it, in that reader's language.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class Refusal(ValueError):
    """An input that cannot be used. `template` is an English sentence with `{fields}`."""

    def __init__(self, template: str, **fields: Any) -> None:
        super().__init__(template, fields)
        self.template = template
        self.fields = fields

    def __str__(self) -> str:
        return self.template.format(**self.fields)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.template, self.fields)


class NumericalFailure(Refusal):
    """A computation that left the numbers a machine can hold; names the quantity and the step."""

    def __init__(self, template: str, *, quantity: str, step: int, **fields: Any) -> None:
        super().__init__(template, quantity=quantity, step=step, **fields)
        self.quantity = quantity
        self.step = step


def _rebuild(kind: type[Refusal], template: str, fields: dict[str, Any]) -> Refusal:
    return kind(template, **fields)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` was probably meant to be, or all of them in a row."""
    known = list(known)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return close[0] if close else ", ".join(known)
