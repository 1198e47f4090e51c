"""What the catalogue page shows: a card for each scenario, the filters that tell them apart, words to try."""

import time
import unicodedata
import zlib
from typing import Any

from voila_apps.catalogue import Scenario
from voila_apps.store import Progress
from voila_apps.wording import CATALOGUE_WORDS, SUBJECTS, in_both

TIMES = (20, 30, 45, 60)  # minutes; those that separate the cards become filters
HOUR, DAY = 60, 60 * 24  # minutes
SHOWN = ("summary", "subject", "level", "minutes", "curriculum", "lab", "lab_title", "steps")
SPOKEN = ("title", "summary", "subject", "level", "lab_title")


def card(scenario: Scenario, progress: Progress | None, picture: str | None) -> dict[str, Any]:
    """One card, ready for the template."""
    shown: dict[str, Any] = {name: scenario.card.get(name) for name in SHOWN}
    shown |= {name: _raised(shown[name]) for name in ("subject", "level", "lab_title") if shown[name]}
    shown |= {
        "id": scenario.id,
        "own": scenario.own,
        "title": scenario.title,
        "error": scenario.error,
        "picture": picture,
    }
    shown |= {
        "seed": zlib.crc32(str(shown["lab"] or scenario.id).encode()) % 1000,
        "minutes_text": _counted("minutes", shown["minutes"]),
        "steps_text": _counted("steps", shown["steps"]),
        "found_by": {
            "subject": _english(shown["subject"]),
            "level": _english(shown["level"]),
            "minutes": shown["minutes"] or 0,
            "words": _search_text(shown),
        },
    }
    if progress is not None and not progress.ended:
        shown["begun"] = _begun(progress)
    return shown


def in_order(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was begun comes first, the latest before the earlier; what cannot be opened comes last."""

    def place(one: dict[str, Any]) -> tuple[Any, ...]:
        begun = one.get("begun")
        return (
            one["error"] is not None,
            begun["minutes_ago"] if begun else float("inf"),
            one["own"],
            one["found_by"]["subject"],
            str(one["lab"]),
            one["title"]["en"],
        )

    return sorted(cards, key=place)


def filters(cards: list[dict[str, Any]]) -> list[tuple[str, dict[str, str], list[dict[str, Any]]]]:
    """The questions that tell these cards apart: name, label and options, the first of which lets all through."""
    everything = {"value": "", "text": in_both(CATALOGUE_WORDS["all"])}
    found = []
    for name in ("subject", "level"):
        texts = {_english(one[name]): one[name] for one in cards if _english(one[name])}
        found.append((name, [{"value": value, "text": texts[value]} for value in sorted(texts)]))
    lengths = [one["minutes"] for one in cards if one["minutes"]]
    limits = [limit for limit in TIMES if lengths and min(lengths) <= limit < max(lengths)]
    found.append(("time", [{"value": limit, "text": _counted("up_to", limit)} for limit in limits]))
    return [
        (name, in_both(CATALOGUE_WORDS[name]), [everything, *options])
        for name, options in found
        if len(options) > (name != "time")
    ]


def words_to_try(cards: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Names of labs, for somebody whose search found nothing."""
    titles = {one["lab"]: one["lab_title"] for one in cards if one["lab_title"]}
    return list(titles.values())[:3]


def _raised(text: dict[str, str]) -> dict[str, str]:
    """A short text as a label: with a capital in English, and in Chinese if it is a subject that we have a word for."""
    if text["en"] == text["zh"] and text["en"].lower() in SUBJECTS:
        text = in_both(text["en"].lower())
    return {**text, "en": text["en"][:1].upper() + text["en"][1:]}


def _begun(progress: Progress) -> dict[str, Any]:
    minutes = max(0, int(time.time() - progress.last) // 60)
    name, number = (
        ("just_now", 0)
        if minutes < 1
        else ("minutes_ago", minutes)
        if minutes < 2 * HOUR
        else ("hours_ago", minutes // HOUR)
        if minutes < 2 * DAY
        else ("days_ago", minutes // DAY)
    )
    return {
        "minutes_ago": minutes,
        "when": _counted(name, number),
        "readings": progress.readings,
        "readings_text": _counted("reading" if progress.readings == 1 else "readings", progress.readings),
    }


def _counted(name: str, number: Any) -> dict[str, str]:
    return in_both(CATALOGUE_WORDS[name], n=number)


def _english(text: dict[str, str] | None) -> str:
    return text["en"] if text else ""


def _search_text(shown: dict[str, Any]) -> str:
    """Everything that a search may find, in both languages, as the page's script compares it."""
    texts = [shown[name] for name in SPOKEN if shown[name]] + list(shown["curriculum"] or [])
    words = [shown["id"], *(text[lang] for text in texts for lang in ("en", "zh"))]
    return unicodedata.normalize("NFKC", " ".join(words)).lower()
