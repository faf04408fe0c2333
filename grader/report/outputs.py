"""A cell's outputs, made safe for a page: text escaped, HTML sanitised, pictures as data, nothing too long."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from grader.report.render import data_uri
from grader.report.text import clean, middle_cut, settle, strip_ansi

__all__ = ["Budget", "OutputView", "ansi", "sanitised", "views"]

HEAD, TAIL = 4000, 2000  # characters of a text that are shown
MAX_HTML = 100_000
MAX_OUTPUTS = 40  # a cell


@dataclass
class Budget:
    """What one page may still hold in pictures; a page is something to mail."""

    bytes: int = 8_000_000

    def takes(self, size: int) -> bool:
        """Whether a picture of `size` bytes still fits; if so, it counts."""
        if size > self.bytes:
            return False
        self.bytes -= size
        return True


@dataclass(frozen=True)
class OutputView:
    """One output as the template shows it. kind: "text", "stderr", "html", "image", "error" or "note"."""

    kind: str
    text: Markup | str = ""
    src: str = ""
    title: str = ""


def views(outputs: Iterable[Mapping[str, Any]], budget: Budget) -> list[OutputView]:
    """nbformat outputs as views, in order; streams that follow each other are one."""
    found: list[OutputView] = []
    merged = list(_merged(outputs))
    for output in merged[:MAX_OUTPUTS]:
        view = _view(output, budget)
        if view is not None:
            found.append(view)
    if len(merged) > MAX_OUTPUTS:
        found.append(OutputView("note", f"{len(merged) - MAX_OUTPUTS} more outputs left out"))
    return found


def _merged(outputs: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    kept: dict[str, Any] | None = None
    for output in outputs:
        if output.get("output_type") == "stream":
            text = _text(output.get("text"))
            if kept is not None and kept["name"] == output.get("name"):
                kept["text"] += text
                continue
            if kept is not None:
                yield kept
            kept = {"output_type": "stream", "name": output.get("name"), "text": text}
            continue
        if kept is not None:
            yield kept
            kept = None
        yield output
    if kept is not None:
        yield kept


def _view(output: Mapping[str, Any], budget: Budget) -> OutputView | None:
    match output.get("output_type"):
        case "stream":
            kind = "stderr" if output["name"] == "stderr" else "text"
            return _text_view(kind, output["text"])
        case "error":
            title = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
            trace = output.get("traceback") or []
            trace = "\n".join(map(str, trace)) if isinstance(trace, list) else str(trace)
            return OutputView("error", _shown(trace), title=strip_ansi(middle_cut(title, 500, 0)[0]))
        case "display_data" | "execute_result":
            data = output.get("data")
            return _rich(data, budget) if isinstance(data, Mapping) else None
    return None


def _rich(data: Mapping[str, Any], budget: Budget) -> OutputView | None:
    """The richest form that is safe: a picture, a table, a text."""
    for mime, signature in _SIGNATURES.items():
        if mime in data:
            image = _image(_text(data[mime]), signature)
            return _picture(mime, image, budget) if image else OutputView("note", "a picture that cannot be read")
    if "image/svg+xml" in data:
        return _picture("image/svg+xml", clean(_text(data["image/svg+xml"])).encode(), budget)
    if "text/html" in data:
        html = sanitised(_text(data["text/html"]))
        if html:
            return OutputView("html", html)
    for mime in ("text/plain", "text/markdown", "text/latex"):
        if mime in data:
            return _text_view("text", _text(data[mime]))
    return OutputView("note", "an output that this page cannot show") if data else None


_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}


def _image(text: str, signature: bytes) -> bytes:
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if data.startswith(signature) else b""


def _picture(mime: str, data: bytes, budget: Budget) -> OutputView:
    if not budget.takes(len(data)):
        return OutputView("note", f"a picture of {len(data) / 1e6:.1f} MB left out: the page would be too large")
    return OutputView("image", src=data_uri(mime, data))


def _text_view(kind: str, text: str) -> OutputView | None:
    shown = _shown(text)
    return OutputView(kind, shown) if shown else None


def _shown(text: str) -> Markup:
    """Escaped, colours kept, the middle left out when it is long."""
    text = settle(text).rstrip()
    start, note, end = middle_cut(text, HEAD, TAIL)
    if not note:
        return ansi(start)
    return ansi(start) + Markup('\n<span class="cut">… {} …</span>\n').format(note) + ansi(end)


def _text(value: Any) -> str:
    """nbformat lets a text be a list of its lines."""
    return "".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


# ------------------------------------------------------------------------------------------------------------- colours

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def ansi(text: str) -> Markup:
    """Terminal text as HTML: colours and bold become classes (the style sheet has both modes), other codes go."""
    pieces = _SGR.split(text)  # text, codes, text, codes, ..., text
    shown = [escape(clean(pieces[0]))]
    colour, bold = "", False
    for codes, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        colour, bold = _style(codes, colour, bold)
        safe = escape(clean(piece))
        classes = " ".join(filter(None, [f"ansi-{colour}" if colour else "", "ansi-bold" if bold else ""]))
        shown.append(Markup('<span class="{}">{}</span>').format(classes, safe) if classes and safe else safe)
    return Markup("").join(shown)


def _style(codes: str, colour: str, bold: bool) -> tuple[str, bool]:
    numbers = [int(code[:3] or 0) for code in codes.split(";")]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            colour, bold = "", False
        elif code in (1, 22):
            bold = code == 1
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = _NAMES[code % 10]
        elif code == 39:
            colour = ""
        elif code in (38, 48):  # 256 or true colours: the first eight have names, the rest stay plain
            wide = numbers[:2] if numbers[:1] == [5] else numbers[:4]
            del numbers[: len(wide)]
            if code == 38:
                colour = _NAMES[wide[1] % 8] if len(wide) == 2 and wide[1] < 16 else ""
    return colour, bold


# ---------------------------------------------------------------------------------------------------------------- HTML

_INLINE = {"b", "br", "code", "del", "em", "i", "ins", "kbd", "s", "samp", "small", "span", "strong", "sub", "sup", "u", "var"}
_BLOCKS = {"dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
_MOST_SPANNED = 100  # columns or rows: a few cells with large spans make a table that no browser can lay out


def sanitised(html: str) -> Markup:
    """A student's HTML reduced to text, lists and tables: no script, style, link, picture, form, frame, class or id.

    What is longer than may be shown is left out altogether: half a table says nothing.
    """
    import nh3

    if len(html) > MAX_HTML:
        return Markup()
    safe = nh3.clean(
        clean(html),
        tags=_INLINE | _BLOCKS | _TABLES,
        attributes=_ATTRIBUTES,
        attribute_filter=_small_span,
        clean_content_tags={"script", "style", "iframe", "object", "svg", "math", "noscript", "template", "title", "textarea"},
        url_schemes=set(),
        strip_comments=True,
    )
    safe = clean(safe).strip()  # again: a reference such as &#8238; has become its character
    return Markup(safe) if re.sub(r"<[^>]*>|\s", "", safe) else Markup()  # noqa: S704 - this is the sanitiser


def _small_span(_tag: str, attribute: str, value: str) -> str | None:
    """None for an attribute that is left out."""
    if attribute not in ("colspan", "rowspan"):
        return value
    return value if re.fullmatch(r"[0-9]{1,3}", value) and 1 <= int(value) <= _MOST_SPANNED else None
