"""`close`, `exact`, `agree`: against the assertions of torch and numpy, and what they say."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.compare import distance
from grader.compare.measure import Tolerance, measure, measure_numbers, tolerance
from grader.judging import Agree, Close, Earlier, Exact
from grader.result import Outcome
from grader.values import capture

from .plain import judged


def passes(comparator, value, expected):
    return judged(comparator, value, expected).outcome is Outcome.PASSED


def agrees(assertion, *args, **options):
    try:
        assertion(*args, **options)
    except AssertionError:
        return False
    return True


# ---------------------------------------------------------------------------------------------------- oracles

factors = st.sampled_from([0.0, 0.5, 0.9, 1.1, 2.0, 1e3])
SPECIAL = [0.0, -0.0, 1.0, float("inf"), -float("inf"), float("nan"), 1e-30, 1e30]


@st.composite
def neighbours(draw, dtype, rtol, atol):
    """Two arrays of one shape: the second is expected, the first is off by a multiple of what is allowed."""
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=4))
    finite = st.floats(-1e6, 1e6, width=32) | st.sampled_from(SPECIAL)
    expected = draw(hnp.arrays("float64", shape, elements=finite)).astype(dtype)
    off = draw(hnp.arrays("float64", shape, elements=factors)) * draw(st.sampled_from([-1.0, 1.0]))
    with np.errstate(all="ignore"):
        value = (expected + off * (atol + rtol * np.abs(expected.astype("float64")))).astype(dtype)
    return value, expected


def on_the_edge(value, expected, rtol, atol):
    """Whether the last bit decides, on which implementations may differ."""
    with np.errstate(all="ignore"):
        v, e = value.astype("float64"), expected.astype("float64")
        ratio = np.abs(v - e) / (atol + rtol * np.abs(e))
    return bool(np.any((ratio > 0.97) & (ratio < 1.03)))


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [("float32", 1.3e-6, 1e-5), ("float64", 1e-7, 1e-7)])
@settings(max_examples=150, deadline=None)
@given(data=st.data(), equal_nan=st.booleans())
def test_default_tolerance_is_that_of_torch(dtype, rtol, atol, data, equal_nan):
    value, expected = data.draw(neighbours(dtype, rtol, atol))
    assume(not on_the_edge(value, expected, rtol, atol))
    v, e = torch.from_numpy(np.array(value)), torch.from_numpy(np.array(expected))
    assert passes(Close(equal_nan=equal_nan), v, e) == agrees(torch.testing.assert_close, v, e, equal_nan=equal_nan)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), rtol=st.sampled_from([0.0, 1e-3, 0.1]), atol=st.sampled_from([0.0, 1e-3, 1.0]), equal_nan=st.booleans())
def test_given_tolerance_is_that_of_numpy(data, rtol, atol, equal_nan):
    value, expected = data.draw(neighbours("float64", rtol, atol))
    assume(not on_the_edge(value, expected, rtol, atol))
    wanted = agrees(np.testing.assert_allclose, value, expected, rtol=rtol, atol=atol, equal_nan=equal_nan)
    assert passes(Close(rtol=rtol, atol=atol, equal_nan=equal_nan), value, expected) == wanted


same_dtype = st.sampled_from(["int64", "int32", "uint8", "bool", "float32", "complex64"])


@settings(max_examples=200, deadline=None)
@given(data=st.data(), dtype=same_dtype)
def test_whole_and_other_numbers_agree_with_torch(data, dtype):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=2, max_side=3))
    few = [0, 1] if dtype == "bool" else [0, 1, 2, 127]
    v, e = (data.draw(hnp.arrays(dtype, shape, elements=st.sampled_from(np.array(few, dtype).tolist()))) for _ in "ve")
    assert passes(Close(), torch.from_numpy(v), torch.from_numpy(e)) == agrees(
        torch.testing.assert_close, torch.from_numpy(v), torch.from_numpy(e)
    )


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False), factors)
def test_distance_is_the_share_of_what_is_allowed(expected, by, factor):
    allow = Tolerance(rtol=0.01, atol=0.1)
    value = expected + factor * float(allow.allowed(expected))
    assume(np.isfinite(value) and not 0.97 < factor < 1.03)
    found = distance(Close(rtol=0.01, atol=0.1), value, expected)
    assert (found is None) == (factor > 1)
    assert found is None or found == pytest.approx(abs(value - expected) / allow.allowed(expected))
    assert distance(Close(), by, by) == 0


@given(st.floats(), st.floats())
def test_measuring_one_number_is_measuring_an_array_of_no_axes(value, expected):
    for equal_nan in (False, True):
        one = measure_numbers(value, expected, Tolerance(0.1, 0.1), equal_nan)
        other = measure(np.array(value), np.array(expected), Tolerance(0.1, 0.1), equal_nan)
        assert (one.wrong, one.nans, one.worst) == (other.wrong, other.nans, other.worst)
        assert one.largest == pytest.approx(other.largest)


def test_tolerance_is_that_of_the_coarser_dtype():
    assert tolerance(["float64", "float32"]) == Tolerance(1.3e-6, 1e-5)
    assert tolerance(["float16", "float32"]) == Tolerance(1e-3, 1e-5)
    assert tolerance(["int64", "bool"]) == Tolerance(0.0, 0.0)
    assert tolerance(["float64"], atol=0.5) == Tolerance(1e-7, 0.5)
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.complex128):
        rtol, atol = torch.testing._comparison.default_tolerances(dtype)
        assert tolerance([str(dtype).removeprefix("torch.")]) == Tolerance(rtol, atol)


# ---------------------------------------------------------------------------------------------------- kinds

T = torch.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (T, T.double()),
        (T.half(), T),
        (T.bfloat16(), T),
        (T.numpy(), T),
        (T.int(), T.long()),
        (1, 1.0),
        (1.0, 1),
        (torch.tensor(1.0), 1.0),
        (1.0, torch.tensor(1.0)),
        (np.float32(1), 1.0),
        (torch.tensor(1), 1.0),
        (torch.tensor(True), True),
        ([1, 2, 3], [1.0, 2.0, 3.0]),
        ([1, 2.0, 3], [1.0, 2.0, 3]),
        ((1, 2), [1, 2]),
        ([], []),
        ({}, {}),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
        ({"a": [T, None], 1: "x"}, {1: "x", "a": [T, None]}),
        ({float("nan"): 1.0}, {float("nan"): 1.0}),
        (KeyError("mine"), LookupError("theirs")),
        (ValueError("mine"), ValueError("theirs")),
        (T.clone().requires_grad_(), T),
        (float("inf"), float("inf")),
        (2**100, 2**100),
        (2.0**80, 2**80),
        (torch.Size([2, 3]), [2, 3]),
    ],
    ids=repr,
)
def test_is_close(value, expected):
    assert passes(Close(), value, expected)


@pytest.mark.parametrize(
    ("value", "expected", "message"),
    [
        (
            T.tolist()[0],
            T[0],
            "Expected a float32 tensor of shape (3,), got a list of 3 numbers. `torch.tensor` makes one of it.",
        ),
        (list(T), T, "Expected a float32 tensor of shape (4, 3), got a list of 4 tensors. `torch.stack` puts them into one."),
        (T[0], T.tolist()[0], "Expected a list of 3 numbers, got a float32 tensor of shape (3,)."),
        (T.T, T, "Expected a float32 tensor of shape (4, 3), got a float32 tensor of shape (3, 4). Is it transposed?"),
        (
            T[0],
            T[:1],
            "Expected a float32 tensor of shape (1, 3), got a float32 tensor of shape (3,). An axis of length 1 is missing.",
        ),
        (
            T.long(),
            T,
            "Expected a float32 tensor of shape (4, 3), got an int64 tensor of shape (4, 3). Its numbers should be floats.",
        ),
        (T > 3, T, "Expected a float32 tensor of shape (4, 3), got a bool tensor of shape (4, 3)."),
        (torch.tensor([1.0]), torch.tensor(1.0), None),
        (torch.tensor([1.0]), 1.0, "Expected a number, got a float32 tensor of shape (1,). `.item()` gives its number."),
        (T.mean(), T.mean(0), None),
        (None, T, "Expected a float32 tensor of shape (4, 3), got None. Is a `return` missing?"),
        (len, 3, None),
        (True, 1, "Expected a whole number, got a truth value."),
        (1, True, "Expected a truth value, got a whole number."),
        ([True, False], [1, 0], "Expected a list of 2 whole numbers, got a list of 2 truth values."),
        ("1", 1, "Expected a whole number, got a text."),
        ([1, 2], [1, 2, 3], "Expected a list of 3 whole numbers, got a list of 2 whole numbers."),
        ({"a": 1}, {"a": 1, "b": 2}, 'Your dict lacks "b".'),
        ({"a": 1, "c": 2}, {"a": 1}, 'Your dict has "c", which is not expected.'),
        ({"c": 2}, {5: 1, 6: 2}, 'Your dict lacks 2 keys and has "c", which is not expected.'),
        ({"x": [1, {"y": 2}]}, {"x": [1, {}]}, 'At ["x"][1]: your dict has "y", which is not expected.'),
        ({"x": [1, "2"]}, {"x": [1, 2.0]}, 'At ["x"][1]: expected a number, got a text.'),
        (LookupError("a"), KeyError("a"), "Expected the exception KeyError, got the exception LookupError."),
        (ValueError("a"), 1.0, "Expected a number, got the exception ValueError."),
        pytest.param(
            iter([]),
            [1],
            "Expected a list of 1 whole number, got a list_iterator object, which cannot be compared.",
            id="iterator",
        ),
        (float("nan"), 1.0, "The number is NaN."),
        (1.0, float("nan"), "The number is not the expected one."),
        (2.0, 1.0, "The number is not the expected one."),
        (False, True, "The truth value is not the expected one."),
        (2**100, 2**100 + 1, "The number is not the expected one."),
        (10**400, 1.0, "The number is not the expected one."),
        (1 + T, T, "None of the 12 numbers in your float32 tensor of shape (4, 3) is the expected one."),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]], "1 of the 4 numbers in your list of 2 lists is not the expected one, at [1]."),
        (
            {"a": 1, "b": "x"},
            {"a": 2, "b": "y"},
            'None of the 2 values in your dict with the keys a, b is the expected one, first at ["a"].',
        ),
    ],
    ids=repr,
)
def test_is_not_close(value, expected, message):
    verdict = judged(Close(), value, expected)
    assert verdict.outcome is Outcome.FAILED
    assert message is None or verdict.message == message


def test_dtype_may_be_exact_or_any():
    assert not passes(Close(dtype="exact"), T.double(), T)
    assert not passes(Close(dtype="exact"), 1, 1.0)
    assert not passes(Close(dtype="exact"), torch.tensor(1.0), 1.0)
    assert passes(Close(dtype="any"), T.long(), T)
    assert passes(Close(dtype="any"), torch.tensor([True]), torch.tensor([1.0]))
    assert passes(Close(dtype="any"), True, 1.0)
    assert not passes(Close(dtype="any"), T.tolist(), T)


def test_python_floats_are_as_coarse_as_float32():
    """They mostly are a float32 loss's `.item()`."""
    assert passes(Close(), [0.1 + 1e-8], [0.1])
    assert not passes(Close(), [0.1 + 1e-3], [0.1])
    assert not passes(Close(), np.array([1 + 1e-6]), np.array([1.0]))


