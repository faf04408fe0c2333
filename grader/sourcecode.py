"""What can be told from a student's source without running it: its tokens, and the names it binds and uses.

Knows IPython (``%time x = f()``, ``%%capture``, ``files = !ls``, ``help?``) and never raises: code that Python cannot parse is
read line by line instead.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

__all__ = [
    "bound_names",
    "calls_of",
    "definition",
    "likeness",
    "names_used",
    "parse",
    "parses",
    "part_defining",
    "same_code",
    "tokens",
]

_CANNOT_PARSE = (SyntaxError, ValueError, RecursionError, MemoryError)
_TRANSPARENT = {"time", "capture", "prun"}  # magics whose code runs in the notebook's own namespace
_IPYTHON_LINE = re.compile(r"^([ \t]*)(?:[%!?].*|\S.*\?|\S.*=[ \t]*[%!].*)$", re.MULTILINE)
_INSTALLS = re.compile(r"^([ \t]*)[%!]pip\b(?:.*\\\n)*.*$", re.MULTILINE)  # binds no name, and IPython takes long to import
_WORD = re.compile(r"[^\W\d]\w*")


# ------------------------------------------------------------------------------------------------------ comparing


@lru_cache(maxsize=2048)
def tokens(source: str) -> tuple[str, ...] | None:
    """The tokens that matter: no comments, blank lines or white space, nor any at line ends in strings. None: not tokenizable."""
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
                continue
            if token.type == tokenize.INDENT:
                found.append("<indent>")
            elif token.type == tokenize.DEDENT:
                found.append("<dedent>")
            elif token.type == tokenize.NEWLINE:
                found.append("<newline>")
            elif token.string.strip():
                found.append("\n".join(line.rstrip(" \t") for line in token.string.split("\n")))
    except (tokenize.TokenError, *_CANNOT_PARSE):
        return None
    return () if set(found) <= {"<newline>"} else tuple(found)


def same_code(one: str, other: str) -> bool:
    """Is it the same but for comments, blank lines, white space, and what a code formatter changes (quotes, line breaks)?"""
    left, right = tokens(one), tokens(other)
    if left is None or right is None:
        return _squeezed(one) == _squeezed(other)
    if left == right:
        return True
    dumps = _dump(one), _dump(other)
    return dumps[0] is not None and dumps[0] == dumps[1]


def likeness(one: str, other: str) -> float:
    """How much two sources share, by tokens in order, in [0, 1]. Long ones are compared by their first 1500 tokens."""
    left, right = tokens(one), tokens(other)
    if left is None or right is None:
        left, right = tuple(_squeezed(one).split()), tuple(_squeezed(other).split())
    matcher = SequenceMatcher(None, left[:1500], right[:1500], autojunk=False)
    most = matcher.quick_ratio()  # an upper bound, and much faster
    return most if most < 0.5 else matcher.ratio()


def _squeezed(source: str) -> str:
    lines = (line for line in source.splitlines() if not line.lstrip().startswith("#"))
    return " ".join(" ".join(lines).split())


@lru_cache(maxsize=2048)
def _dump(source: str) -> str | None:
    tree = parse(source)
    try:
        return None if tree is None else ast.dump(tree)
    except RecursionError:
        return None


# ---------------------------------------------------------------------------------------------------------- names


@lru_cache(maxsize=2048)
def bound_names(source: str) -> frozenset[str]:
    """The names that a cell's top level binds: definitions, assignments, imports, loop and ``with`` targets, ``:=``.

    Blocks (``if``, ``for``, ``try``, ...) are looked into, functions and classes are not.
    """
    return frozenset(_names(_INSTALLS.sub(r"\1pass", source), depth=0))


@lru_cache(maxsize=2048)
def names_used(source: str) -> frozenset[str]:
    """Every name that a cell reads, at any depth."""
    tree = parse(source)
    if tree is None:
        return frozenset(_WORD.findall(source))
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                names.add(name)
            case ast.Call(func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"), args=arguments):
                texts = (str(a.value) for a in arguments[1:] if isinstance(a, ast.Constant))
                names.update(word for text in texts for word in _WORD.findall(text))
    return frozenset(names)


def definition(source: str, name: str) -> str | None:
    """The source of the last top-level function or class `name`, with its decorators."""
    text, tree = _parsed(source)
    for node in reversed(tree.body if tree else []):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            return _text_of(text, node)
    return None


def part_defining(name: str, cells: Sequence[str], others: Sequence[str] = (), *, in_place: bool = False) -> str | None:
    """The statements of `cells` that bind `name`, and those that bind what these use, in `cells` or `others`.

    in_place: where they stand in the one cell that holds them all, so that a line has its number there. None where a cell is no
    Python, or none of them binds the name.
    """
    statements: list[tuple[str, ast.stmt]] = []
    for source in (*others, *cells):
        text, tree = _parsed(source)
        if tree is None:
            if source in cells:
                return None
            continue
        statements += [(text, node) for node in tree.body]
    wanted, kept = {name}, dict.fromkeys(range(len(statements)), False)
    grown = True
    while grown:
        grown = False
        for i, (_, node) in enumerate(statements):
            if not kept[i] and wanted & set(_bindings(node, 0)):
                kept[i] = grown = True
                wanted |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    found = [statement for i, statement in enumerate(statements) if kept[i]]
    if in_place and len(cells) == 1 and found and {text for text, _ in found} == {_parsed(cells[0])[0]}:
        stay = {number for _, node in found for number in range(_first_line(node), (node.end_lineno or 0) + 1)}
        return "\n".join(line if number in stay else "" for number, line in enumerate(found[0][0].split("\n"), start=1))
    return "\n".join(_text_of(*each) for each in found) if found else None


def _text_of(text: str, node: ast.stmt) -> str:
    """A statement's lines, with decorators."""
    return "\n".join(text.split("\n")[_first_line(node) - 1 : node.end_lineno])


