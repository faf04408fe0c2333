"""What may leave a kernel, and the one format it leaves in."""

import math
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.values import (
    Architecture,
    Array,
    FigureData,
    NotAValue,
    Other,
    Raised,
    capture,
    describe,
    dumps,
    living,
    loads,
    restore,
    walk,
)
from grader.values.kinds import MAX_TEXT, ValueTooLarge

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.int8, np.bool_, np.complex64]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
plain = st.recursive(
    scalars | arrays,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def same(one, two) -> bool:
    """Equality that looks into arrays and takes NaN for NaN."""
    if isinstance(one, Array):
        equal = one.data.dtype == two.data.dtype and one.data.shape == two.data.shape
        return equal and one.dtype == two.dtype and one.kind == two.kind and one.data.tobytes() == two.data.tobytes()
    if isinstance(one, float):
        return isinstance(two, float) and (one == two or (math.isnan(one) and math.isnan(two)))
    if isinstance(one, list):
        return isinstance(two, list) and len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return isinstance(two, dict) and list(one) == list(two) and all(same(one[k], two[k]) for k in one)
    return type(one) is type(two) and one == two


@given(plain)
def test_what_is_written_is_read(live):
    value = capture(live)
    data = dumps(value)
    assert same(loads(data), value)
    assert dumps(loads(data)) == data


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data):
    with pytest.raises(NotAValue):
        loads(data)


@pytest.mark.parametrize("cut", [0, 1, 8, 20, -1])
def test_a_cut_file_is_refused(cut):
    with pytest.raises(NotAValue):
        loads(dumps(capture({"a": torch.arange(3.0)}))[:cut])


def test_capture_shares_no_memory():
    live = torch.zeros(3)
    value = capture(live)
    live += 1
    assert value.data.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.complex64]
)
def test_restore_gives_the_tensor_back(dtype):
    live = torch.tensor([0, 1, 1]).to(dtype)
    back = restore(loads(dumps(capture({"x": [live]}))))["x"][0]
    assert back.dtype == dtype
    assert torch.equal(back, live)


def test_kinds():
    net = torch.nn.Sequential(OrderedDict(l1=torch.nn.Linear(1, 2), a1=torch.nn.Tanh(), l2=torch.nn.Linear(2, 1, bias=False)))
    value = capture(net)
    assert [leaf.type for leaf in value.leaves()] == ["torch.nn.Linear", "torch.nn.Tanh", "torch.nn.Linear"]
    assert value.count() == sum(p.numel() for p in net.parameters())
    assert value.children["l2"].options == "in_features=2, out_features=1, bias=False"
    assert capture(net.l1.weight).requires_grad
    assert capture(torch.tensor(2.0)).shape == ()
    assert capture((1, 2)) == [1, 2]
    assert capture(torch.Size([2, 3])) == [2, 3]
    assert capture(np.float64(1.5)) == 1.5
    assert capture(KeyError("z")) == Raised("KeyError", "'z'", ["KeyError", "LookupError", "Exception"])


class Liar:
    def __eq__(self, other):
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    "live",
    [Liar(), (i for i in range(3)), {1, 2}, object, lambda: 1, {Liar: 1}.keys(), np.array(["a"]), torch.ones(2).to_sparse()],
)
def test_anything_else_is_only_the_name_of_its_type(live):
    assert isinstance(capture(live), Other)


def test_addresses_do_not_leave():
    assert "0x..." in capture(ValueError(repr(object()))).message


def test_bombs_end_as_errors(monkeypatch):
    loop: list = []
    loop.append(loop)
    with pytest.raises(ValueTooLarge):
        capture(loop)
    with pytest.raises(ValueTooLarge):
        capture("x" * (MAX_TEXT + 1))
    monkeypatch.setattr(living, "MAX_BYTES", 100)
    with pytest.raises(ValueTooLarge):
        capture(torch.zeros(1000))


def test_figures_are_data():
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(1, 2)
    ax[0].plot([0, 1], [2, 3], "o--", label="losses")
    ax[0].set_title("left")
    ax[1].imshow([[0.0, 1.0]])
    fig.suptitle("both")
    value = loads(dumps(capture(fig)))
    plt.close(fig)
    assert isinstance(value, FigureData)
    assert (value.title, [a.title for a in value.axes]) == ("both", ["left", ""])
    line = value.axes[0].lines[0]
    assert (line.label, line.style, line.marker, line.x.tolist(), line.y.tolist()) == ("losses", "--", "o", [0, 1], [2, 3])
    assert value.axes[1].images[0].tolist() == [[0, 1]]


@given(plain)
def test_describe_never_fails_and_walk_reaches_every_leaf(live):
    value = capture(live)
    assert describe(value)
    leaves = [leaf for _, leaf in walk(value)]
    assert all(not isinstance(leaf, (list, dict)) for leaf in leaves)


def test_an_architecture_of_the_notebook_keeps_its_name():
    class Mynet(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.l1 = torch.nn.Linear(1, 1)

    value = capture(Mynet())
    assert isinstance(value, Architecture)
    assert value.type.endswith("Mynet")
    assert list(value.children) == ["l1"]


def test_a_colour_bar_is_no_axes_of_a_figure():
    plt = pytest.importorskip("matplotlib.pyplot")
    figure, axes = plt.subplots()
    figure.colorbar(axes.imshow([[0.0, 1.0], [2.0, 3.0]]))
    found = capture(figure)
    plt.close(figure)
    assert len(found.axes) == 1
    assert len(found.axes[0].images) == 1
