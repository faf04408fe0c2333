"""Figures of a notebook that wants them in windows: `%matplotlib qt`, `%matplotlib widget`, `matplotlib.use("TkAgg")`.

On a student's machine that works; here there is no screen, and what a browser would draw is seen by nobody. The figures are
drawn as with `%matplotlib inline`, and no cell fails for it. Nor is there anybody to wait for: `plt.ginput`, `plt.pause` and
`plt.waitforbuttonpress` return at once, as when nothing was pressed.

https://matplotlib.org/stable/users/explain/figure/backends.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["install"]

_INLINE = "module://matplotlib_inline.backend_inline"
_TOOLKITS = ("gtk", "gtk3", "gtk4", "qt", "qt4", "qt5", "qt6", "tk", "wx")
_IN_BROWSERS = ("ipympl", "module://ipympl.backend_nbagg", "nbagg", "notebook", "webagg", "widget")
_WINDOWS = {"macosx", "osx", *_TOOLKITS, *(kit + draws for kit in _TOOLKITS for draws in ("agg", "cairo")), *_IN_BROWSERS}


def install() -> None:
    """In this kernel, from now on. Nothing where there is no matplotlib."""
    try:
        import matplotlib
        from IPython.core import pylabtools
        from matplotlib import backend_bases, pyplot
    except ImportError:
        return
    _wrap(vars(matplotlib), "use", _INLINE)
    _wrap(vars(pyplot), "switch_backend", _INLINE)
    _wrap(vars(pylabtools), "find_gui_and_backend", "inline")  # of `%matplotlib` and `%pylab`
    canvas: Any = backend_bases.FigureCanvasBase
    canvas.start_event_loop = _wait_for_nobody(canvas.start_event_loop)


def _wrap(names: dict[str, Any], name: str, inline: str) -> None:
    """The function's first argument names what draws."""
    function: Callable[..., Any] = names[name]

    @functools.wraps(function)
    def drawn_inline(*arguments: Any, **named: Any) -> Any:
        first, *others = arguments or (None,)
        if isinstance(first, str) and first.lower() in _WINDOWS:
            return function(inline, *others, **named)
        return function(*arguments, **named)

    names[name] = drawn_inline


def _wait_for_nobody(wait: Callable[..., None]) -> Callable[..., None]:
    """In the place of the loop that a canvas without a window waits in for what is pressed: all time-outs are over."""

    @functools.wraps(wait)
    def start_event_loop(self: Any, timeout: float = 0) -> None:  # noqa: ARG001 - matplotlib's
        self.flush_events()

    return start_event_loop
