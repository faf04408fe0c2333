"""What an answer is written with, read off its source without running it.

Comments and texts never count. Imports and simple assignments are followed, so that ``F.softmax``, ``from torch import softmax``
and ``soft = torch.softmax`` are all told by their full name. Source that Python cannot parse is read token by token.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["Reading", "full_name", "public", "read"]

Lines = dict[str, int]  # what was found -> the first line it is on

# What lecture notebooks call these; the import itself often stands in another cell.
_CONVENTIONS = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "optim": "torch.optim",
    "np": "numpy",
    "plt": "matplotlib.pyplot",
    "pd": "pandas",
}
_PRODUCTS = {"matmul", "mm", "bmm", "mv", "dot"}
_SYNTAX: dict[type[ast.AST], str] = {
    ast.For: "loop",
    ast.AsyncFor: "loop",
    ast.While: "loop",
    ast.ListComp: "comprehension",
    ast.SetComp: "comprehension",
    ast.DictComp: "comprehension",
    ast.GeneratorExp: "comprehension",
    ast.Lambda: "lambda",
    ast.ClassDef: "class",
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
}


@dataclass(frozen=True)
class Reading:
    """What was found, with the first line of each.

    calls: full dotted names that are called or handed on to be called, and ".method" for each method called.
    mentions: full dotted names that are read, and ".attribute". names: identifiers. syntax: as in `judging.Uses`.
    bound: names that the source itself gives a meaning.
    """

    calls: Lines = field(default_factory=dict)
    mentions: Lines = field(default_factory=dict)
    names: Lines = field(default_factory=dict)
    syntax: Lines = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)


def read(source: str) -> Reading:
    """What a source is written with. Knows IPython's magics; never raises."""
    for text in (source, _without_magics(source)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a student's "\\d" is not ours to warn of
                return _read_tree(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return _read_tokens(_without_magics(source))


def public(name: str) -> str:
    """The public name of what torch defines elsewhere: "torch.nn.Linear" for "torch.nn.modules.linear.Linear"."""
    return re.sub(r"^torch\.nn\.(?:modules\.(?:\w+\.)?|parameter\.)(?=[A-Z])", "torch.nn.", name)


def full_name(name: str) -> str:
    """What an instructor means by a name, which may begin with a convention: "torch.nn.Linear" for "nn.Linear"."""
    root, dot, rest = name.partition(".")
    return public(f"{_CONVENTIONS.get(root, root)}.{rest}" if dot else name)


# ---------------------------------------------------------------------------------------------------- IPython

_RUNS_ITS_LINE = re.compile(r"^(\s*)%{1,2}(?:time|timeit|prun)\b((?:\s+-\w+(?:\s*\d+)?)*)\s*(.*)$")
_SHELL_VALUE = re.compile(r"^([\w.,\s]+=\s*)[!%].*$")


def _without_magics(source: str) -> str:
    """The source with each line of IPython's own replaced by one of Python; the lines keep their numbers."""
    return "\n".join(_python_line(line) for line in source.split("\n"))


def _python_line(line: str) -> str:
    timed = _RUNS_ITS_LINE.match(line)
    if timed:
        return timed[1] + (timed[3] or "pass")
    bare = line.strip()
    if bare.startswith(("%", "!", "?")) or (bare.endswith("?") and "#" not in bare):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return _SHELL_VALUE.sub(r"\1None", line)


# ---------------------------------------------------------------------------------------------------- by tree


def _read_tree(tree: ast.Module) -> Reading:
    reading = Reading()
    nodes = list(_nodes(tree))
    aliases = _aliases(nodes, reading)
    for node in nodes:
        line = getattr(node, "lineno", 0)
        _add(reading.names, _identifiers(node), line)
        if type(node) in _SYNTAX:
            _add(reading.syntax, [_SYNTAX[type(node)]], line)
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.MatMult):
            _add(reading.syntax, ["matmul"], line)
        if isinstance(node, ast.Call):
            _add(reading.calls, _called(node, aliases), line)
            if isinstance(node.func, ast.Attribute) and node.func.attr in _PRODUCTS:
                _add(reading.syntax, ["matmul"], line)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            _add(reading.calls, (name for d in node.decorator_list for name in _full(d, aliases)), line)
        if isinstance(node, (ast.Name, ast.Attribute, ast.Call)) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            _add(reading.mentions, _full(node, aliases), line)
    return reading


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node in reading order, except in annotations: what they name is not used."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        below = [
            child
            for name, value in ast.iter_fields(node)
            if name not in ("annotation", "returns")
            for child in (value if isinstance(value, list) else [value])
            if isinstance(child, ast.AST)
        ]
        todo += reversed(below)