def test_where_they_part():
    expected = torch.zeros(199, 1)
    value = expected.clone()
    value[3:15] = 1.0
    value[5] = 2.5
    verdict = judged(Close(), value, expected)
    assert verdict.message == "12 of the 199 numbers in your float32 tensor of shape (199, 1) are not the expected ones."
    assert verdict.detail == (
        "First at [3, 0]: yours is 1.0, expected 0.0; the largest difference is 2.5 at [5, 0] (allowed 1e-05)."
    )
    assert set(verdict.evidence) == {"yours", "expected"}
    assert verdict.evidence["yours"].shape == (199, 1)


def test_where_one_number_is_wrong():
    assert judged(Close(), 2.0, 1.0).detail == "Yours is 2.0, expected 1.0; the difference is 1.0 (allowed 1.1e-05)."
    assert judged(Close(), [1, 2], [1, 3]).detail == "At [1]: yours is 2, expected 3; the difference is 1.0."
    assert judged(Close(), True, False).detail == "Yours is True, expected False."
    assert judged(Close(), float("nan"), 1.0).detail == "Yours is nan, expected 1.0."
    assert (
        judged(
            Close(),
            1.0000001,
            1.0,
        ).outcome
        is Outcome.PASSED
    )


def test_numbers_have_as_many_digits_as_it_takes():
    verdict = judged(Close(atol=1e-9, rtol=0), 0.12345678, 0.12345679)
    assert verdict.detail == "Yours is 0.12345678, expected 0.12345679; the difference is 1e-08 (allowed 1e-09)."


