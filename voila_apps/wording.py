"""The words of the catalogue and of the pages around a bench. Their Chinese is in the catalogue of words."""

from typing import Any

from labs.bench.words import _, both_say

CATALOGUE_WORDS = {
    "name": _("Wanxiang Laboratory"),
    "motto": _("Nature in a browser. Set it up, measure it, find out."),
    "search": _("Search: pendulum, pressure, g …"),
    "all": _("All"),
    "subject": _("Subject"),
    "level": _("Level"),
    "time": _("Time"),
    "up_to": _("up to {n} min"),
    "minutes": _("{n} min"),
    "steps": _("{n} steps"),
    "open": _("Open the bench"),
    "continue": _("Continue"),
    "again": _("Start again"),
    "again_sure": _("Put this run aside and start again with new hidden values?"),
    "just_now": _("You were here a moment ago"),
    "minutes_ago": _("You stopped here {n} min ago"),
    "hours_ago": _("You stopped here {n} h ago"),
    "days_ago": _("You stopped here {n} days ago"),
    "readings": _("{n} readings"),
    "reading": _("{n} reading"),
    "own": _("From your teacher"),
    "cannot_open": _("Cannot be opened"),
    "found": _("{n} experiments"),
    "found_one": _("{n} experiment"),
    "nothing": _("Nothing matches."),
    "nothing_try": _("Try another word, such as “pressure” or “pendulum”, or clear the filters."),
    "clear_filters": _("Clear the filters"),
    "empty": _("There are no experiments yet."),
    "empty_try": _("Put a scenario notebook into the scenarios folder; `wanxiang new` writes a first one."),
    "filters": _("Find an experiment"),
    "teachers": _("For teachers at this computer"),
    "teachers_text": _(
        "Every notebook in your folder becomes a card here. A card shows what is wrong when one cannot be opened."
    ),
    "teachers_folder": _("Your scenarios"),
    "teachers_new": _("Write a new one"),
    "teachers_edit": _("Edit them in JupyterLab"),
    "language": _("Language"),
    "skip": _("Skip to the experiments"),
    "back": _("All experiments"),
    "try_again": _("Try again"),
    "preparing": _("Preparing your bench"),
    "stage_open": _("Opening the laboratory"),
    "stage_apparatus": _("Setting up the apparatus"),
    "stage_instruments": _("Connecting the instruments"),
    "stage_light": _("Turning on the light"),
    "slow": _("This takes longer than usual. The first time a laboratory is opened it has to be built; please wait."),
    "failed": _("This bench could not be prepared."),
    "failed_do": _("Try again. If it fails again, tell your teacher the name of the experiment."),
    "stopped": _("The bench has stopped. Everything you recorded is safe."),
    "go_on": _("Go on"),
    "queue_title": _("All benches are taken."),
    "queue_text": _("This page keeps your place and opens your bench as soon as it is your turn. Keep it open."),
    "queue_place": _("Your place"),
    "queue_of": _("of {n} who wait"),
    "queue_minutes": _("about {n} min"),
    "queue_soon": _("less than a minute"),
    "queue_turn": _("It is your turn: your bench is being opened."),
    "today": _("Today's lesson"),
    "exam": _("Exam"),
    "exam_text": _("One attempt, no hints. All other experiments are closed until it is over."),
    "your_seat": _("Your seat"),
    "to_lesson": _("Go to the experiment"),
    "moved_away": _("Your seat is now on another tablet. Everything you recorded is safe."),
    "seat_left": _("Nobody sits at this seat any more. Everything you recorded is safe."),
    "to_seat": _("Take a seat"),
    "to_teacher": _("To the teacher's page"),
    "old_browser": _(
        "This browser is too old for the laboratory. Use Chrome or Edge 92, Firefox 92, Safari 15.4, or newer."
    ),
    "no_script": _("The laboratory needs JavaScript. Allow it for this page, then reload."),
}

# What teachers call their subjects when they write one word for both languages.
SUBJECTS = (_("physics"), _("chemistry"), _("biology"), _("mathematics"), _("astronomy"), _("engineering"))

NOTICES = {
    "unknown": {
        "title": _("There is no such page."),
        "text": _("The address may be misspelt, or the experiment was renamed. All experiments are in the catalogue."),
    },
    "broken": {
        "title": _("“{title}” cannot be opened today."),
        "text": _("Tell your teacher: {problem}"),
    },
    "hurried": {
        "title": _("One moment, please."),
        "text": _(
            "This tablet asked for many pages at once. The page opens by itself in {n} s; you need not tap again."
        ),
    },
    "exam": {
        "title": _("This experiment is closed during the exam."),
        "text": _("Go on with the experiment of the exam. All others open again when it is over."),
    },
    "exam_over": {
        "title": _("The exam has ended."),
        "text": _("Everything that you recorded is saved. Your teacher will tell you the result."),
    },
    "once": {
        "title": _("In an exam there is one attempt."),
        "text": _("Go on where you are. If you must begin again, ask your teacher to allow it."),
    },
    "trouble": {
        "title": _("Something went wrong on our side."),
        "text": _("What you recorded is safe. Try again in a moment; if it stays, tell your teacher."),
    },
}


def in_both(text: str, **fields: Any) -> dict[str, str]:
    """A sentence in both languages; without fields its places stay, for the page to fill."""
    return both_say(text, **fields)
