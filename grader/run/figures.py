"""The figures that each blank's cells draw, as data, taken before the backend closes them.

matplotlib's inline backend shows and closes all figures when a cell ends, `plt.show()` does so earlier, and a cell may close a
figure itself. All of these go through `Gcf`, pyplot's list of open figures; `watch` looks in there.
"""

from __future__ import annotations

import sys
from typing import Any
from weakref import WeakKeyDictionary

from grader.values import FigureData, ValueTooLarge, capture, dumps

__all__ = ["Figures"]

MOST = 50  # figures kept of one cell
_watching: list[Figures] = []  # the one that figures go to; in a notebook the set-up cell may run again


class Figures:
    """The figures of each blank's cells. A cell that runs again replaces what it drew."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, str], list[FigureData | ValueTooLarge]] = {}
        self._cell: tuple[str, str] | None = None
        self._seen: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()

    def start(self, blank: str, cell: str) -> None:
        """The cell that runs next belongs to `blank`; to none, if that is empty."""
        self._cell = (blank, cell) if blank else None
        if self._cell:
            self._drawn.pop(self._cell, None)

    def finish(self) -> None:
        """The cell has ended: take the figures that are still open."""
        if self._cell:
            for manager in _managers():
                self._take(manager)
        self._cell = None

    def of(self, blank: str) -> list[FigureData]:
        """What the blank's cells drew. Raises ValueTooLarge if one of the figures holds too much."""
        found: list[FigureData] = []
        for (owner, _), figures in self._drawn.items():
            for figure in figures if owner == blank else ():
                if isinstance(figure, ValueTooLarge):
                    raise figure
                found.append(figure)
        return found

    def watch(self) -> None:
        """From now on every figure that is closed comes here first."""
        if not _watching:
            _wrap_gcf()
        _watching[:] = [self]

    def _take(self, manager: Any) -> None:
        """Keep a figure, unless this very picture was already taken: one left open is drawn by its first cell only."""
        kept = self._drawn.setdefault(self._cell, []) if self._cell else []
        if self._cell is None or len(kept) >= MOST:
            return
        try:
            figure = manager.canvas.figure
            data = capture(figure)
            if self._seen.get(figure) != (picture := dumps(data)):
                self._seen[figure] = picture
                kept.append(data)
        except ValueTooLarge as error:
            kept.append(error)
        except Exception:  # a figure that cannot be read must not keep the notebook from closing it
            return


def _managers() -> list[Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return helpers.Gcf.get_all_fig_managers() if helpers else []


def _wrap_gcf() -> None:
    from matplotlib import _pylab_helpers

    gcf: Any = _pylab_helpers.Gcf
    destroy, destroy_all = gcf.destroy.__func__, gcf.destroy_all.__func__

    def watched_destroy(cls: Any, num: Any) -> None:
        manager = num if hasattr(num, "canvas") else cls.figs.get(num)
        if manager is not None:
            _watching[0]._take(manager)
        destroy(cls, num)

    def watched_destroy_all(cls: Any) -> None:
        for manager in list(cls.figs.values()):
            _watching[0]._take(manager)
        destroy_all(cls)

    gcf.destroy = classmethod(watched_destroy)
    gcf.destroy_all = classmethod(watched_destroy_all)
