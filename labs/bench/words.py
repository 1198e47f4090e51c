"""Two equal languages: every text that a person reads is said in English and in Chinese.

A declaration (a lab, a scenario) carries its texts as `{"en": …, "zh": …}`. Interface texts and errors are English
sentences with `{fields}`; the same sentence is the message id under which the catalogue keeps the other language.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Any

from babel.messages.pofile import read_po

from engine.errors import Refusal

Text = str | dict[str, str]
"""A text: `{"en": …, "zh": …}`, or one string that stands for both."""

LANGUAGES = ("en", "zh")


def _(msgid: str) -> str:
    """Marks a sentence for the catalogue where it stands; `say` translates it when somebody reads it."""
    return msgid


def language(code: str) -> str:
    """The language of ours that a code such as `zh-CN` or `en_GB` asks for; English when we have none."""
    short = code.replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


@lru_cache
def catalogue(lang: str) -> dict[str, str]:
    """Message id to translation, empty for English; entries without a translation or marked fuzzy are left out."""
    source = files("labs") / "locale" / lang / "LC_MESSAGES" / "wanxiang.po"
    if not source.is_file():
        return {}
    with source.open("rb") as file:
        messages = read_po(file, locale=lang, abort_invalid=True)
    return {str(one.id): str(one.string) for one in messages if one.id and one.string and not one.fuzzy}


def both(text: Text) -> dict[str, str]:
    """The text in every language, as a declaration gives it."""
    if isinstance(text, str):
        return dict.fromkeys(LANGUAGES, text)
    for lang in LANGUAGES:
        if not isinstance(text, dict) or not isinstance(text.get(lang), str):
            raise Refusal("The text {text!r} lacks its '{language}' part; write it in both languages.",
                          text=text, language=lang)
    return {lang: text[lang] for lang in LANGUAGES}


def say(message: str | Refusal | dict[str, str], lang: str, **fields: Any) -> str:
    """The sentence in the reader's language, its fields filled in; fields may be texts themselves."""
    if isinstance(message, Refusal):
        return say(message.template, lang, **message.fields | fields)
    lang = language(lang)
    if isinstance(message, dict):
        return both(message)[lang]
    template = catalogue(lang).get(message, message)
    return template.format(**{name: spoken(value, lang) for name, value in fields.items()}) if fields else template


def spoken(value: Any, lang: str) -> Any:
    """A field of a sentence: a text or a refusal in the reader's language, anything else as it is."""
    if isinstance(value, Refusal):
        return say(value, lang)
    if isinstance(value, dict) and set(value) == set(LANGUAGES):
        return value[lang]
    return value


def both_say(message: str | Refusal | dict[str, str], **fields: Any) -> dict[str, str]:
    """The sentence in every language."""
    return {lang: say(message, lang, **fields) for lang in LANGUAGES}