def _aliases(nodes: Sequence[ast.AST], reading: Reading) -> dict[str, set[str]]:
    """What each name may stand for; "*" for what is imported without a name. Fills in `reading.bound`."""
    aliases: dict[str, set[str]] = {}
    for node in nodes:
        for name, full in _imported(node):
            aliases.setdefault(name, set()).add(full)
        reading.bound.update(_defined(node))
    reading.bound.update(aliases)
    aliases.update({name: {module} for name, module in _CONVENTIONS.items() if name not in reading.bound})
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            parts = _dotted(node.value)
            if parts and parts[0] in aliases:
                aliases.setdefault(node.targets[0].id, set()).update(_full(node.value, aliases))
    return aliases


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name, what it stands for) of an import."""
    match node:
        case ast.Import():
            for item in node.names:
                root = item.name.partition(".")[0]
                yield (item.asname, item.name) if item.asname else (root, root)
        case ast.ImportFrom():
            for item in node.names:
                module = node.module or ""
                yield (item.asname or item.name, module if item.name == "*" else f"{module}.{item.name}")


def _defined(node: ast.AST) -> Iterator[str]:
    """The names that a node gives a meaning, imports aside."""
    match node:
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.arg():
            yield node.arg


def _dotted(node: ast.AST) -> list[str] | None:
    """["torch", "nn", "RNN"] for ``torch.nn.RNN`` and for ``getattr(torch.nn, "RNN")``; None for what is no dotted name."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute():
                parts.append(node.attr)
                node = node.value
            case ast.Call(func=ast.Name(id="getattr"), args=[base, ast.Constant(value=str(attr)), *_]):
                parts.append(attr)
                node = base
            case _:
                return None
    return [node.id, *reversed(parts)]


def _full(node: ast.AST, aliases: dict[str, set[str]]) -> Iterator[str]:
    """The full names that a dotted name may stand for, and ".attribute" for its last part."""
    parts = _dotted(node) or ["", node.attr if isinstance(node, ast.Attribute) else ""]
    root, *rest = parts
    if rest and rest[-1]:
        yield f".{rest[-1]}"
    if not root:
        return
    stars = {f"{module}.{root}" for module in aliases.get("*", ())} if root not in aliases else set()
    for start in aliases.get(root, {root}) | stars:
        yield public(".".join([start, *rest]))


def _called(node: ast.Call, aliases: dict[str, set[str]]) -> Iterator[str]:
    """What a call calls, and what it is handed that might be called: ``map(torch.relu, xs)``."""
    yield from _full(node.func, aliases)
    for argument in [*node.args, *(named.value for named in node.keywords)]:
        if isinstance(argument, (ast.Name, ast.Attribute)):
            yield from _full(argument, aliases)


def _identifiers(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name():
            yield node.id
        case ast.Attribute():
            yield node.attr
        case ast.arg() | ast.keyword():
            yield node.arg or ""
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.alias():
            yield from (part for part in f"{node.name}.{node.asname or ''}".split(".") if part)


def _add(found: Lines, names: Iterable[str], line: int) -> None:
    for name in names:
        found[name] = min(line, found.get(name, line))


# ---------------------------------------------------------------------------------------------------- by token

_KEYWORDS = {"while": "loop", "lambda": "lambda", "class": "class", "def": "def"}
_OPENS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_TOKEN = re.compile(
    r"""
    \#.*                                                                                  # a comment
    | (?:\b[rRbBuUfF]{1,2})? (?P<three>\"{3}|'{3}) [\s\S]*? (?:(?P=three)|\Z)             # a text, to its end or the source's
    | (?:\b[rRbBuUfF]{1,2})? (?P<one>[\"']) (?:\\.|(?!(?P=one))[^\\\n])* (?P=one)?        # a text, to its end or the line's
    | (?P<name>[^\W\d]\w*)
    | \d[\w.]*
    | (?P<other>[^\s\w])
    """,
    re.VERBOSE,
)


def _read_tokens(source: str) -> Reading:
    """Names, calls and keywords of what cannot be parsed, with the conventional meaning of `nn`, `F`, `np`."""
    reading, depth, line, end = Reading(), 0, 1, 0
    chain: list[str] = []  # the dotted name being read; "" stands for what follows its last dot
    for token in _TOKEN.finditer(source + "\n;"):
        line, end = line + source.count("\n", end, token.start()), token.start()
        name, other = token["name"], token["other"]
        if name and chain and not chain[-1]:
            chain[-1] = name
        elif other == "." and chain and chain[-1]:
            chain.append("")
            continue
        elif chain:
            found = _chained(chain)
            _add(reading.mentions, found, line)
            _add(reading.calls, found if other == "(" else [], line)
            chain = []
        if name and not keyword.iskeyword(name):
            chain = chain or [name]
            _add(reading.names, [name], line)
        depth += _OPENS.get(other, 0)
        if name == "for":
            _add(reading.syntax, ["comprehension" if depth > 0 else "loop"], line)
        if name in _KEYWORDS:
            _add(reading.syntax, [_KEYWORDS[name]], line)
    return reading


def _chained(chain: list[str]) -> list[str]:
    """The full name of ["nn", "RNN"], and ".attribute" for its last part."""
    root, *rest = filter(None, chain)
    full = ".".join([_CONVENTIONS.get(root, root), *rest])
    return [full, f".{rest[-1]}"] if rest else [full]
