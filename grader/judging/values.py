"""Options of the comparators of plain values: numbers, texts, figures, and a value of the student's own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.judging.base import Comparator, not_negative

__all__ = ["Agree", "Close", "Exact", "Figure", "Text"]


@dataclass(frozen=True)
class Close(Comparator):
    """Numbers are near the expected ones: |value - expected| <= atol + rtol * |expected|.

    Shape and dtype are looked at before the values. With no tolerance given, it is that of the coarser dtype (float64 1e-7,
    float32 1.3e-6 and 1e-5, half 1e-3, integers and truth values exact), as in `torch.testing.assert_close`.
    Where only one of `rtol` and `atol` is given, the other is the dtype's. A Python float has the tolerance of a float32.
    dtype: "kind" (floats with floats, whole numbers with whole numbers), "exact" or "any". NaN equals nothing unless `equal_nan`.
    """

    rtol: float | None = None
    atol: float | None = None
    equal_nan: bool = False
    dtype: str = "kind"

    def problems(self) -> list[str]:
        wrong = not_negative(rtol=self.rtol, atol=self.atol)
        if self.dtype not in ("kind", "exact", "any"):
            wrong.append(f'`dtype` is {self.dtype!r}; it must be "kind", "exact" or "any"')
        return wrong


@dataclass(frozen=True)
class Exact(Comparator):
    """The same value of the same type: lists, dicts, texts, whole numbers, truth values, arrays number for number.

    NaN is the same as NaN, and -0.0 as 0.0. An exception is the same by its type, or as a subclass of the expected one.
    """


@dataclass(frozen=True)
class Text(Comparator):
    """A text, or a list or dict of texts. White space never matters; `case` and `punctuation` matter only when asked.

    `pattern`: a regular expression that must be found instead of comparing with the expected text.
    """

    case: bool = False
    punctuation: bool = False
    pattern: str | None = None

    def problems(self) -> list[str]:
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            return [f"`pattern` is no regular expression: {error}"]
        return []


@dataclass(frozen=True)
class Figure(Comparator):
    """What a figure shows, as data: the number of axes, their lines and images, and the texts named in `texts`.

    `texts`: any of "title", "suptitle", "xlabel", "ylabel", "label": compared without regard to case and white space.
    `lines`, `images`: whether these are compared. Lines may come in any order. Styles and colours never count.
    value, expected: one FigureData, or a list of which any may fit.
    """

    atol: float = 1e-4
    rtol: float = 1e-4
    lines: bool = True
    images: bool = True
    texts: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        known = ("title", "suptitle", "xlabel", "ylabel", "label")
        wrong = [f"`texts` holds {word!r}; known are {', '.join(known)}" for word in self.texts if word not in known]
        return wrong + not_negative(rtol=self.rtol, atol=self.atol)


@dataclass(frozen=True)
class Agree(Comparator):
    """The value agrees with what the student's own notebook gave an earlier check, which must itself have passed."""

    with_check: str = ""
    atol: float | None = None
    rtol: float | None = None

    def problems(self) -> list[str]:
        wrong = not_negative(rtol=self.rtol, atol=self.atol)
        return wrong if self.with_check else [*wrong, "`agree` needs with_check=, the name of an earlier check"]
