"""Helpers for notebooks (extra ``notebook``): several models side by side, an answer as Markdown while it arrives.

``compare`` and ``show`` draw in the output of the running cell, by IPython's display handles: no server, no widgets, no
patched loop. Outside a notebook they do the same work and draw nothing. How cards, presets, routers and errors look in
a notebook is in ``freeproviders.notebook.views``.
"""

from freeproviders.notebook.comparing import acompare, compare
from freeproviders.notebook.comparison import Comparison, Row
from freeproviders.notebook.showing import ashow, show

__all__ = ["Comparison", "Row", "acompare", "ashow", "compare", "show"]
