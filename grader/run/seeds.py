"""Another seed for a whole notebook: every seed that its code sets is shifted by one number.

So the reference of an assignment can be run as if its author had written other seeds, without touching its source.
"""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy as np

__all__ = ["STEP", "shift_seeds"]

STEP = 1_000_003  # between two runs' seeds, so that a notebook's own loop over seeds 0, 1, 2 never meets that of another run


def shift_seeds(by: int) -> None:
    """From now on `s` means `s + STEP * by` in torch.manual_seed, torch.Generator().manual_seed, numpy.random.seed, random.seed.

    Left alone: numpy.random.default_rng, random.Random, torch.cuda.manual_seed, and seeds that are no whole numbers.
    """
    shift = STEP * by
    _shift_torch(shift)
    numpy_seed, python_seed = np.random.seed, random.seed

    @functools.wraps(numpy_seed)
    def seed_numpy(seed: Any = None) -> None:
        whole = isinstance(seed, (int, np.integer)) and 0 <= seed < 2**32
        numpy_seed((int(seed) + shift) % 2**32 if whole else seed)

    @functools.wraps(python_seed)
    def seed_python(a: Any = None, version: int = 2) -> None:
        python_seed(a + shift if isinstance(a, int) else a, version)

    vars(np.random)["seed"] = seed_numpy
    vars(random)["seed"] = seed_python


def _shift_torch(shift: int) -> None:
    import torch

    torch_seed, base = torch.random.manual_seed, torch.Generator

    @functools.wraps(torch_seed)
    def manual_seed(seed: Any) -> torch.Generator:
        return torch_seed((int(seed) + shift) % 2**63)

    class Kind(type(base)):  # type: ignore[misc]  # likewise
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, base)  # torch's own generators are no `Generator` of ours

    class Generator(base, metaclass=Kind):  # type: ignore[misc, valid-type]  # a class that is only known here
        def manual_seed(self, seed: Any) -> torch.Generator:
            return super().manual_seed((int(seed) + shift) % 2**63)

    vars(torch.random)["manual_seed"] = vars(torch)["manual_seed"] = manual_seed
    vars(torch)["Generator"] = Generator
