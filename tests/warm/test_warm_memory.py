"""Who is ended when a kernel and what it started use more memory than they may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.warm.init import too_much

SIZES = st.dictionaries(st.integers(2, 40), st.integers(0, 1000), max_size=12)


@given(SIZES, st.sets(st.integers(2, 40), max_size=3), st.integers(0, 3000))
def test_what_is_left_fits_and_no_kernel_pays_for_its_children(sizes: dict[int, int], kernels: set[int], limit: int) -> None:
    ended = too_much(sizes, kernels, limit)
    own = sum(size for pid, size in sizes.items() if pid in kernels)
    assert ended <= sizes.keys()
    if own > limit:
        assert len(ended) == 1
        assert ended <= kernels
        assert sizes[min(ended)] == max(size for pid, size in sizes.items() if pid in kernels)
    else:
        assert not ended & kernels
        assert sum(size for pid, size in sizes.items() if pid not in ended) <= limit


@given(SIZES, st.sets(st.integers(2, 40)), st.integers(0, 3000))
def test_no_more_are_ended_than_must_be(sizes: dict[int, int], kernels: set[int], limit: int) -> None:
    ended = too_much(sizes, kernels, limit)
    left = sum(size for pid, size in sizes.items() if pid not in ended)
    for pid in ended - kernels:
        smallest = min(sizes[other] for other in ended)
        assert left + smallest > limit or sizes[pid] == 0
    if sum(sizes.values()) <= limit:
        assert not ended


def test_the_largest_go_first() -> None:
    assert too_much({2: 100, 3: 50, 4: 400, 5: 300}, {2}, 500) == {4}
    assert too_much({2: 600, 3: 50, 4: 400, 5: 300}, {2}, 500) == {2}
    assert too_much({2: 100, 3: 50}, {2}, 500) == set()
