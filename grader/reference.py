"""The reference module as source: the text of a name, its stub, and the same as a script cell.

Works on the source text by the positions that `ast` gives, so that comments and formatting stay exactly as the author wrote
them; nothing is ever regenerated from a syntax tree.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.errors import AuthoringError, Problem

__all__ = ["Reference", "Source", "SourceProblem", "without_region_marks"]

_REGION = re.compile(r"^([ \t]*)# blank\b:?[ \t]*(.*)$")
_REGION_END = re.compile(r"^[ \t]*# end blank\b")


class SourceProblem(Exception):
    """Something about one name of the reference; becomes a Problem at `line`."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


@dataclass(frozen=True)
class Source:
    """One top-level name of the reference: kind is "function", "class" or "constant"; `line` is where it begins."""

    name: str
    kind: str
    text: str
    line: int

    @cached_property
    def node(self) -> ast.stmt:
        return ast.parse(self.text).body[-1]

    @property
    def doc(self) -> str:
        """The docstring, cleaned; "" when there is none (a constant has none)."""
        node = self.node
        return ast.get_docstring(node) or "" if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else ""

    # ------------------------------------------------------------------------------------------ as a definition

    def stub(self) -> str:
        """What a student is handed: the marker comment, then decorators, signature and docstring with the body dropped.

        Where the source has `# blank ... # end blank` regions, only what stands in them is dropped.
        """
        return f"# blank: {self.name}\n{self._stub()}"

    def _stub(self) -> str:
        if self.kind == "constant":
            return f"{self._target()} = ..."
        if _has_regions(self.text):
            return _drop_regions(self.text, self.line)
        lines = self.text.splitlines()
        head, body = self._head(lines)
        return "\n".join([*head, f"{_indent_of(body)}..."])

    def _head(self, lines: list[str]) -> tuple[list[str], list[str]]:
        """(the lines up to and with signature and docstring, the lines of the body after them)."""
        node = self.node
        assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
        first = node.body[0]
        has_doc = ast.get_docstring(node) is not None
        end = (first.end_lineno or first.lineno) if has_doc else _signature_end(node, lines)
        if first.lineno == node.lineno and not has_doc:
            raise SourceProblem(self.line, f"`{self.name}` has its body on the line of its `def`; put it on lines of its own")
        return lines[:end], lines[end:] or [" " * (node.col_offset + 4)]

    def _target(self) -> str:
        node = self.node
        if isinstance(node, ast.AnnAssign):
            return f"{self.name}: {ast.get_source_segment(self.text, node.annotation)}"
        return self.name

    # ------------------------------------------------------------------------------------------ as a script cell

    def inline(self) -> str:
        """The body of a function without its `def`, docstring and `return`: what the solution's script cell holds."""
        self._check_inline()
        return without_region_marks(self._inline_body(self.text))

    def solution(self) -> str:
        """The definition as a solution shows it: without the comments that mark regions."""
        return without_region_marks(self.text)

    def inline_stub(self) -> str:
        """The script cell that a student is handed: marker, docstring as comments, `name = ...` for each name it must define."""
        self._check_inline()
        doc = [f"# {line}".rstrip() for line in self.doc.splitlines()]
        if _has_regions(self.text):
            body = self._inline_body(_drop_regions(self.text, self.line))
        else:
            body = "\n".join(f"{name} = ..." for name in self.returns())
        return "\n".join([f"# blank: {self.name}", *doc, body])

    def returns(self) -> tuple[str, ...]:
        """The names that an inline blank returns, which are those that its cell must define."""
        last = self._check_inline()
        value = last.value
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        if not all(isinstance(part, ast.Name) for part in parts):
            raise SourceProblem(
                self.line + last.lineno - 1, f"the inline blank `{self.name}` must end in `return a, b` of plain names"
            )
        return tuple(part.id for part in parts if isinstance(part, ast.Name))

    def parameters(self) -> tuple[str, ...]:
        """The names of a function's parameters."""
        node = self.node
        if not isinstance(node, ast.FunctionDef):
            return ()
        return tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))

    def _check_inline(self) -> ast.Return:
        node = self.node
        if not isinstance(node, ast.FunctionDef):
            raise SourceProblem(self.line, f"the inline blank `{self.name}` must be a function; it is a {self.kind}")
        last = node.body[-1]
        inner = [n for n in ast.walk(node) if isinstance(n, ast.Return) and n is not last]
        if not isinstance(last, ast.Return) or last.value is None or inner:
            raise SourceProblem(self.line, f"the inline blank `{self.name}` must have one `return`, as its last line")
        return last

    def _inline_body(self, text: str) -> str:
        node = ast.parse(text).body[-1]
        assert isinstance(node, ast.FunctionDef)
        lines = text.splitlines()
        first, last = node.body[0], node.body[-1]
        begin = (first.end_lineno or first.lineno) if ast.get_docstring(node) is not None else _signature_end(node, lines)
        return textwrap.dedent("\n".join(lines[begin : last.lineno - 1])).strip("\n")


