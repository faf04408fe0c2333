"""What the grader and a copy of a kernel tell each other: a JSON object and pieces of bytes, with their lengths before them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

from grader.run.wire import LARGEST

__all__ = ["BadFrame", "Frame", "frame", "lengths", "parts"]

_HEAD = struct.Struct("!II")  # bytes of the JSON, number of pieces
_SIZE = struct.Struct("!Q")  # bytes of a piece
_MOST = 10_000  # pieces
_LARGEST_JSON = 128 * 2**20  # bytes: all that a cell may show, each character written in six

Frame = tuple[dict[str, Any], list[bytes]]


class BadFrame(Exception):
    """What came is no frame: the copy is not what we think it is."""


def frame(content: dict[str, Any], pieces: Sequence[bytes] = ()) -> bytes:
    """The bytes of one frame."""
    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    sizes = b"".join(_SIZE.pack(len(piece)) for piece in pieces)
    return b"".join([_HEAD.pack(len(text), len(pieces)), sizes, text, *pieces])


def lengths() -> int:
    """Bytes at the beginning of a frame from which `parts` can go on."""
    return _HEAD.size


def parts(head: bytes) -> tuple[int, Callable[[bytes], tuple[int, Callable[[bytes], Frame]]]]:
    """How many bytes come next, and what to do with them: it tells how many come after that, and what makes a frame of those.

    So the same rules serve whoever waits for bytes and whoever awaits them. Raises BadFrame.
    """
    text, count = _HEAD.unpack(_whole(head, _HEAD.size))
    if text > _LARGEST_JSON or count > _MOST:
        raise BadFrame

    def sizes_known(data: bytes) -> tuple[int, Callable[[bytes], Frame]]:
        sizes = [size for (size,) in _SIZE.iter_unpack(_whole(data, count * _SIZE.size))]
        if sum(sizes) > LARGEST:  # of all together: an answer has one piece
            raise BadFrame

        def complete(body: bytes) -> Frame:
            _whole(body, text + sum(sizes))
            try:
                content = json.loads(body[:text])
            except (ValueError, RecursionError):
                raise BadFrame from None
            if not isinstance(content, dict):
                raise BadFrame
            pieces, at = [], text
            for size in sizes:
                pieces.append(body[at : at + size])
                at += size
            return content, pieces

        return text + sum(sizes), complete

    return count * _SIZE.size, sizes_known


def _whole(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise BadFrame
    return data
