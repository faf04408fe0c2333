"""`notebook.md.j2` -> cells, and cells + sources -> notebook."""

from __future__ import annotations

from dataclasses import dataclass

from grader.notebook import Notebook

__all__ = ["Template"]


@dataclass(frozen=True)
class Template:
    """An assignment's notebook as it is handed out.

    notebook: every blank holds its stub.
    defines: blank -> the names that its answer must define (the blank's own name; for an inline blank what it returns).
    """

    notebook: Notebook
    defines: dict[str, tuple[str, ...]]

    def stub(self, blank: str) -> str:
        """The source that the blank is handed out with."""
        return next(cell.source for cell in self.notebook if cell.id == f"blank-{blank}")
