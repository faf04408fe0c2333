"""Pictures of evidence for a page, none of them drawn twice: a picture takes a third of a second.

The same evidence gives the same picture. Students who make the same mistake have the same evidence, and a page that is written
again holds most of its pictures already.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping

from grader.report.pictures import DPI, SIZE, STYLE, picture
from grader.report.render import data_uri
from grader.values import Value, dumps

__all__ = ["Drawn"]

RECENT = 200  # pictures that a process remembers, 20 to 40 kB each
_LOOK = repr((1, SIZE, DPI, sorted(STYLE.items())))  # the number is raised when pictures are drawn otherwise
_ON_PAGE = re.compile(r'<img class="picture e-([0-9a-f]{24})" src="(data:image/png;base64,[A-Za-z0-9+/=]+)"')

_recent: OrderedDict[str, str] = OrderedDict()


class Drawn:
    """The pictures of one page. before: the page as it was, if there was one: only we write such tags there."""

    def __init__(self, before: str = "") -> None:
        self._before = dict(_ON_PAGE.findall(before))

    def src(self, evidence: Mapping[str, Value]) -> tuple[str, str]:
        """A name for the evidence, and its picture as an address; "" where there is nothing to draw."""
        name = hashlib.sha256(_LOOK.encode() + dumps(dict(evidence))).hexdigest()[:24]
        src = self._before.get(name) or _recent.get(name)
        if src is None:
            drawn = picture(evidence)
            src = data_uri("image/png", drawn) if drawn else ""
        _recent[name] = src
        _recent.move_to_end(name)
        while len(_recent) > RECENT:
            _recent.popitem(last=False)
        return name, src
