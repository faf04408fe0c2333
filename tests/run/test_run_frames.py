"""What the grader and a copy tell each other: what is written is read, and what is no frame is refused before it costs anything."""

from __future__ import annotations

import json
import struct
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.run.frames import BadFrame, Frame, frame, lengths, parts
from grader.run.wire import LARGEST

texts = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
contents = st.dictionaries(texts, plain, max_size=6)
pieces = st.lists(st.binary(max_size=300), max_size=8)


class TooShort(Exception):
    """More bytes are waited for than there are."""


def read(data: bytes) -> Frame:
    """As who waits for bytes reads them. Raises TooShort or BadFrame."""
    at = 0

    def exactly(count: int) -> bytes:
        nonlocal at
        at += count
        if at > len(data):
            raise TooShort
        return data[at - count : at]

    count, go_on = parts(exactly(lengths()))
    rest, complete = go_on(exactly(count))
    found = complete(exactly(rest))
    assert at <= len(data)
    return found


@given(contents, pieces)
def test_what_is_written_is_read(content: dict[str, Any], sent: list[bytes]) -> None:
    data = frame(content, sent)
    assert read(data) == (content, sent)
    assert read(data + b"the next") == (content, sent)


@given(contents, pieces, st.data())
def test_a_frame_that_was_cut_off_is_too_short(content: dict[str, Any], sent: list[bytes], draw: st.DataObject) -> None:
    data = frame(content, sent)
    with pytest.raises(TooShort):
        read(data[: draw.draw(st.integers(0, len(data) - 1))])


@given(st.binary(max_size=400))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises((TooShort, BadFrame)):
        read(data)


@given(contents, pieces, st.data())
def test_a_changed_byte_gives_a_frame_or_is_refused(content: dict[str, Any], sent: list[bytes], draw: st.DataObject) -> None:
    data = bytearray(frame(content, sent))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        found, got = read(bytes(data))
    except (TooShort, BadFrame):
        return
    assert isinstance(found, dict)
    assert all(isinstance(piece, bytes) for piece in got)


@pytest.mark.parametrize(
    "text",
    [b"", b"null", b"[]", b"1", b'"x"', b"{", b'{"a": 1} x', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(BadFrame):
        read(struct.pack("!II", len(text), 0) + text)


@pytest.mark.parametrize("head", [(2**32 - 1, 0), (2**28, 0), (2, 2**32 - 1), (2, 10_001)])
def test_a_huge_head_is_refused_at_once(head: tuple[int, int]) -> None:
    with pytest.raises(BadFrame):
        parts(struct.pack("!II", *head))


@pytest.mark.parametrize("sizes", [[2**64 - 1], [2**63, 2**63], [LARGEST + 1], [LARGEST, LARGEST], [2**27] * 10_000])
def test_huge_pieces_are_refused_before_they_come(sizes: list[int]) -> None:
    """An answer has one piece, of LARGEST bytes at most: whoever says more wants to fill our memory."""
    count, go_on = parts(struct.pack("!II", 2, len(sizes)))
    with pytest.raises(BadFrame):
        go_on(struct.pack(f"!{len(sizes)}Q", *sizes))
    assert count == 8 * len(sizes)


@pytest.mark.parametrize("head", [b"", b"\0" * 7, b"\0" * 9])
def test_a_head_of_another_length_is_no_frame(head: bytes) -> None:
    with pytest.raises(BadFrame):
        parts(head)


def test_sizes_of_another_length_are_no_frame() -> None:
    _, go_on = parts(struct.pack("!II", 2, 1))
    for data in (b"", b"\0" * 7, b"\0" * 16):
        with pytest.raises(BadFrame):
            go_on(data)[1](b"{}")


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_nothing_is_allocated_for_what_is_only_announced(text: int, count: int, sizes: list[int]) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((TooShort, BadFrame)):
            read(struct.pack("!II", text, count) + struct.pack(f"!{len(sizes)}Q", *sizes))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_half_a_surrogate_pair_is_told() -> None:
    """JSON can spell it, UTF-8 cannot; a cell's error message may hold one."""
    content, _ = read(frame({"message": "a\udc80b"}))
    assert json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
