"""Values as they come out of a kernel, for hypothesis; and short cuts to judge live objects."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.compare import judge
from grader.judging import Comparator, Evidence
from grader.result import Verdict
from grader.values import Architecture, Array, AxesData, FigureData, LineData, Other, Raised, Value, capture


def judged(comparator: Comparator, value: Any, expected: Any = None, source: str = "", **earlier: Any) -> Verdict:
    """The verdict on live objects, captured as a kernel would."""
    return judge(comparator, Evidence(capture(value), capture(expected), source, earlier))


names = st.sampled_from(["weight", "bias", "0.weight", "loss", "n"])
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
dtypes = st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool", "complex64"])


@st.composite
def arrays(draw: st.DrawFn, nan: bool = True) -> Array:
    dtype = draw(dtypes)
    elements = {"allow_nan": nan} if dtype.startswith(("float", "complex")) else {}
    data = draw(hnp.arrays(dtype, draw(shapes), elements=hnp.from_dtype(np.dtype(dtype), **elements)))
    return Array(data, dtype, draw(st.sampled_from(["tensor", "ndarray"])))


@st.composite
def lines(draw: st.DrawFn, nan: bool = True) -> LineData:
    n = draw(st.integers(0, 5))
    x, y = (draw(hnp.arrays("float64", n, elements=st.floats(allow_nan=nan))) for _ in "xy")
    return LineData(x, y, draw(st.sampled_from(["", "loss"])), draw(st.sampled_from(["-", "None"])))


@st.composite
def figures(draw: st.DrawFn, nan: bool = True) -> FigureData:
    image = hnp.arrays("float64", hnp.array_shapes(min_dims=2, max_dims=2, max_side=3), elements=st.floats(allow_nan=nan))
    axes = st.builds(AxesData, names, names, names, st.lists(lines(nan), max_size=3), st.lists(image, max_size=1))
    return FigureData(draw(names), axes=draw(st.lists(axes, max_size=3)))


architectures = st.recursive(
    st.builds(
        Architecture,
        st.sampled_from(["torch.nn.Linear", "torch.nn.Tanh", "__main__.Net", "torch.nn.Identity"]),
        st.sampled_from(["", "in_features=1"]),
        st.dictionaries(names, st.lists(st.integers(0, 5), max_size=2), max_size=2),
    ),
    lambda below: st.builds(Architecture, st.just("__main__.Net"), children=st.dictionaries(names, below, max_size=3)),
    max_leaves=5,
)


def values(nan: bool = True, others: bool = True) -> st.SearchStrategy[Value]:
    """Any plain data. nan: NaN may be in it. others: what cannot be compared may be in it."""
    leaves = [
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=nan) | st.text(max_size=8),
        arrays(nan),
        architectures,
        figures(nan),
        st.builds(Raised, st.sampled_from(["ValueError", "KeyError"]), names, st.just(["ValueError", "Exception"])),
        *([st.builds(Other, st.sampled_from(["function", "generator"]))] if others else []),
    ]
    keys = st.text(max_size=4) | st.integers() | st.booleans() | st.floats(allow_nan=nan)
    return st.recursive(
        st.one_of(leaves),
        lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4),
        max_leaves=8,
    )
