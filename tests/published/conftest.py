"""The lecture's numbers are recomputed on one thread, and without a window."""

from collections.abc import Iterator

import matplotlib
import pytest


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    import matplotlib.pyplot as plt

    matplotlib.use("agg")
    yield
    plt.close("all")
