"""The times of a comparison as bars. Drawn without pyplot, which would keep each figure and change global state."""

import functools
import io
from collections.abc import Sequence
from typing import Any

from freeproviders.notebook.comparison import Row
from freeproviders.notebook.extras import optional

__all__ = ["bars"]

# Read on white and on black alike; the figure itself has no background.
_INK = "#80868f"
_FIRST, _REST, _FAILED = "#9cc0f5", "#3a7ce2", "#de4444"
_LONGEST_TITLE = 60


def bars(rows: Sequence[Row]) -> Any:
    """A figure with a panel for each prompt and a bar for each model.

    Args:
        rows: The rows of a comparison.

    Raises:
        InvalidSetting: If matplotlib is not installed.
    """
    figures = optional("matplotlib.figure", "a plot")
    prompts = list(dict.fromkeys(row.prompt for row in rows))
    models = list(dict.fromkeys(row.model for row in rows))
    size = (8, (0.42 * len(models) + 0.75) * len(prompts) + 0.45)
    figure = figures.Figure(figsize=size, layout="constrained", facecolor="none")
    panels = figure.subplots(len(prompts), 1, sharex=True, squeeze=False)[:, 0]
    for panel, prompt in zip(panels, prompts, strict=True):
        _fill(panel, [row for row in rows if row.prompt == prompt])
        title = prompt if len(prompt) <= _LONGEST_TITLE else f"{prompt[:_LONGEST_TITLE]}…"
        panel.set_title(_plain(title), fontsize=10, color=_INK)
        _tone(panel)
    panels[-1].set_xlabel("seconds: waiting for the first text (light), then until the end", color=_INK, fontsize=9)
    # A notebook asks a value for its picture by this name; pyplot's own hook is set up by importing it.
    figure._repr_png_ = functools.partial(_png, figure)
    return figure


def _fill(panel: Any, rows: Sequence[Row]) -> None:
    for place, row in enumerate(rows):
        first = row.seconds if row.first is None else row.first
        panel.barh(place, first, color=_FIRST if row.error is None else _FAILED, alpha=0.8, height=0.6)
        panel.barh(place, row.seconds - first, left=first, color=_REST if row.error is None else _FAILED, height=0.6)
        told = f" {row.seconds:.2f} s" if row.error is None else f" {type(row.error).__name__}"
        panel.text(row.seconds, place, told, va="center", fontsize=9, color=_INK if row.error is None else _FAILED)
    panel.set_yticks(range(len(rows)), [_plain(row.model) for row in rows])
    panel.invert_yaxis()
    panel.margins(x=0.16)
    panel.set_xlim(left=0)


def _plain(text: str) -> str:
    return text.replace("$", r"\$")  # a dollar would begin a formula


def _tone(panel: Any) -> None:
    panel.set_facecolor("none")
    panel.tick_params(colors=_INK, labelsize=9, length=0)
    for name, spine in panel.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(_INK)


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()