def test_nan_in_what_came_is_told():
    value = T.clone()
    value[1, 1] = value[2, 2] = float("nan")
    assert judged(Close(), value, T).message.endswith("are not the expected ones. 2 of yours are NaN.")
    assert passes(Close(equal_nan=True), value, value)


def test_lists_of_numbers_have_a_picture():
    evidence = judged(Close(), [1.0, 2.0], [1.0, 3.0]).evidence
    assert evidence["yours"].data.tolist() == [1.0, 2.0]
    assert evidence["yours"].kind == "ndarray"


# ---------------------------------------------------------------------------------------------------- hints

GENERIC = torch.tensor([[1.0, 5.0], [2.0, -7.0]])


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (-GENERIC, "Yours has the opposite sign."),
        (GENERIC.T, "Yours is the transpose."),
        (GENERIC * 3, "Yours is 3.0 times what is expected."),
        (GENERIC + 2, "Yours is too large by 2.0 everywhere."),
        (GENERIC - 2, "Yours is too small by 2.0 everywhere."),
        (GENERIC.flip(0), "Yours is in reverse order."),
        (GENERIC.flip(1), "Yours holds the same numbers in another order."),
        (GENERIC**2, "expected 5.0; the largest difference is 56.0 at [1, 1] (allowed 1.9e-05)."),
    ],
)
def test_one_step_that_explains_all_is_told(value, hint):
    assert judged(Close(), value, GENERIC).detail.endswith(hint)


