"""A place in the output of the running cell that is drawn anew while work goes on; nothing where there is no notebook.

IPython is not imported: who runs in a notebook has loaded it.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

__all__ = ["PAUSE", "Screen", "in_notebook"]

PAUSE: float = 0.1
"""Least seconds between two drawings: more often, nobody reads and the browser is busy."""
# A long answer takes its time to draw: the work that is shown gets most of it all the same.
_REST = 4


def in_notebook() -> bool:
    """Whether what is displayed can be drawn anew: in a kernel, not in a terminal, where each drawing would stay."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and all(kind.__name__ != "TerminalInteractiveShell" for kind in type(shell).__mro__)


class Screen:
    """What is shown of one piece of work.

    Args:
        draw: Gives what there is to be shown, as HTML and as plain text.
        live: Whether to show anything.
    """

    def __init__(self, draw: Callable[[], tuple[str, str]], *, live: bool = True) -> None:
        self._draw = draw
        self._live = live and in_notebook()
        self._handle: Any = None
        self._next = 0.0

    def changed(self) -> None:
        """Something has changed: draws, unless that was done just now."""
        if self._live and time.monotonic() >= self._next:
            self.now()

    def now(self) -> None:
        """Draws, whenever that was done last."""
        if not self._live:
            return
        began = time.monotonic()
        html, text = self._draw()
        bundle = {"text/html": html, "text/plain": text}
        if self._handle is None:
            display = sys.modules["IPython"].display.display
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
        ended = time.monotonic()
        self._next = ended + max(PAUSE, _REST * (ended - began))
