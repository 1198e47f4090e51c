"""Every sentence of the program has its Chinese: extracted from the sources as gettext tools do it."""

import ast
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

HOUSE = Path(__file__).resolve().parents[2]
PO = HOUSE / "labs" / "locale" / "zh" / "LC_MESSAGES" / "wanxiang.po"
PYTHON = ["_", "say", "both_say", "Refusal", "NumericalFailure"]
FIELD = re.compile(r"\{(\w+)[^{}]*\}")


def sources(pattern: str) -> list[Path]:
    """Files of the three floors that may hold sentences."""
    return [path for floor in ("engine", "labs", "voila_apps") for path in sorted((HOUSE / floor).rglob(pattern))]


def refusals() -> set[str]:
    """Names of the classes that derive from Refusal: their first argument is a sentence too."""
    names, before = {"Refusal"}, 0
    classes = [node for path in sources("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))
               if isinstance(node, ast.ClassDef)]
    while before != len(names):
        before = len(names)
        names |= {one.name for one in classes for base in one.bases if ast.unparse(base).split(".")[-1] in names}
    return names


@lru_cache(maxsize=1)
def sentences() -> dict[str, str]:
    """Every message id in the sources, with a file in which it stands."""
    keywords = dict.fromkeys([*PYTHON, *refusals()])
    found = {}
    for pattern, method, words in (("*.py", "python", keywords), ("*.js", "javascript", {"t": None}),
                                   ("*.j2", "jinja2.ext:babel_extract", {"_": None, "t": None}),
                                   ("*.html", "jinja2.ext:babel_extract", {"_": None, "t": None})):
        for path in sources(pattern):
            with path.open("rb") as file:
                for _, message, _, _ in extract(method, file, keywords=words):
                    found[str(message)] = str(path.relative_to(HOUSE))
    return found


def entries() -> dict[str, str]:
    """The Chinese catalogue."""
    with PO.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, abort_invalid=True) if one.id and not one.fuzzy}


def test_every_sentence_has_its_chinese() -> None:
    known = entries()
    missing = [f"{where}: {message}" for message, where in sentences().items() if not known.get(message)]
    assert not missing, "\n".join(["no Chinese for", *missing])


def test_no_entry_outlives_its_sentence() -> None:
    stale = sorted(set(entries()) - set(sentences()))
    assert not stale, "\n".join(["in the catalogue, but in no source file", *stale])


def test_translations_keep_their_fields() -> None:
    wrong = [message for message, chinese in entries().items()
             if chinese and set(FIELD.findall(message)) != set(FIELD.findall(chinese))]
    assert not wrong


def test_no_sentence_is_translated_twice() -> None:
    """Babel keeps the last of two entries without a word; two entries can disagree."""
    ids = re.findall(r'(?m)^msgid ((?:"[^\n]*"\n?)+)', PO.read_text("utf-8"))
    twice = [message for message, count in Counter(ids).items() if count > 1]
    assert not twice


def test_chinese_is_chinese() -> None:
    """A translation that repeats the English was forgotten; symbols, units and names may stay."""
    same = [message for message, chinese in entries().items()
            if message == chinese and len(re.findall(r"[a-z]{3,}", FIELD.sub("", message))) > 2]
    assert not same


@pytest.mark.parametrize("sentence", ["{name} must be a whole number, not {value}."])
def test_the_extractor_sees_refusals(sentence: str) -> None:
    assert sentence in sentences()