def _signature_end(node: ast.FunctionDef | ast.ClassDef, lines: list[str]) -> int:
    """The line (1-based) that ends the signature: what follows, comments too, is body."""
    first = node.body[0].lineno
    for number in range(first - 1, node.lineno - 1, -1):
        text = lines[number - 1].split("#")[0].rstrip()
        if text.endswith(":"):
            return number
    return first - 1


def _indent_of(body: list[str]) -> str:
    text = next((line for line in body if line.strip()), "    ")
    return text[: len(text) - len(text.lstrip())] or body[0]


def _has_regions(text: str) -> bool:
    return any(_REGION.match(line) or _REGION_END.match(line) for line in text.splitlines())


def _drop_regions(text: str, first_line: int) -> str:
    """`text` with each `# blank: hint ... # end blank` replaced by its hint as a comment and `...`."""
    kept: list[str] = []
    open_at = 0
    for number, line in enumerate(text.splitlines(), first_line):
        if open_at:
            if _REGION_END.match(line):
                open_at = 0
        elif found := _REGION.match(line):
            open_at = number
            indent, hint = found.groups()
            kept += [f"{indent}# {hint or 'your code'}", f"{indent}..."]
        elif _REGION_END.match(line):
            raise SourceProblem(number, "`# end blank` without a `# blank` before it")
        else:
            kept.append(line)
    if open_at:
        raise SourceProblem(open_at, "`# blank` without an `# end blank` after it")
    return "\n".join(kept)


def without_region_marks(text: str) -> str:
    """`text` without the `# blank` and `# end blank` comments: what a solution shows. The hints stay as comments."""
    kept = []
    for line in text.splitlines():
        if found := _REGION.match(line):
            if found[2]:
                kept.append(f"{found[1]}# {found[2]}")
        elif not _REGION_END.match(line):
            kept.append(line)
    return "\n".join(kept)


@dataclass(frozen=True)
class Reference:
    """The source of `reference/<slug>.py`, name by name."""

    path: Path
    sources: dict[str, Source]

    @classmethod
    def load(cls, path: Path) -> Reference:
        """Read and parse. Raises AuthoringError when the file is missing or not Python."""
        try:
            text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
            tree = ast.parse(text)
        except FileNotFoundError:
            raise AuthoringError([Problem(path, 0, "the reference module is missing")]) from None
        except SyntaxError as error:
            raise AuthoringError([Problem(path, error.lineno or 0, f"not valid Python: {error.msg}")]) from None
        return cls(path, {source.name: source for node in tree.body for source in _sources_of(node, text)})

    def __getitem__(self, name: str) -> Source:
        return self.sources[name]

    def __contains__(self, name: object) -> bool:
        return name in self.sources


def _end_with_mark(lines: list[str], end: int) -> int:
    """A region may end a function: its `# end blank` is a comment, which `ast` does not count as part of it."""
    for number in range(end, len(lines)):
        if _REGION_END.match(lines[number]) and lines[number][:1] in " \t":
            return number + 1
        if lines[number].strip():
            break
    return end


def _sources_of(node: ast.stmt, text: str) -> list[Source]:
    kind = "constant"
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        names, kind = [node.name], "function" if isinstance(node, ast.FunctionDef) else "class"
        begin = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        names, begin = [node.targets[0].id], node.lineno
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        names, begin = [node.target.id], node.lineno
    else:
        return []
    all_lines = text.splitlines()
    end = _end_with_mark(all_lines, node.end_lineno or begin)
    lines = all_lines[begin - 1 : end]
    return [Source(name, kind, "\n".join(lines), begin) for name in names]
