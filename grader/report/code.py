"""A cell's source as highlighted lines, with the line marked where it stopped."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from grader.report.text import clean

__all__ = ["highlighted"]

MAX_LINES, MAX_CHARACTERS = 400, 40_000


def highlighted(source: str, marked: int = 0) -> Markup:
    """The lines of `source`, each in a span that the style sheet numbers; line `marked` (from 1) stands out.

    Long sources are cut, but not before the marked line has been shown.
    """
    lines = clean(source).rstrip("\n").split("\n")
    shown = lines[: max(MAX_LINES, min(marked + 5, 2000))]
    text = "\n".join(shown)[: MAX_CHARACTERS * (5 if marked > MAX_LINES else 1)]
    html = [_line(line, number == marked) for number, line in enumerate(_tokens(text).split("\n"), start=1)]
    rest = len(lines) - len(html)
    if rest > 0 or len(text) < sum(map(len, shown)):
        html.append(Markup('<span class="cut">… {} …</span>').format(f"{rest:,} more lines" if rest > 0 else "cut"))
    return Markup("").join(html)


def _line(html: str, marked: bool) -> Markup:
    code = Markup(html)  # noqa: S704 - escaped by _tokens
    if not marked:
        return Markup('<span class="line">{}\n</span>').format(code)
    return Markup('<span class="line marked"><span class="unseen">stopped here: </span>{}\n</span>').format(code)


@lru_cache(maxsize=1)
def _colours() -> tuple[Any, Any]:
    """A lexer and a formatter, which takes longer to make than to use. Raises ImportError."""
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)


@lru_cache(maxsize=500)  # given cells are the same for the whole class
def _tokens(text: str) -> str:
    """HTML of the tokens; pygments closes its spans at each line's end, so that it can be split into lines."""
    try:
        from pygments import highlight

        lexer, formatter = _colours()
    except ImportError:  # an extra; the page does without colours
        return str(escape(text))
    html = highlight(text, lexer, formatter)
    return str(html)[:-1] if str(html).endswith("\n") and not text.endswith("\n") else str(html)
