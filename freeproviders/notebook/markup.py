"""Small HTML that looks right in light and dark themes: greys that are half transparent, colours of middle tone.

All text passes ``escaped`` or ``markdown``: nothing that a service or a model says becomes a tag.
"""

import html
import importlib
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "BLUE",
    "FONT",
    "GREEN",
    "GREY",
    "LINE",
    "RED",
    "YELLOW",
    "box",
    "chip",
    "details",
    "escaped",
    "facts",
    "link",
    "markdown",
    "styled",
    "table",
]

GREEN: str = "34,150,94"
BLUE: str = "58,124,226"
YELLOW: str = "186,120,12"
RED: str = "222,68,68"
GREY: str = "128,132,140"
LINE: str = "1px solid rgba(128,128,128,.32)"

FONT: str = "font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;text-align:left"
_CELL = "padding:4px 14px 4px 0;vertical-align:top;text-align:left;border:0;max-width:none;white-space:normal"


def escaped(value: object) -> str:
    """A value as text that is no HTML."""
    return html.escape(str(value), quote=True)


def styled(style: str, *inner: str, tag: str = "div") -> str:
    """An element with a style around others."""
    return f'<{tag} style="{style}">{"".join(inner)}</{tag}>'


def box(title: str, note: str, *inner: str) -> str:
    """A frame with a title.

    Args:
        title: Text.
        note: HTML beside the title.
        inner: HTML.
    """
    heading = styled("font-weight:600;font-size:14px;margin-right:10px", escaped(title), tag="span")
    head = styled("display:flex;flex-wrap:wrap;align-items:center;gap:6px;margin-bottom:6px", heading, note)
    return styled(f"{FONT};border:{LINE};border-radius:8px;padding:10px 14px;max-width:900px", head, *inner)


def chip(text: object, tone: str = GREY) -> str:
    """A word in a coloured pill."""
    style = (
        f"display:inline-block;padding:0 8px;border-radius:9px;font-size:11px;line-height:18px;white-space:nowrap;"
        f"color:rgb({tone});background:rgba({tone},.13)"
    )
    return styled(style, escaped(text), tag="span")


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and what is said of them, line by line; what is empty is left out.

    Args:
        pairs: Name as text, value as HTML.
    """
    cells = "".join(
        styled(f"color:rgb({GREY})", escaped(name)) + styled("min-width:0;overflow-wrap:anywhere", value)
        for name, value in pairs
        if value
    )
    return styled("display:grid;grid-template-columns:max-content 1fr;gap:2px 16px", cells)


def link(url: str) -> str:
    """A web address to click on; any other is text."""
    if not url.lower().startswith(("https://", "http://")):
        return escaped(url)
    return f'<a href="{escaped(url)}" target="_blank" rel="noopener noreferrer">{escaped(url)}</a>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; heads are text, cells HTML."""
    top = "".join(styled(f"{_CELL};font-weight:600;color:rgb({GREY})", escaped(head), tag="th") for head in heads)
    lines = (styled("border:0", *(styled(_CELL, cell, tag="td") for cell in row), tag="tr") for row in rows)
    body = f"<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return styled(
        f"overflow-x:auto;{FONT}", styled("border-collapse:collapse;margin:0;font-size:13px", body, tag="table")
    )


def details(summary: str, inner: str) -> str:
    """What is shown on a click; the summary is text, the rest HTML."""
    return (
        f'<details style="margin:4px 0"><summary style="cursor:pointer">{escaped(summary)}</summary>{inner}</details>'
    )


def markdown(text: str) -> str:
    """Markdown as HTML; as plain text where markdown-it-py is not installed.

    A notebook trusts what its cells give out, and runs scripts in it: tags in the text are shown as text. Images are
    shown as links, as fetching one would tell its server that the answer is being read.
    """
    try:
        library: Any = importlib.import_module("markdown_it")
    except ImportError:
        return styled("white-space:pre-wrap;overflow-wrap:anywhere", escaped(text))
    rules = library.MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    rendered: str = rules.render(text)
    return rendered
