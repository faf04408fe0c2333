"""Looking at values: their leaves, and what they are in kind."""

from __future__ import annotations

from collections.abc import Iterator

from grader.values.kinds import Architecture, Array, FigureData, Other, Raised, Value


def walk(value: Value, path: str = "") -> Iterator[tuple[str, Value]]:
    """The leaves of nested lists and dicts with the path to each, e.g. ``('[0]["weight"]', Array(...))``."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from walk(item, f"{path}[{i}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{path}[{key!r}]")
    else:
        yield path, value


def describe(value: Value) -> str:
    """What a value is *in kind*, for a message: "a float32 tensor of shape (199, 1)". Holds no number of the value."""
    match value:
        case None:
            return "None"
        case bool():
            return "a truth value"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a text"
        case list():
            return f"a list of {len(value)} item{'s' if len(value) != 1 else ''}"
        case dict():
            keys = ", ".join(map(str, list(value)[:6])) + (", …" if len(value) > 6 else "")
            return f"a dict with the keys {keys}" if value else "an empty dict"
        case Array():
            kind = "tensor" if value.kind == "tensor" else "numpy array"
            return f"{_an(value.dtype)} {kind} of shape {value.shape}"
        case Architecture():
            return f"a module {value.type.removeprefix('__main__.')}"
        case FigureData():
            return f"a figure with {len(value.axes)} axes"
        case Raised():
            return f"the exception {value.type}"
        case Other():
            return f"{_an(value.type)} object"
    return f"{_an(type(value).__name__)} object"


def _an(word: str) -> str:
    return f"{'an' if word[:1].lower() in 'aeiou' and not word.startswith('uint') else 'a'} {word}"
