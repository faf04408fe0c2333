"""The Jinja environment of the pages: autoescape on, an unknown name is an error, every text is cleaned before it is shown."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from grader.report.text import clean, clip, number, plural

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["data_uri", "load_templates", "prose", "render", "rendered"]

MAX_PROSE = 4000
_CODE = re.compile(r"(?<!`)(`{1,2})(?![\s`])([^`]*[^`\s])\1(?!`)")


def prose(text: str) -> Markup:
    """A sentence of ours or an author's: escaped, `code` between backticks set as code."""
    return Markup(_CODE.sub(r"<code>\2</code>", str(escape(clip(clean(text), MAX_PROSE)))))  # noqa: S704 - escaped just here


def data_uri(mime: str, data: bytes) -> str:
    """An image as an address that holds the image."""
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def render(template: str, **names: Any) -> str:
    """The page that a file in `templates/` makes of `names`."""
    return _environment().get_template(template).render(**names)


def rendered(template: str, **names: Any) -> Iterator[str]:
    """The same in parts, for a long page."""
    stream = _environment().get_template(template).stream(**names)
    stream.enable_buffering(500)
    yield from stream


def load_templates(*names: str) -> None:
    """Compile files in `templates/` now. They stay compiled as long as this process lives, and its forks."""
    for name in names:
        _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("grader.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: clean(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(prose=prose, number=number, plural=plural)
    return environment
