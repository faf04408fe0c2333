"""The wall: the few types of value that may leave a notebook's kernel, and the one file format they leave in.

A probe runs beside student code and returns whatever it likes. `capture` turns that into plain data::

    None  bool  int  float  str  list  dict      themselves (a tuple is a list)
    torch.Tensor, numpy.ndarray, numpy scalar    Array
    torch.nn.Module                              Architecture: what it is made of, not what it does
    matplotlib Figure                            FigureData: lines, images, titles; no pixels
    an exception                                 Raised: its type and message
    anything else                                Other: the name of its type

`dumps` writes plain data as one safetensors file: the arrays as tensors, the rest as JSON in the header. Nothing is ever
pickled, so reading a value cannot run code. `loads` is strict: what it returns is one of the types above.

    kinds    the types         living   capture, restore
    files    dumps, loads      words    walk, describe
"""

from grader.values.files import dumps, loads
from grader.values.kinds import (
    MAX_BYTES,
    Architecture,
    Array,
    AxesData,
    FigureData,
    LineData,
    NotAValue,
    Other,
    Raised,
    Value,
    ValueTooLarge,
)
from grader.values.living import capture, restore
from grader.values.words import describe, walk

__all__ = [
    "MAX_BYTES",
    "Architecture",
    "Array",
    "AxesData",
    "FigureData",
    "LineData",
    "NotAValue",
    "Other",
    "Raised",
    "Value",
    "ValueTooLarge",
    "capture",
    "describe",
    "dumps",
    "loads",
    "restore",
    "walk",
]
