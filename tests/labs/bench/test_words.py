"""Both languages say the same, with the same fields."""

import pytest

from engine.errors import Refusal
from labs.bench.words import both, both_say, catalogue, language, say

TEMPLATE = "{name} must be a whole number, not {value}."


def test_a_bare_string_stands_for_both_languages() -> None:
    assert both("pV") == {"en": "pV", "zh": "pV"}


def test_a_text_that_lacks_a_language_is_refused() -> None:
    with pytest.raises(Refusal, match="lacks its 'zh' part"):
        both({"en": "only English"})


def test_a_refusal_is_said_in_the_readers_language() -> None:
    refusal = Refusal(TEMPLATE, name="number", value=1.5)
    assert say(refusal, "en") == "number must be a whole number, not 1.5."
    assert say(refusal, "zh") != say(refusal, "en")
    assert "1.5" in say(refusal, "zh")
    assert say(refusal, "zh-CN") == say(refusal, "zh")


def test_fields_that_are_texts_are_translated_too() -> None:
    said = both_say(TEMPLATE, name={"en": "count", "zh": "个数"}, value=2.5)
    assert said["en"].startswith("count") and "个数" in said["zh"] and "count" not in said["zh"]


def test_braces_stay_when_nothing_is_to_be_filled_in() -> None:
    assert say("a set {1, 2}", "en") == "a set {1, 2}"


@pytest.mark.parametrize(("code", "known"), [("zh-Hans-CN", "zh"), ("EN_us", "en"), ("fr", "en"), ("", "en")])
def test_language_codes_find_our_languages(code: str, known: str) -> None:
    assert language(code) == known


def test_english_needs_no_catalogue() -> None:
    assert catalogue("en") == {}
    assert TEMPLATE in catalogue("zh")
