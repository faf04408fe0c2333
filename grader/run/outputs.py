"""What is kept of a cell's outputs: plain nbformat dicts, capped, so that no flood is ever held whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Allowance", "one_line", "plain", "tidy", "without_large"]

RICH_BYTES = 2_000_000  # of one picture or page; larger ones are left out
ALL_RICH_BYTES = 16_000_000  # of a cell
MOST_OUTPUTS = 500
_LINE = 300  # characters of an error's one line


class Allowance:
    """How much of one cell's outputs may still be kept."""

    def __init__(self, text: int) -> None:
        self._text = text
        self.clear()

    def clear(self) -> None:
        """The cell cleared its outputs: what it had does not count any more."""
        self._text_left, self._rich_left, self._left = self._text, ALL_RICH_BYTES, MOST_OUTPUTS
        self.left_out = False

    def admit(self, kind: str, content: dict[str, Any]) -> bool:
        """May this message's output be kept? Shortens `content` in place where part of it may."""
        if kind == "stream":
            return self._admit_text(content)
        self._left -= 1
        if kind == "error":
            content["traceback"] = [str(line)[: self._text] for line in content.get("traceback", [])[:200]]
            content["evalue"] = str(content.get("evalue", ""))[: self._text]
            return True
        data = content.get("data")
        if not isinstance(data, dict):
            return False
        content["data"] = self._admit_rich(data)
        self.left_out |= self._left < 0
        return self._left >= 0

    def _admit_text(self, content: dict[str, Any]) -> bool:
        raw = str(content.get("text", "")).encode("utf-8", "replace")
        kept = raw[: max(self._text_left, 0)]
        self._text_left -= len(raw)
        self.left_out |= len(kept) < len(raw)
        content["text"] = kept.decode("utf-8", "ignore")
        return bool(kept)

    def _admit_rich(self, data: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        missing: dict[str, Any] = {}
        for kind, value in data.items():
            size = _size(value)
            if size > RICH_BYTES or size > self._rich_left:
                missing.setdefault("text/plain", f"[{kind} of {size / 1e6:.1f} MB left out]")
                continue
            self._rich_left -= size
            kept[kind] = value
        return kept | missing


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(str(key)) + _size(item) for key, item in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else 8


def without_large(data: Mapping[str, Any]) -> dict[str, Any]:
    """A display's data without what is too large to keep, and with a note in its place."""
    return Allowance(0)._admit_rich(data)


def tidy(outputs: list[Any], left_out: bool) -> list[dict[str, Any]]:
    """The outputs as plain dicts; neighbouring pieces of one stream are one; a note where something was left out."""
    tidied: list[dict[str, Any]] = []
    for output in map(plain, outputs):
        last = tidied[-1] if tidied else {}
        if output.get("output_type") == "stream" == last.get("output_type") and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            tidied.append(output)
    if left_out:
        tidied.append({"output_type": "stream", "name": "stderr", "text": "\n[The rest of this output was left out.]\n"})
    return tidied


def plain(value: Any) -> Any:
    """Dicts, lists and texts only, and no half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def one_line(kind: str, message: str) -> str:
    """`NameError: name 'net' is not defined`: the first line of the message."""
    first = next(iter(message.strip().splitlines()), "")
    line = plain(f"{kind}: {first}" if first else kind)
    return line if len(line) <= _LINE else line[: _LINE - 1] + "…"
