"""The words of the classroom's pages. Their Chinese is in the catalogue of words."""

from functools import lru_cache

from labs.bench.words import _
from voila_apps.wording import in_both

ROOM_WORDS = {
    "login": _("For teachers"),
    "login_ask": _("The password was shown when Wanxiang was started for the first time."),
    "password": _("Password"),
    "enter": _("Enter"),
    "login_wrong": _("That is not the password. Look for l and 1, o and 0: the password has none of them."),
    "login_wait": _("Too many tries. Wait {n} s, then try again."),
    "login_lost": _("Lost it? Run `wanxiang password` at the box: it makes a new one."),
    "to_seat": _("I am a student"),
    "to_login": _("For teachers"),
    "seat": _("Take your seat"),
    "seat_ask": _("Your teacher shows the code. Your number is on your desk or in the class list."),
    "code": _("Class code"),
    "code_hint": _("6 digits"),
    "number": _("Seat number"),
    "sit": _("Sit down"),
    "code_wrong": _("No lesson has this code now. Look at it once more, or ask your teacher."),
    "code_wait": _("Too many wrong codes. Wait {n} s, then try again."),
    "number_wrong": _("Class {name} has the seats 1 to {n}. Which is yours?"),
    "your_seat": _("Your seat"),
    "waiting": _("Ask your teacher"),
    "waiting_text": _(
        "Another tablet already sits at this seat. Your teacher sees that you are here; this page goes on by itself "
        "as soon as your teacher agrees."
    ),
    "waiting_now": _("Waiting for your teacher …"),
    "other_seat": _("I mistyped my seat"),
    "refused": _("Your teacher left seat {seat} to the other tablet. Type your own code and seat number."),
    "moved": _("Seat {seat} is now on another tablet."),
    "seated": _("You are seated"),
    "to_bench": _("Go to the experiment"),
    "leave": _("Leave this seat"),
    "leave_text": _("What you did is kept. Leave the seat when somebody else needs this tablet."),
    "check": _("Check this tablet"),
}


@lru_cache
def room_words() -> dict[str, dict[str, str]]:
    """Every word of the classroom's pages in both languages."""
    return {name: in_both(text) for name, text in ROOM_WORDS.items()}