def _first_line(node: ast.stmt) -> int:
    lines: list[int] = [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]
    return min(lines)


def parses(source: str) -> bool:
    """Is it Python, or IPython?"""
    return parse(source) is not None


def calls_of(source: str, function: str) -> list[str] | None:
    """The first arguments of the calls, where a cell does nothing but import and call `function` ("grader.check"); else None."""
    tree = parse(source)
    arguments: list[str] = []
    for statement in tree.body if tree else []:
        match statement:
            case ast.Import() | ast.ImportFrom():
                continue
            case ast.Expr(value=ast.Call(func=called, args=[ast.Constant(value=str(argument)), *_])):
                if ast.unparse(called) not in (function, function.rpartition(".")[2]):
                    return None
                arguments.append(argument)
            case _:
                return None
    return arguments or None


def _names(source: str, depth: int) -> Iterator[str]:
    tree = parse(source)
    return _names_by_pattern(source) if tree is None else _bindings(tree, depth)


def _bindings(tree: ast.AST, depth: int) -> Iterator[str]:
    """`depth`: of magics in magics. Two are looked into."""
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
                nodes += node.decorator_list
            case ast.Lambda():
                pass
            case ast.comprehension():  # its target is its own; `:=` in it is not
                nodes += [node.iter, *node.ifs]
            case ast.AnnAssign(value=None):
                pass
            case ast.ExceptHandler():  # the name is unbound again
                nodes += node.body
            case ast.Import() | ast.ImportFrom():
                yield from ((a.asname or a.name).partition(".")[0] for a in node.names if a.name != "*")
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name
                nodes += ast.iter_child_nodes(node)
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Call(func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"), args=[ast.Constant(value=magic), *rest]):
                if magic in _TRANSPARENT and rest and isinstance(rest[-1], ast.Constant) and depth < 2:
                    yield from _names(str(rest[-1].value), depth + 1)
            case _:
                nodes += ast.iter_child_nodes(node)


_PATTERNS = (
    re.compile(r"^(?:async\s+)?def\s+(\w+)", re.MULTILINE),
    re.compile(r"^class\s+(\w+)", re.MULTILINE),
    re.compile(r"^(?:from\s+\S+\s+)?import\s+(?:.*\bas\s+)?(\w+)", re.MULTILINE),
)
_TARGETS = re.compile(r"(?!.*\w\()[\w, *()]+$")


def _names_by_pattern(source: str) -> Iterator[str]:
    for pattern in _PATTERNS:
        yield from pattern.findall(source)
    for line in source.splitlines():
        head, equals, rest = line.partition("=")
        head = head.rstrip("+-*/@").partition(":")[0]
        if equals and not rest.startswith("=") and not line[:1].isspace() and _TARGETS.match(head):
            yield from _WORD.findall(head)


# -------------------------------------------------------------------------------------------------------- parsing


def parse(source: str) -> ast.Module | None:
    """The syntax tree of Python, or of IPython turned into Python; None where it is neither."""
    return _parsed(source)[1]


@lru_cache(maxsize=2048)
def _parsed(source: str) -> tuple[str, ast.Module | None]:
    """The source as Python, and its tree: None if it is none."""
    for translate in (str, _python):
        text = translate(source)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a student's "\d" is not ours to warn of
                return text, ast.parse(text)
        except _CANNOT_PARSE:
            continue
    return source, None


def _python(source: str) -> str:
    """IPython's syntax turned into Python's, as IPython does it; its lines are left out where that fails or takes for ever."""
    special = _IPYTHON_LINE.findall(source)
    if special and len(special) < 50:
        from IPython.core import inputtransformer2

        manager: Any = inputtransformer2.TransformerManager  # untyped
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return str(manager().transform_cell(source))
        except Exception:  # noqa: S110 - it is made for well-meant input, and raises whatever Python's tokenizer does
            pass
    return _IPYTHON_LINE.sub(r"\1pass", source)
