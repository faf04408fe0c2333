"""`losses`: curves of real fits, right and wrong."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare import distance
from grader.compare.losses import curve
from grader.judging import Losses
from grader.result import Outcome
from grader.values import capture

from .plain import judged, values

EPOCHS = 60


def fit(mistake: str = "", epochs: int = EPOCHS, lr: float = 0.1, seed: int = 1) -> list:
    """Losses of a small classifier on 56 examples, taken before each step; or with one of the usual mistakes."""
    torch.manual_seed(seed)
    x = torch.randn(56, 2)
    y = (x.sum(1, keepdim=True) > 0).float()
    net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    optimizr = torch.optim.Adam(net.parameters(), lr) if "adam" in mistake else torch.optim.SGD(net.parameters(), lr)
    loss_fn = torch.nn.BCEWithLogitsLoss(reduction="sum" if "sum" in mistake else "mean")
    losses: list = []
    for _ in range(epochs):
        for at in range(0, 56, 2 if mistake == "batches" else 56):
            batch = slice(at, at + (2 if mistake == "batches" else 56))
            loss = loss_fn(net(x[batch]), y[batch])
            loss.backward()
            if mistake != "no step":
                optimizr.step()
            if mistake != "no zero_grad":
                optimizr.zero_grad()
            if mistake == "after":
                loss = loss_fn(net(x), y)
            losses.append(loss.detach() if mistake == "tensors" else loss.item())
    return losses


RIGHT = torch.tensor(fit())
WITHIN = Losses(atol=1e-4)


def message(value, expected=RIGHT, **options):
    return judged(Losses(**options or {"atol": 1e-4}), value, expected).message


# ---------------------------------------------------------------------------------------------------- right


@pytest.mark.parametrize(
    "value",
    [RIGHT, RIGHT[:, None], RIGHT[None], RIGHT.double(), RIGHT.numpy(), RIGHT.tolist(), list(RIGHT), list(RIGHT[:, None])],
    ids=["(E,)", "(E, 1)", "(1, E)", "double", "numpy", "floats", "0-d tensors", "tensors of one number"],
)
def test_a_curve_may_come_in_any_of_these(value):
    for options in (Losses(), WITHIN, Losses(band=0.0), Losses(final_within=1e-6)):
        assert judged(options, value, RIGHT).outcome is Outcome.PASSED, options
        assert judged(options, RIGHT, value).outcome is Outcome.PASSED, options
        assert distance(options, capture(value), capture(RIGHT)) is not None


def test_the_same_fit_again_is_right():
    assert judged(WITHIN, fit("tensors"), RIGHT).outcome is Outcome.PASSED


def test_another_seed_is_right_within_a_band():
    other = fit(seed=2)
    assert judged(WITHIN, other, RIGHT).outcome is Outcome.FAILED
    assert judged(Losses(band=0.5, decrease=0.7), other, RIGHT).outcome is Outcome.PASSED
    assert judged(Losses(band=0.5), fit("no step", seed=2), RIGHT).outcome is Outcome.FAILED


def test_truth_values_and_tables_are_no_curves():
    for value in (None, 1.0, torch.tensor(1.0), [True, False], torch.ones(3, 2), [], "falls", {}, [1.0, "a"], torch.zeros(0)):
        verdict = judged(Losses(), value, RIGHT)
        assert verdict.outcome is Outcome.FAILED
        assert verdict.message.startswith("Expected a loss curve, one number per epoch. Got ")
    assert message(RIGHT[-1]).endswith("Is it the last loss only?")
    assert curve(capture(np.array([3, 2, 1]))).data.tolist() == [3, 2, 1]


# ---------------------------------------------------------------------------------------------------- agreement


def test_it_agrees_through_an_epoch_and_parts_at_the_next():
    value = RIGHT.clone()
    value[12:] += 0.21
    verdict = judged(WITHIN, value, RIGHT)
    assert verdict.message == "The curve agrees with the expected one through epoch 12 of 60 and parts at epoch 13."
    assert verdict.detail.startswith(f"At epoch 13 ([12]): yours {value[12].item():.6g}, expected {RIGHT[12].item():.6g}; ")
    assert "the largest difference is 0.21 at epoch " in verdict.detail
    assert verdict.evidence["yours"].shape == verdict.evidence["expected"].shape == (60,)


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        ("sum, adam", "first epoch already. It is a multiple of the expected one: is it a sum where a mean is expected"),
        ("no step", "parts at epoch 2. Your loss does not fall, it is the same at every epoch: does the optimizer take a step"),
        ("no zero_grad", "parts at epoch 3. So the second step is another one: are the gradients cleared"),
        ("after", "first epoch already. It is one epoch ahead: is the loss computed after the step"),
        ("batches", "Expected one number per epoch, 60 numbers in all; got 1,680, 28 times as many: is it one value per batch"),
    ],
)
def test_the_usual_mistakes_are_told(mistake, says):
    right = torch.tensor(fit("adam")) if "adam" in mistake else RIGHT
    assert says in message(fit(mistake), right)


def test_another_learning_rate_shows_after_the_first_step():
    assert "through epoch 1 of 60 and parts at epoch 2. So the first step is another one" in message(fit(lr=0.2))
    assert "at the first epoch already. Is it another start, or another loss?" in message(fit(seed=2))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (RIGHT.cumsum(0), "a running sum"),
        (RIGHT.cumsum(0) / torch.arange(1, 61), "a running mean"),
        (RIGHT.flip(0), "in reverse order"),
        (RIGHT[-1].repeat(60), "holds the last loss at every epoch"),
        (torch.cat([RIGHT[:1], RIGHT[:-1]]), "one epoch behind"),
    ],
)
def test_a_slip_that_explains_the_whole_curve_is_told(value, says):
    assert says in message(value)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 40))
def test_an_unrelated_curve_is_given_no_slip(seed, n):
    generator = np.random.default_rng(seed)
    value, expected = generator.uniform(0.1, 1, n), generator.uniform(0.1, 1, n)
    said = message(value, expected)
    assert not any(word in said for word in ("running", "ahead", "behind", "reverse", "multiple", "last loss"))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 50), st.floats(1e-6, 1.0), st.floats(0, 0.1))
def test_agreement_is_the_closed_form(seed, n, atol, rtol):
    """|value - expected| <= atol + rtol * |expected| at each epoch."""
    generator = np.random.default_rng(seed)
    expected = generator.uniform(0.1, 2, n)
    share = generator.uniform(-1.5, 1.5, n)
    allowed = atol + rtol * np.abs(expected)
    value = expected + share * allowed
    wrong = np.flatnonzero(np.abs(value - expected) > allowed)
    options = Losses(atol=atol, rtol=rtol)
    verdict = judged(options, value, expected)
    assert (verdict.score == 1) == (not len(wrong))
    apart = distance(options, capture(value), capture(expected))
    assert apart == pytest.approx(np.max(np.abs(share)), rel=1e-4) if not len(wrong) else apart is None
    if len(wrong) and wrong[0]:
        assert f"through epoch {wrong[0]} of {n} and parts at epoch {wrong[0] + 1}." in verdict.message


def test_the_number_of_epochs():
    assert "got 59, one too few" in message(RIGHT[:-1])
    assert "got 61, one too many" in message(torch.cat([RIGHT, RIGHT[-1:]]))
    assert "got 30: is only one in 2 epochs noted?" in message(RIGHT[::2])
    assert message(RIGHT[:7]).endswith("60 numbers in all; got 7.")
    assert judged(Losses(epochs=False, atol=1e-4), RIGHT[:7], RIGHT).outcome is Outcome.PASSED
    assert "through epoch 3 of 7" in message(torch.cat([RIGHT[:3], RIGHT[:4]]), epochs=False, atol=1e-4)


# ---------------------------------------------------------------------------------------------------- its own course


def test_nan_is_told_from_where_on():
    value = RIGHT.clone()
    value[36:] = float("nan")
    assert message(value) == "Your loss is NaN from epoch 37 on."
    value[40] = 1.0
    assert message(value) == "Your loss is NaN at epoch 37, and no number at 22 more epochs."
    assert message(torch.full((60,), float("nan"))) == "Your loss is NaN from the first epoch on."
    value = RIGHT.clone()
    value[3] = float("inf")
    assert message(value) == "Your loss is infinite at epoch 4."
    assert judged(Losses(band=1e9), value, RIGHT).outcome is Outcome.FAILED
    assert distance(Losses(), capture(value), capture(value)) == 0
    assert distance(WITHIN, capture(RIGHT * float("nan")), capture(RIGHT * float("nan"))) == 0


def test_the_band_is_a_share_of_the_expected_range():
    expected = torch.tensor([1.0, 0.5, 0.2, 0.0])
    for by, passes in ((0.099, True), (0.101, False), (-0.099, True), (-0.101, False)):
        value = expected.clone()
        value[2] += by
        assert (judged(Losses(band=0.1), value, expected).score == 1) == passes
        assert (distance(Losses(band=0.1), capture(value), capture(expected)) is not None) == passes
    assert message(value, expected, band=0.1) == (
        "1 of 4 epochs lies outside the band around the expected curve, and that is epoch 3, below it."
    )


def test_the_end():
    value = RIGHT.clone()
    value[-1] += 0.1
    assert message(value, final_within=0.05) == "It ends higher than the expected curve, by more than is allowed."
    assert judged(Losses(final_within=0.11), value, RIGHT).score == 1
    value[-1] -= 0.2
    assert message(value, final_within=0.05) == "It ends lower than the expected curve, by more than is allowed."
    last = RIGHT[-1].item()
    assert judged(Losses(final=last + 1e-6), RIGHT, None).score == 1
    verdict = judged(Losses(final=0.1), RIGHT, None)
    assert verdict.message == f"It ends at {last:.3g}, which is too high."
    assert verdict.detail == "It may end at 0.1 at most."


def test_decrease():
    value = [1.0, 0.7, 0.5]
    assert judged(Losses(decrease=0.5), value, None).score == 1
    assert message(value, None, decrease=0.4) == "It falls too little. It ends at 50% of its first value."
    assert message(value[::-1], None, decrease=0.4) == "It falls too little. Your loss rises."
    assert message([1.0] * 3, None, decrease=0.4).startswith("It falls too little. Your loss does not fall, it is the same")


def test_convergence():
    time = np.arange(100)
    settled, falling = np.exp(-time / 10), 1 - time / 200
    assert judged(Losses(converged=0.01), settled, None).score == 1
    assert "has not settled at its end" in message(falling, None, converged=0.01)
    assert judged(Losses(converged=0.1), falling, None).score == 1  # a tenth of the fall in a tenth of the time
    for not_learned in (np.ones(100), falling[::-1]):
        assert "no lower than its start" in message(not_learned, None, converged=0.1)


def test_everything_that_is_wrong_is_told():
    said = message(fit(lr=0.01), final=0.3, final_within=0.05, decrease=0.5, converged=0.01)
    for part in ("ends higher", "too high", "falls too little", "not settled"):
        assert part in said


def test_a_rise_is_told():
    assert message(RIGHT.flip(0) + 0.1).endswith("Your loss rises.")


# ---------------------------------------------------------------------------------------------------- laws

EVERY = [
    Losses(),
    WITHIN,
    Losses(band=0.1),
    Losses(final=0.5, decrease=0.5, converged=0.1),
    Losses(final_within=0.1, epochs=False, rtol=0.1),
]


@pytest.mark.parametrize("options", EVERY, ids=repr)
@settings(max_examples=40, deadline=None)
@given(value=values(), expected=values())
def test_nothing_raises(options, value, expected):
    verdict = judged(options, value, expected)
    assert verdict.outcome is not Outcome.UNGRADED
    assert verdict.message or verdict.score == 1
    assert distance(options, value, value) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 0.9), min_size=1, max_size=6), st.lists(st.integers(10_000, 99_999), min_size=1, max_size=6))
def test_a_message_names_no_expected_number(value, expected):
    for options in EVERY:
        said = judged(options, value, [float(n) for n in expected]).message
        assert not any(str(n) in said or f"{n:,}" in said for n in expected)
