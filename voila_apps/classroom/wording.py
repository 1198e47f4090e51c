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
    "login_lost": _("Lost it? Type “wanxiang password” at the box: it makes a new one."),
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
    "connection": _("Will this tablet do?"),
    "measuring": _("Measuring; this takes some seconds …"),
    "verdict_good": _("Yes. This tablet is ready for every experiment."),
    "verdict_enough": _("It will do. The picture may move less smoothly; what you measure is just as exact."),
    "verdict_weak": _("Not like this. What to do stands below, in the lines with an exclamation mark."),
    "check_browser": _("Browser"),
    "check_webgl": _("3-D pictures"),
    "check_frames": _("Pictures per second"),
    "check_socket": _("Live connection"),
    "check_delay": _("There and back"),
    "check_megabits": _("Speed of the line"),
    "advice_browser": _(
        "This browser is too old. Use Chrome or Edge 92, Firefox 92, Safari 15.4, or newer, or another tablet."
    ),
    "advice_webgl": _(
        "The browser draws no 3-D pictures. Switch on hardware acceleration in its settings, or use another browser."
    ),
    "advice_frames": _("The picture is slow. Close other tabs and apps, charge the tablet, or use another one."),
    "advice_socket": _(
        "The network lets pages through but no live connections. Tell your teacher: a proxy stands in between."
    ),
    "advice_delay": _("Answers take long. Move nearer to the Wi-Fi, or ask your teacher for another network."),
    "advice_megabits": _("The line is slow. Move nearer to the Wi-Fi, and stop downloads on this tablet."),
    "word_yes": _("works"),
    "word_no": _("does not work"),
    "word_old": _("too old"),
    "word_software": _("works, without a graphics chip"),
    "to_seat_now": _("Take your seat"),
    "to_labs": _("To the experiments"),
    "measure_again": _("Measure again"),
    "check_seen": _("If you have a seat, your teacher sees this result."),
}


@lru_cache
def room_words() -> dict[str, dict[str, str]]:
    """Every word of the classroom's pages in both languages."""
    return {name: in_both(text) for name, text in ROOM_WORDS.items()}
