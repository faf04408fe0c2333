"""Text that others wrote, made safe to show: no terminal codes, no invisible control characters, not too long."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["clean", "clip", "first_paragraph", "joined", "middle_cut", "number", "plural", "settle", "strip_ansi"]

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")


def strip_ansi(text: str) -> str:
    """`text` without terminal escape sequences."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def clean(text: str) -> str:
    """`text` without terminal codes; what else cannot be seen (controls, direction overrides, half characters) becomes "�"."""
    text = strip_ansi(text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROL.sub("\ufffd", text)


def settle(text: str) -> str:
    """What a terminal would show in the end: a carriage return starts its line again, as progress bars do.

    Keeps ANSI codes. The last text of a line stands for the line; a shorter one does not show what was under it.
    """
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(next((part for part in reversed(line.split("\r")) if part), "") for line in lines)


def middle_cut(text: str, head: int, tail: int) -> tuple[str, str, str]:
    """`text` as (start, note, end): when it is longer than both together, the middle is left out and the note says so.

    >>> middle_cut("abcdefghij", 2, 3)
    ('ab', '5 characters left out', 'hij')
    """
    left_out = len(text) - head - tail
    if left_out <= 0:
        return text, "", ""
    lines = text.count("\n", head, len(text) - tail)
    more = f" ({lines:,} lines)" if lines > 1 else ""
    return text[:head], f"{left_out:,} characters{more} left out", text[len(text) - tail :]


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, the last an ellipsis if there were more."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def first_paragraph(text: str) -> tuple[str, str]:
    """A docstring as (its first paragraph on one line, the rest)."""
    head, _, rest = clean(text).strip().partition("\n\n")
    return " ".join(head.split()), rest.strip()


def number(value: float | None) -> str:
    """Points as people write them: at most two decimals, no trailing zeros. None is an en dash.

    >>> number(3.0), number(2.5), number(1 / 3), number(None)
    ('3', '2.5', '0.33', '–')
    """
    if value is None:
        return "–"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plural(count: float, word: str, many: str = "") -> str:
    """A number with its noun.

    >>> plural(1, "point"), plural(2.5, "point"), plural(2, "half", "halves")
    ('1 point', '2.5 points', '2 halves')
    """
    return f"{number(count)} {word if count == 1 else many or word + 's'}"


def joined(words: Iterable[str]) -> str:
    """Words as a list in a sentence: "a, b and c"."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
