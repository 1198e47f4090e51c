"""A lesson in one page, when it is over: what the class mastered, where it lost its time, what most got wrong."""

import math
from collections import Counter
from statistics import median
from typing import Any

from labs.bench.digits import digits
from labs.bench.scenario import Scenario
from labs.bench.words import Text, _, both, both_say
from voila_apps.teacher.wall import Tile

SLIPS = (  # a wrong number is often the right one with one thing gone wrong; the ratio tells which
    (2.0, _("twice the accepted value")),
    (0.5, _("half the accepted value")),
    (math.pi, _("π times the accepted value")),
    (1 / math.pi, _("the accepted value divided by π")),
    (2 * math.pi, _("2π times the accepted value")),
    (0.5 / math.pi, _("the accepted value divided by 2π")),
    (-1.0, _("the sign is turned round")),
)
CLOSE = 0.08  # how near a ratio must be to tell a slip
COMMON = 5  # wrong answers that are listed


def questions(scenario: Scenario, tiles: dict[str, Tile], truths: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Each question: how many were right at once, right later, wrong, silent; and the most common wrong answers."""
    found = []
    for name, question in scenario.asked.items():
        given = [tile.record.answers.get(name, []) for tile in tiles.values()]
        first = sum(bool(one) and one[0]["verdict"] == "right" for one in given)
        right = sum(bool(one) and one[-1]["verdict"] == "right" for one in given)
        wrong = sum(bool(one) and one[-1]["verdict"] == "wrong" for one in given)
        found.append({
            "id": name, "text": both(question.text), "open": question.answer is None, "first": first,
            "later": right - first, "wrong": wrong, "silent": sum(not one for one in given),
            "given": sum(bool(one) and one[-1]["verdict"] == "recorded" for one in given),
            "common": common_errors(name, scenario, tiles, truths), "chosen": chosen(name, scenario, tiles),
        })
    return found


def chosen(name: str, scenario: Scenario, tiles: dict[str, Tile]) -> list[dict[str, Any]]:
    """What was said to a question that has choices and no right answer: a prediction."""
    question = scenario.asked[name]
    if question.answer is not None or question.choices is None:
        return []
    last = Counter(str(tile.record.answers[name][-1]["value"]) for tile in tiles.values()
                   if tile.record.answers.get(name))
    return [{"text": both(question.choices.get(key, key)), "seats": count} for key, count in last.most_common()]


def common_errors(name: str, scenario: Scenario, tiles: dict[str, Tile],
                  truths: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was answered wrong most often: the choice, the kind of slip, or the number itself."""
    question = scenario.asked[name]
    counted: Counter[str] = Counter()
    words: dict[str, dict[str, str]] = {}
    for seat, tile in tiles.items():
        told = set()
        for answer in tile.record.answers.get(name, []):
            if answer["verdict"] == "wrong":
                text = _wrong(answer, question.choices, truths.get(seat, {}).get(name))
                words[text["en"]] = text
                told.add(text["en"])
        counted.update(told)
    return [{"text": words[key], "seats": count} for key, count in counted.most_common(COMMON)]


def _wrong(answer: Any, choices: dict[str, Text] | None, truth: Any) -> dict[str, str]:
    value = answer["value"]
    if choices is not None:
        return both(choices.get(str(value), str(value)))
    if not isinstance(value, int | float):
        return both(str(value)[:40])
    slip = _slip(value / truth) if isinstance(truth, int | float) and truth else None
    return slip or both(f"{digits(float(value))[0]} {answer['unit']}".strip())


def _slip(ratio: float) -> dict[str, str] | None:
    """The kind of mistake that this ratio tells of, if it tells of one."""
    for factor, text in SLIPS:
        if abs(ratio / factor - 1) < CLOSE:
            return both_say(text)
    power = round(math.log10(ratio)) if ratio > 0 else 0
    if power and abs(ratio / 10.0**power - 1) < CLOSE:
        return both_say(_("wrong by a power of ten (10^{power})"), power=power)
    if abs(ratio - 1) < 2 * CLOSE:
        return both_say(_("near the accepted value, but not near enough"))
    return None


def steps(scenario: Scenario, tiles: dict[str, Tile]) -> list[dict[str, Any]]:
    """Each step: how many came past it, and how many minutes the class spent on it (median)."""
    found = []
    for number, step in enumerate(scenario.steps):
        spent = [tile.times[number] for tile in tiles.values() if number in tile.times]
        found.append({"number": number + 1, "text": both(step.text),
                      "done": sum(tile.record.steps_done[number] for tile in tiles.values()),
                      "minutes": round(median(spent) / 60, 1) if spent else None})
    return found
