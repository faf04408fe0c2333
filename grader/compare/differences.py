"""Slopes from calls: what the gradients of a function must be, from its values around a point, and where it has a kink.

For a function from n numbers to M, with the gradient v from above, the gradient of the inputs is J^T v, J the (M, n) Jacobian.
Its column k is taken as the central difference (f(x + h e_k) - f(x - h e_k)) / 2h, as in `torch.autograd.gradcheck`. Where the
two one-sided differences disagree (max, ReLU at a tie) every slope between them is right: it is a subgradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.compare.measure import Numbers

__all__ = ["Slopes", "slopes"]

_KINK = 0.01  # one-sided slopes that differ by more than this share are those of a kink


@dataclass(frozen=True)
class Slopes:
    """The slopes at K entries of one input.

    jacobian: (K, M) central differences. central: (K,) J^T v. low, high: (K,) the smallest and the largest right slope, both
    `central` where there is no kink. noise: (K,) what rounding may have added.
    """

    jacobian: Numbers
    central: Numbers
    low: Numbers
    high: Numbers
    noise: Numbers

    def contains(self, gradient: Numbers, atol: float, rtol: float) -> Numbers:
        """Which of K gradients are right, (K,) truth values: within atol + rtol * |slope|, and noise, of a right slope.

        Where the function has no value on one side (a root at 0) any gradient is.
        """
        allowed = atol + rtol * np.maximum(np.abs(self.low), np.abs(self.high)) + self.noise
        inside = (gradient >= self.low - allowed) & (gradient <= self.high + allowed)
        return np.asarray(inside | ~np.isfinite(self.central))

    @property
    def kinks(self) -> Numbers:
        """At which of the entries there is a kink: (K,) truth values."""
        return np.asarray(self.high > self.low)

    @property
    def matter(self) -> bool:
        """Whether the output changes with this input at all."""
        return bool(np.any(np.maximum(np.abs(self.low), np.abs(self.high)) > self.noise + 1e-9))


def slopes(plus: Numbers, minus: Numbers, output: Numbers, upstream: Numbers, up: Numbers, down: Numbers, grain: float) -> Slopes:
    """The slopes from calls.

    plus, minus: (K, M) outputs with each of K entries moved by up, down: (K,), both positive. output, upstream: (M,).
    grain: the relative precision of the outputs.
    """
    right, left = (plus - output) / up[:, None], (output - minus) / down[:, None]  # (K, M)
    jacobian = (plus - minus) / (up + down)[:, None]
    size = np.maximum(np.maximum(np.abs(plus), np.abs(minus)), np.abs(output))
    rounding = 4 * grain * size / np.minimum(up, down)[:, None]
    kink = np.abs(right - left) > _KINK * np.maximum(np.abs(right), np.abs(left)) + 10 * rounding
    ends = np.stack([np.where(kink, right, jacobian), np.where(kink, left, jacobian)]) * upstream  # (2, K, M)
    noise = (np.abs(upstream) * rounding).sum(1)
    return Slopes(jacobian, jacobian @ upstream, ends.min(0).sum(1), ends.max(0).sum(1), noise)
