"""A student checks themselves: `grader.check("train")` in a notebook, `grader check hw.ipynb` in a terminal.

Both judge against the public key only, and both are advice: what counts is what `grader grade` finds.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import shutil
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import follows
from grader.errors import UsageError
from grader.grade import grade, judge, without_setup
from grader.judging import Agree
from grader.key import Key
from grader.notebook import Answers, RawCell, Role, read
from grader.report import picture, selfcheck_html, selfcheck_text
from grader.result import Capture, CheckResult, Grade, Outcome
from grader.run import Request, Runner, execute
from grader.run.inside import Session
from grader.sourcecode import bound_names, same_code
from grader.submission import extract
from grader.template import fill

__all__ = ["NotebookCheck", "check_file", "find_key"]

_LOAD = re.compile(r"""grader\.load\(\s*["']([^"']+)["'](?:\s*,\s*["']([A-Za-z0-9+/=]+)["'])?""")
_PICTURES_AT_MOST = 3


def read_key(path: Path) -> Key:
    """The key in a file. Raises UsageError when it is not there or is no key."""
    try:
        return Key.from_bytes(path.read_bytes())
    except OSError:
        raise UsageError(f"the key {path} is not there; it came with the notebook") from None


def unpack_key(text: str) -> Key:
    """The key that is embedded in a notebook. Raises UsageError when the text is none."""
    try:
        return Key.from_bytes(zlib.decompress(base64.b64decode(text, validate=True)))
    except (binascii.Error, zlib.error) as error:
        raise UsageError(f"the key in the notebook's first cell is damaged ({error}); take that cell from a fresh copy") from None


# ------------------------------------------------------------------------------------------------- a notebook file


def check_file(path: Path, key_path: Path | None = None, runner: Runner = execute) -> tuple[Grade, dict[str, bytes]]:
    """Run a notebook and judge it against its public key. Returns the grade, and a picture for some failing checks.

    Raises UsageError (UnreadableSubmission) when there is no notebook or no key.
    """
    try:
        cells = read(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    key = read_key(key_path) if key_path else find_key(path, cells)
    answers = extract(cells, key.template)
    with tempfile.TemporaryDirectory() as folder:
        data = _data_beside(path.parent, key, Path(folder))
        notebook = without_setup(fill(key.template, answers))
        run = runner(Request(notebook, key.probes(), key.limits, data))
    found = grade(key, run, answers, path.stem, str(path))
    notes = [*found.notes, *follows.notes(key, answers, found.checks)]
    return dataclasses.replace(found, notes=notes), pictures_of(found.checks)


def find_key(path: Path, cells: list[RawCell]) -> Key:
    """The public key of a student's notebook: in its set-up cell, or in a file beside it. Raises UsageError."""
    for cell in cells:
        found = _LOAD.search(cell.source) if cell.is_code else None
        if found and found[2]:
            return unpack_key(found[2])
        if found and (path.parent / found[1]).is_file():
            return read_key(path.parent / found[1])
    keys = sorted(path.parent.glob("*.key"))
    if len(keys) == 1:
        return read_key(keys[0])
    raise UsageError(
        f"{path} holds no key, and there is {'more than one' if keys else 'none'} beside it: "
        "name the one that came with the homework with --key"
    )


def _data_beside(folder: Path, key: Key, copy: Path) -> Path | None:
    """A folder with the key's data files, as they lie beside the notebook; None when there are none."""
    for name in key.data:
        if (folder / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, copy / name)
    return copy if key.data else None


def pictures_of(checks: list[CheckResult]) -> dict[str, bytes]:
    """Check -> PNG of yours against the expected, for the first few that did not pass and can be drawn."""
    pictures: dict[str, bytes] = {}
    for check in checks:
        if check.outcome in (Outcome.FAILED, Outcome.PARTIAL) and check.evidence and len(pictures) < _PICTURES_AT_MOST:
            png = picture(check.evidence)
            if png is not None:
                pictures[check.name] = png
    return pictures


# ------------------------------------------------------------------------------------------------- inside a notebook


@dataclass
class NotebookCheck:
    """The self-check of one open notebook: its key, and what earlier checks captured (`agree` asks for that) and found."""

    key: Key
    shell: Any
    session: Session
    captures: dict[str, Capture] = field(default_factory=dict)
    found: dict[str, list[CheckResult]] = field(default_factory=dict)

    @classmethod
    def open(cls, shell: Any, name: str, embedded: str = "") -> NotebookCheck:
        """For IPython's `shell`. Raises UsageError when there is no key."""
        key = unpack_key(embedded) if embedded else read_key(Path(name))
        session = Session(shell.user_ns)
        session.install(shell)
        return cls(key, shell, session)

    def check(self, blank: str) -> list[CheckResult]:
        """Judge one blank as the notebook stands now. Raises UsageError for a blank that there is not."""
        if blank not in self.key.blanks:
            raise UsageError(f'there is no blank "{blank}"; there is: {", ".join(self.key.blanks)}')
        sources = self._sources(blank)
        stub = self.key.template.stub(blank)
        untouched = not sources or all(same_code(source, stub) for source in sources)
        for check in [] if untouched else self._needed(blank):
            self.captures[check.name] = self.session.take(
                check.probe.source, check.probe.name, check.probe.given, self.key.limits.probe
            )
        results = judge(self.key, self.captures, {blank: sources}, frozenset({blank} if untouched else ()))
        self.found[blank] = [result for result in results if result.blank == blank]
        return self.found[blank]

    def note(self, blank: str) -> str:
        """What to say of a blank that was checked and may have failed for another one's sake; "" for nothing."""
        if not follows.is_unexplained(self.found[blank]):
            return ""
        sources = {other: found for other in self.key.blanks if (found := self._sources(other))}
        results = [result for found in self.found.values() for result in found]
        return follows.note(follows.roots(self.key, Answers(sources=sources), results).get(blank, ()))

    def _needed(self, blank: str) -> list[Any]:
        """The blank's checks, after those that they agree with and that have not run yet."""
        checks = self.key.of(blank)
        wanted = {c.comparator.with_check for c in checks if isinstance(c.comparator, Agree)} - self.captures.keys()
        return [c for c in self.key.checks if c.name in wanted and c.blank != blank] + checks

    def _sources(self, blank: str) -> tuple[str, ...]:
        """What the student ran for a blank last: the last cell with its marker, or else one of theirs that defines its names."""
        ran = [source for source in self.shell.user_ns.get("In", []) if isinstance(source, str) and source.strip()]
        marked = [source for source in ran if re.search(rf"^\s*# blank: {blank}\s*$", source, re.MULTILINE)]
        stub = self.key.template.stub(blank)
        names = set(self.key.blanks[blank])
        given = {cell.source for cell in self.key.template.notebook.of(Role.GIVEN)}
        theirs = [
            source for source in ran if source not in given and not re.search(r"^\s*# blank: \w+\s*$", source, re.MULTILINE)
        ]
        others = [source for source in theirs if names & bound_names(source)]
        filled = [source for source in marked if not same_code(source, stub)]
        return tuple(filled[-1:] or others[-1:] or marked[-1:])


_open: NotebookCheck | None = None


def load(name: str, embedded: str = "") -> None:
    """`grader.load`: find the public key and watch the notebook's figures. Says what is wrong instead of raising."""
    global _open
    shell = _shell()
    if shell is None:
        return
    try:
        _open = NotebookCheck.open(shell, name, embedded)
    except UsageError as error:
        print(f"grader: {error}")
        return
    for note in _open.key.version_notes(_versions()):
        print(f"grader: {note}")


def check(blank: str) -> None:
    """`grader.check`: judge one blank and show the result. Says what is wrong instead of raising."""
    if _shell() is None:
        print("grader.check works inside a notebook; in a terminal use: grader check NOTEBOOK")
    elif _open is None:
        print("grader: run the notebook's first cell first; it loads the key.")
    else:
        try:
            results = _open.check(blank)
        except UsageError as error:
            print(f"grader: {error}")
            return
        _show(blank, results, _open.note(blank))


def _show(blank: str, results: list[CheckResult], note: str) -> None:
    from IPython.display import display

    html = selfcheck_html(blank, results, pictures_of(results), note)
    display({"text/html": html, "text/plain": selfcheck_text(blank, results, note)}, raw=True)


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _versions() -> dict[str, str]:
    from grader.run import versions

    return versions()
