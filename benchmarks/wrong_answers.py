"""Wrong answers for `diagnosis.py`: right values of checks and of nets of the lectures' shapes, spoilt as students spoil them.

They are written with torch, apart from the table that is to recognise them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from grader.values import Array, Value, capture

Tensor = torch.Tensor
Spoil = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Step:
    """One typical step. named: the names that say it rightly. fits: for which right values it is a step that somebody takes."""

    name: str
    named: frozenset[str]
    spoil: Spoil
    fits: Callable[[Tensor], bool] = lambda _t: True


def shares(t: Tensor) -> bool:
    """Numbers in [0, 1], not all of them 0 or 1."""
    return t.is_floating_point() and bool(((t >= 0) & (t <= 1)).all()) and bool(((t > 1e-4) & (t < 1 - 1e-4)).any())


def rows_of_shares(t: Tensor) -> bool:
    return t.ndim == 2 and t.shape[1] > 1 and shares(t) and torch.allclose(t.sum(1), torch.ones(len(t)), atol=1e-4)


def logits(t: Tensor) -> bool:
    return t.is_floating_point() and not shares(t) and bool(t.min() < 0)


def long(t: Tensor, least: int = 4) -> bool:
    return t.ndim > 0 and len(t) >= least


def table(t: Tensor) -> bool:
    return t.ndim == 2 and min(t.shape) > 1


def floats(t: Tensor) -> bool:
    return t.is_floating_point()


def curve(t: Tensor) -> bool:
    """Four and more rows of numbers that are no whole ones."""
    return floats(t) and long(t)


def inside(t: Tensor) -> bool:
    """Probabilities, each by itself, that have a finite logit."""
    return shares(t) and not rows_of_shares(t) and bool(((t > 0) & (t < 1)).all())


def labels(t: Tensor) -> bool:
    return t.dtype == torch.int64 and t.ndim == 1 and int(t.min()) >= 0


def signs(t: Tensor) -> bool:
    return floats(t) and bool(t.min() < 0 < t.max())


def one_column(t: Tensor) -> bool:
    return curve(t) and (t.ndim == 1 or t.shape[1] == 1)


def cut(t: Tensor) -> bool:
    """Some number is above 2, and not all of them are whole."""
    return floats(t) and bool(t.abs().max() > 2) and not torch.equal(t, t.trunc())


def _step(name: str, named: str, spoil: Spoil, fits: Callable[[Tensor], bool] = floats) -> Step:
    return Step(name, frozenset(named.split()), spoil, fits)


def _start(t: Tensor) -> Tensor:
    """Some other row of numbers of this size."""
    return 0.3 * torch.ones_like(t[:1])


def _unnormalised(t: Tensor) -> Tensor:
    """Logits of rows of probabilities: known up to a constant a row."""
    return t.clamp_min(1e-12).log() + torch.linspace(-0.7, 1.3, len(t))[:, None]


STEPS = [
    _step("transposed", "transposed axis", lambda t: t.T, lambda t: t.ndim == 2 and t.shape[0] != 1 != t.shape[1]),
    _step("flattened", "axis shape", lambda t: t.flatten(), lambda t: t.ndim == 2),
    _step("another axis", "axis", lambda t: t[None], lambda t: t.ndim > 0),
    _step("view for transpose", "shape", lambda t: t.reshape(t.shape[::-1]), lambda t: table(t) and t.shape[0] != t.shape[1]),
    _step("opposite sign", "negated", lambda t: -t),
    _step("backwards", "reversed", lambda t: t.flip(0), long),
    _step("one step late", "late", lambda t: torch.cat([_start(t), t[:-1]]), curve),
    _step("rolled", "late", lambda t: t.roll(1, 0), long),
    _step("one step early", "early", lambda t: torch.cat([t[1:], _start(t)]), curve),
    _step("two rows exchanged", "rows_swapped", lambda t: t[[1, 0, *range(2, len(t))]], lambda t: long(t, 3)),
    _step("columns exchanged", "columns_swapped complement", lambda t: t.roll(1, 1), table),
    _step("rows shuffled", "another_order", lambda t: t[[2, 0, *range(len(t) - 1, 2, -1), 1]], lambda t: long(t, 6)),
    _step("first missing", "one_short", lambda t: t[1:], lambda t: long(t, 3)),
    _step("last missing", "one_short", lambda t: t[:-1], lambda t: long(t, 3)),
    _step("one more", "one_long", lambda t: torch.cat([t, t[:1]]), lambda t: long(t, 2)),
    _step("last only", "last_only", lambda t: t[-1], lambda t: long(t) and t.ndim > 1 and t.shape[1] > 1),
    _step("half of it", "too_few", lambda t: t[: len(t) // 2], lambda t: long(t, 8)),
    _step("twice as long", "too_many", lambda t: torch.cat([t, 0.9 * t]), curve),
    _step("first row everywhere", "repeated", lambda t: t[:1].expand_as(t), lambda t: table(t) and long(t)),
    _step("running sum", "accumulated", lambda t: t.cumsum(0), lambda t: floats(t) and long(t, 3)),
    _step("sum for mean", "times_n", lambda t: t * len(t), lambda t: floats(t) and long(t, 3) and len(t) != 100),
    _step("mean for sum", "over_n", lambda t: t / len(t), lambda t: floats(t) and long(t, 3) and len(t) != 100),
    _step("twice", "doubled", lambda t: 2 * t),
    _step("half", "halved", lambda t: t / 2),
    _step("percent", "percent", lambda t: 100 * t, shares),
    _step("squared", "squared", lambda t: t**2),
    _step("absolute value", "absolute", lambda t: t.abs(), signs),
    _step("ReLU too much", "relu", torch.relu, signs),
    _step("1 minus it", "complement columns_swapped", lambda t: 1 - t, shares),
    _step("1 over it", "reciprocal", lambda t: 1 / t, lambda t: floats(t) and bool((t != 0).all())),
    _step("sigmoid missing", "no_sigmoid", torch.logit, inside),
    _step("sigmoid twice", "sigmoid_twice", torch.sigmoid, shares),
    _step("sigmoid too much", "sigmoids", torch.sigmoid, logits),
    _step("softmax missing", "no_softmax", _unnormalised, rows_of_shares),
    _step("softmax twice", "softmax_twice", lambda t: t.softmax(-1), rows_of_shares),
    _step("softmax too much", "probabilities", lambda t: t.softmax(-1), lambda t: table(t) and logits(t)),
    _step("softmax over dim 0", "wrong_axis", lambda t: _unnormalised(t).softmax(0), rows_of_shares),
    _step("log_softmax", "log_probabilities", torch.log, rows_of_shares),
    _step("log_softmax of logits", "log_softmax", lambda t: t.log_softmax(-1), lambda t: table(t) and logits(t)),
    _step("exp without its sum", "not_divided", lambda t: _unnormalised(t).exp(), rows_of_shares),
    _step("tanh too much", "tanh_extra", torch.tanh, logits),
    _step("logarithm", "logarithm", torch.log, lambda t: floats(t) and bool(t.min() > 0) and bool(t.max() > 1)),
    _step("no logarithm", "exponential", torch.exp, lambda t: logits(t) and bool(t.abs().max() < 20)),
    _step("argmax", "classes", lambda t: t.argmax(-1), lambda t: table(t) and len(t) > 15),
    _step("one-hot", "scores", lambda t: torch.nn.functional.one_hot(t).float(), labels),
    _step("counted from 1", "one_based", lambda t: t + 1, lambda t: t.dtype == torch.int64 and t.ndim > 0),
    _step("bias missing", "bias", lambda t: t - torch.linspace(0.37, 1.1, t.shape[1]), lambda t: table(t) and curve(t)),
    _step("bias missing, one column", "offset", lambda t: t - 0.3467, one_column),
    _step("rounded", "rounded", lambda t: (t * 100).round() / 100),
    _step("cut to whole numbers", "rounded", lambda t: t.long(), cut),
    _step("float64", "dtype", lambda t: t.double()),
    _step("NaN everywhere", "all_nan", lambda t: t * torch.nan, lambda t: floats(t) and t.numel() > 1),
]  # fmt: skip

# Wrong in another way: two steps at once, only a part, or nothing that has a name.
OTHERS: dict[str, tuple[Spoil, Callable[[Tensor], bool]]] = {
    "noise": (lambda t: t + 0.1 * _noise(t) * t.abs().mean(), floats),
    "other numbers": (lambda t: _noise(t) * t.std() + t.mean(), lambda t: floats(t) and t.numel() > 1),
    "some factor": (lambda t: 1.37 * t, floats),
    "factor and offset": (lambda t: 1.37 * t - 0.21, floats),
    "one column wrong": (lambda t: torch.cat([-1.3 * t[:, :1], t[:, 1:]], 1), table),
    "one row wrong": (lambda t: torch.cat([t[:1] + 0.37, t[1:]]), curve),
    "negated and backwards": (lambda t: -t.flip(0) + 0.01 * t, curve),
    "squared and late": (lambda t: t.roll(1, 0) ** 2, lambda t: curve(t) and not torch.equal(t, t**2)),
    "doubled and transposed": (lambda t: 2 * t.T, lambda t: floats(t) and table(t)),
    "sigmoid and backwards": (lambda t: torch.sigmoid(t).flip(0), lambda t: curve(t) and not torch.equal(t, t.flip(0))),
    "ReLU and late": (lambda t: torch.relu(t).roll(1, 0), lambda t: logits(t) and long(t)),
    "columns exchanged, negated": (lambda t: -t.roll(1, 1) + 0.1, lambda t: floats(t) and table(t) and t.shape[1] > 2),
    "sine": (lambda t: torch.sin(3 * t), floats),
    "constant": (lambda t: torch.full_like(t, 0.4321), floats),
    "zeros": (torch.zeros_like, floats),
    "ones": (torch.ones_like, floats),
    "off by more and more": (lambda t: t + torch.linspace(0, 0.5, len(t)).reshape(-1, *[1] * (t.ndim - 1)), curve),
    "NaN here and there": (lambda t: torch.where(_noise(t) > 0, t + 0.1, torch.nan), lambda t: floats(t) and t.numel() > 3),
}  # fmt: skip


def _noise(t: Tensor) -> Tensor:
    return torch.randn(t.shape, generator=torch.Generator().manual_seed(7))


def spoilt(value: Value, step: Spoil, fits: Callable[[Tensor], bool], noise: bool) -> Value | None:
    """The value with a step taken in each of its arrays and lists of numbers; None where it is not for one of them.

    noise: a float32 rounding error, as another order of summation has it.
    """
    if isinstance(value, dict):
        items = {key: spoilt(item, step, fits, noise) for key, item in value.items()}
        return None if any(item is None for item in items.values()) or not items else items
    if (
        isinstance(value, list)
        and value
        and not all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value)
    ):
        found = [spoilt(item, step, fits, noise) for item in value]
        return None if any(item is None for item in found) else found
    right = _tensor(value)
    if right is None or right.numel() == 0 or not fits(right):
        return None
    wrong = step(right)
    if noise and wrong.is_floating_point():
        wrong = wrong * (1 + 2e-7 * _noise(wrong).to(wrong.dtype))
    return capture(wrong if isinstance(value, Array) else wrong.tolist())


def _tensor(value: Value) -> Tensor | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, list, Array)) or value == []:
        return None
    data = value.data if isinstance(value, Array) else value
    found = torch.as_tensor(data)
    return None if found.dtype == torch.bool else found.float() if found.is_floating_point() else found


def synthetic() -> Iterator[tuple[str, Value]]:
    """Right values of the lectures' shapes: (name, value)."""
    torch.manual_seed(43052)
    random = torch.randn
    yield "logits of abc, (60, 4)", capture(random(60, 4) * 2)
    yield "probabilities, (15, 4)", capture(random(15, 4).mul(1.5).softmax(1))
    yield "probabilities of two classes, (12, 2)", capture(random(12, 2).softmax(1))
    yield "hidden states, (20, 3)", capture(torch.tanh(random(20, 3)))
    yield "weights of RNN(4, 2)", capture(dict(torch.nn.RNN(4, 2).state_dict()))
    yield "weights of LSTM(3, 2)", capture(dict(torch.nn.LSTM(3, 2).state_dict()))
    yield "weights of a 1-2-1 net", capture(dict(torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.Linear(2, 1)).state_dict()))
    yield "losses, a list of 50", capture((random(50).abs() + torch.linspace(3, 1, 50)).tolist())
    yield "sigmoid of scores, (38,)", capture(torch.sigmoid(random(38) + 0.4))
    yield (
        "piecewise linear, (101, 1)",
        capture(4.5 - 4.5 * torch.relu(x := torch.linspace(-1, 1, 101)[:, None]) - 9 * torch.relu(-x)),
    )
    yield "classes of iris, (38,)", capture(torch.randint(0, 3, (38,)))
    yield "gradients, (5, 3)", capture(random(5, 3))
    yield "gates of an LSTM", capture({gate: torch.sigmoid(random(8, 2)) for gate in ("input", "forget", "output")})
    yield "regression, (40, 1)", capture(random(40, 1) * 3 + 1)
    yield "one loss", capture(0.342969)
    yield "two weights", capture([0.83796, 3.98111])


def fits_of(seed: int = 43052, epochs: int = 30, lr: float = 0.05, hidden: int = 3) -> Value:
    """The weights of a small net after some epochs of Adam: for answers with another seed, fewer epochs, another step."""
    torch.manual_seed(0)
    x, noise = torch.randn(40, 2), 0.1 * torch.randn(40, 1)
    y = x[:, :1] * 2 - x[:, 1:] + noise
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(2, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1))
    optimizr = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(epochs):
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
    return capture(dict(net.state_dict()))
