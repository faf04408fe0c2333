"""The lecture's numbers are recomputed on one thread, and without a window."""

from collections.abc import Iterator

import matplotlib
import pytest


@pytest.fixture(autouse=True)
def one_thread_no_window() -> Iterator[None]:
    import matplotlib.pyplot as plt
    import torch

    matplotlib.use("agg")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    plt.close("all")
