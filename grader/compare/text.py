"""`text`: words, without regard to what does not matter in them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import partial

from grader.compare.parts import Rule, compare
from grader.compare.tell import verdict
from grader.compare.words import expected_got, quoted
from grader.judging import Evidence, Text
from grader.result import Verdict
from grader.values import Value

__all__ = ["distance", "judge", "normal"]


def judge(options: Text, evidence: Evidence) -> Verdict:
    """The expected text, or one in which the pattern is found. Lists and dicts of texts are compared text by text."""
    if options.pattern is None:
        return verdict(compare(evidence.value, evidence.expected, _rule(options)), evidence.value)
    if not isinstance(evidence.value, str):
        return Verdict.failed(expected_got("", evidence.value))
    flags = re.NOFLAG if options.case else re.IGNORECASE
    if re.search(options.pattern, _spaced(evidence.value), flags):
        return Verdict.passed()
    return Verdict.failed("The text is not of the expected form.", f"Yours is {quoted(evidence.value)}.")


def distance(options: Text, value: Value, other: Value) -> float | None:
    """0 for texts that are the same but for what does not matter. A pattern says nothing of two texts and is not used."""
    return compare(value, other, replace(_rule(options), equal_nan=True, alike=True)).distance


def normal(text: str, case: bool = False, punctuation: bool = False) -> str:
    """What matters of a text. Two texts are the same when theirs is.

    Without `punctuation`, a hyphen or apostrophe inside a word is dropped and other marks count as a space; those that belong
    to a number stay ("0.5", "-1", "1/2"). A text that is nothing but marks keeps them.
    """
    plain = _spaced(unicodedata.normalize("NFKC", text))
    plain = plain if case else plain.casefold()
    return plain if punctuation else (_without_marks(plain) or plain)


def _rule(options: Text) -> Rule:
    return Rule(text=partial(normal, case=options.case, punctuation=options.punctuation))


def _spaced(text: str) -> str:
    return " ".join(text.split())


_IN_WORD = re.compile(r"(?<=[^\W\d])[-'’‐‑](?=[^\W\d])")
_IN_NUMBER = re.compile(r"(?<=\d)[.,:/](?=\d)|(?<![\w)])[-.](?=[\d.])")


def _without_marks(text: str) -> str:
    text = _IN_WORD.sub("", text)
    kept = {match.start() for match in _IN_NUMBER.finditer(text)}
    chars = (" " if unicodedata.category(c)[0] == "P" and i not in kept else c for i, c in enumerate(text))
    return _spaced("".join(chars))
