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
}


@lru_cache
def room_words() -> dict[str, dict[str, str]]:
    """Every word of the classroom's pages in both languages."""
    return {name: in_both(text) for name, text in ROOM_WORDS.items()}