def test_no_hint_without_ground():
    for value, expected in [([1.0, 2.0], [2.0, 1.0]), ([0.0] * 5, [1.0] * 5), ([1.0] * 5, [2.0] * 5)]:
        assert judged(Close(), value, expected).detail.count(". ") == 0


# ---------------------------------------------------------------------------------------------------- exact, agree


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        (1.5, 1.5),
        (T, T),
        ("a", "a"),
        ([1, [2.0]], [1, [2.0]]),
        (float("nan"), float("nan")),
        (None, None),
        (2**100, 2**100),
    ],
    ids=repr,
)
def test_is_exact(value, expected):
    assert passes(Exact(), value, expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (1, True),
        (T, T.double()),
        (T, T.numpy()),
        (T + 1e-6, T),
        ("a", "A"),
        ("a ", "a"),
        ([1], (1, 2)),
        (torch.tensor(1.0), 1.0),
        (2**100, 2**100 + 1),
        (0.1 + 0.2, 0.3),
        (2**53, 2.0**53),
        (np.array([2**63 - 1]), np.array([2**63 - 2])),
    ],
    ids=repr,
)
def test_is_not_exact(value, expected):
    assert not passes(Exact(), value, expected)


def test_agree_needs_the_other_check():
    agree = Agree(with_check="fit", atol=0.1, rtol=0.0)
    assert judged(agree, T, None).message == "This is compared with your own result of `fit`, and there is none."
    not_passed = judged(agree, T, None, fit=Earlier(capture(T), False))
    assert not_passed.message == "This is compared with your own result of `fit`, which must pass first."
    assert not_passed.outcome is Outcome.FAILED
    assert judged(agree, T + 0.05, None, fit=Earlier(capture(T), True)).outcome is Outcome.PASSED
    verdict = judged(agree, T + 1, None, fit=Earlier(capture(T), True))
    assert verdict.message.startswith("It does not agree with your own result of `fit`. None of the 12 numbers")


def test_a_mistake_is_matched_as_it_failed():
    """Both diverged to NaN, both returned a generator, both raised the same: they went wrong in one way."""
    for live in (torch.tensor([float("nan")]), iter([]), ValueError("a")):
        assert distance(Close(), capture(live), capture(live)) == 0
    assert distance(Close(), capture(ValueError("a")), capture(ValueError("b"))) is None
    assert distance(Close(), capture(KeyError("a")), capture(LookupError("a"))) is None
    assert distance(Agree("a", atol=1.0, rtol=0.0), 1.0, 1.5) == 0.5
