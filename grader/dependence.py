"""Which blanks an answer leans on, told from the sources without running them.

A cell that uses a name depends on the blanks that bound it, and on those that may have changed what it stands for: a list that
was appended to, the network of an optimizer that took steps.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.sourcecode import bound_names, names_used, parse

__all__ = ["dependence"]

_CHANGE = {
    "add", "add_module", "append", "apply", "backward", "clear", "eval", "extend", "insert", "load_state_dict", "pop",
    "register_buffer", "remove", "reverse", "setdefault", "sort", "step", "train", "update", "zero_grad",
}  # fmt: skip
_ASKED = re.compile(r"""\bnb(?:\.(\w+)|\[\s*["'](\w+)["']\s*\])""")
_Parameters = Mapping[str, frozenset[str | int]]  # of functions: the parameters that they change, by name and by place
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def dependence(
    notebook: Notebook, probes: Mapping[str, Sequence[Probe]], defines: Mapping[str, tuple[str, ...]]
) -> dict[str, frozenset[str]]:
    """Blank -> the other blanks that its answer, or what its checks look at, may depend on.

    notebook: as it is run. probes: blank -> its checks' probes. defines: blank -> the names that its answer must define.
    """
    names = _Names()
    found: dict[str, frozenset[str]] = {blank: frozenset() for blank in defines}
    answering = ""
    for cell in notebook:
        if cell.role is Role.BLANK:
            answering = cell.name
        elif cell.role is Role.CHECK:
            asked = {attribute or item for p in probes.get(cell.name, ()) for attribute, item in _ASKED.findall(p.source)}
            found[cell.name] = found.get(cell.name, frozenset()) | names.of(asked) - {cell.name}
            answering = ""
        if cell.is_code and cell.role not in (Role.CHECK, Role.SETUP):
            behind = names.take(cell, defines.get(cell.name, ()) if cell.role is Role.BLANK else ())
            if answering:
                found[answering] = found.get(answering, frozenset()) | behind - {answering}
    return found


class _Names:
    """Name -> the blanks that may have had a hand in what it stands for, as the cells are gone through."""

    def __init__(self) -> None:
        self.hands: dict[str, frozenset[str]] = {}
        self.uses: dict[str, frozenset[str]] = {}  # of functions and classes: what they look up when they are called
        self.changes: dict[str, frozenset[str | int]] = {}
        self.holds: dict[str, frozenset[str]] = {}  # what a name was made from: an optimizer holds its network
        self.modules: set[str] = set()

    def of(self, names: Iterable[str]) -> frozenset[str]:
        """The blanks behind these names, and behind what they look up when called."""
        found: frozenset[str] = frozenset()
        for name in _closure(names, self.uses):
            found |= self.hands.get(name, frozenset())
        return found

    def take(self, cell: Cell, defines: Iterable[str]) -> frozenset[str]:
        """Go through one cell. Returns the blanks that it depends on."""
        tree = parse(cell.source)
        read = names_used(cell.source) if tree is None else _free(tree)
        behind = self.of(read)
        own = {cell.name} if cell.role is Role.BLANK else set()
        if tree is not None:
            self.modules |= _imported(tree)
            self.holds |= _made_from(tree)
        changed: Set[str] = read if tree is None else _changed(tree, self.changes, self.holds)
        for name in (changed - self.modules) & self.hands.keys():
            self.hands[name] |= behind | own
        for name in bound_names(cell.source) | set(defines):
            self.hands[name] = behind | own
            self.uses.pop(name, None)
            self.changes.pop(name, None)
        for node in tree.body if tree else ():
            if isinstance(node, _DEFINITION):
                self.uses[node.name] = frozenset(_free(node)) - {node.name}
                self.changes[node.name] = self._parameters(node)
        return behind - own

    def _parameters(self, node: ast.stmt) -> frozenset[str | int]:
        """The parameters that a function changes; none for a class."""
        if not isinstance(node, ast.FunctionDef):
            return frozenset()
        parameters = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        inside = ast.Module(node.body, [])
        changed = _changed(inside, self.changes, _made_from(inside))
        return frozenset(key for i, name in enumerate(parameters) if name in changed for key in (name, i))


def _closure(names: Iterable[str], onward: Mapping[str, Iterable[str]]) -> set[str]:
    """These names, those that they lead to, and so on."""
    todo, seen = list(names), set[str]()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += onward.get(name, ())
    return seen


def _here(tree: ast.AST) -> Iterator[ast.AST]:
    """What is executed when `tree` is: not the bodies of the functions and classes that it defines."""
    todo = list(ast.iter_child_nodes(tree))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _DEFINITION):
            todo += ast.iter_child_nodes(node)


def _free(tree: ast.AST) -> set[str]:
    """The names that a cell or a definition reads from outside: those of functions in it, too, less what is theirs."""
    found: set[str] = set()
    todo: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while todo:
        node, inner = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            below = list(ast.walk(node))
            stored = {n.id for n in below if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            inner |= stored | {n.arg for n in below if isinstance(n, ast.arg)}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in inner:
            found.add(node.id)
        todo += [(child, inner) for child in ast.iter_child_nodes(node)]
    return found


def _imported(tree: ast.AST) -> set[str]:
    """The names that stand for modules, or for what was imported from one."""
    aliases = (a for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for a in node.names)
    return {(alias.asname or alias.name).partition(".")[0] for alias in aliases}


def _made_from(tree: ast.AST) -> dict[str, frozenset[str]]:
    """Name -> the names that were handed to the call that made it."""
    found: dict[str, frozenset[str]] = {}
    for node in _here(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            arguments = [*node.value.args, *(keyword.value for keyword in node.value.keywords)]
            made = frozenset().union(*map(_roots, arguments))
            found |= {target.id: made - {target.id} for target in node.targets if isinstance(target, ast.Name)}
    return found


def _changed(tree: ast.AST, functions: _Parameters, holds: Mapping[str, frozenset[str]]) -> set[str]:
    """The names whose objects may be changed without being bound: assigned into, or called a changing method of.

    Functions that the notebook does not define change what they are given when their name ends in "_", as torch's do.
    """
    names: set[str] = set()
    for node in _here(tree):
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                names |= _roots(node)
            case ast.Call(func=ast.Name(id=name)):
                mine = functions.get(name, frozenset())
                names.update(*(_roots(a) for i, a in enumerate(node.args) if i in mine))
                names.update(*(_roots(k.value) for k in node.keywords if k.arg in mine))
            case ast.Call(func=ast.Attribute(value=value, attr=method)):
                names |= _roots(value) if method in _CHANGE or method.endswith("_") else set()
                names.update(*(_roots(a) for a in node.args if method.endswith("_")))
    return _closure(names, holds)


def _roots(node: ast.AST) -> set[str]:
    """The names that a node begins with: `net` of `net.l1.weight` and of `net.parameters()`, a and b of `[a, *b]`."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        return _roots(node.value)
    if isinstance(node, ast.Call):
        inside = [node.func] if isinstance(node.func, ast.Attribute) else []
        return set().union(*map(_roots, [*inside, *node.args]))
    return set().union(*(_roots(below) for below in ast.iter_child_nodes(node) if isinstance(below, ast.expr)))
