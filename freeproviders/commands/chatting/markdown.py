"""Markdown in a terminal while it arrives: blocks that are complete are printed for good, the last one is redrawn."""

import itertools
from typing import Any, ClassVar

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.padding import Padding
from rich.segment import Segment
from rich.syntax import Syntax

__all__ = ["Block", "Blocks"]

# Longer lines are hard to read, however wide the terminal is.
_WIDEST = 100
_PARSER = MarkdownIt().enable("strikethrough").enable("table")


class _Heading(Heading):
    """At the left, where the text begins, and without a frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.justify = "left"
        yield text


class _CodeBlock(CodeBlock):
    """In the terminal's own colours, which fit its background, and indented, so that copying takes code alone."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        syntax = Syntax(code, self.lexer_name, theme="ansi_dark", word_wrap=True, background_color="default")
        yield Padding(syntax, (0, 0, 0, 4))


class _Markdown(Markdown):
    elements: ClassVar[dict[str, Any]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
    }


class Blocks:
    """The text of an answer so far, cut where a block of Markdown ends.

    Attributes:
        open: The last block, which may still grow.
    """

    def __init__(self) -> None:
        self.open: str = ""

    def add(self, text: str) -> list[str]:
        """Takes more of the text; gives the blocks that are complete by now."""
        lines = f"{self.open}{text}".split("\n")  # as the parser counts them
        tokens = _PARSER.parse("\n".join(lines))
        starts = sorted({token.map[0] for token in tokens if token.level == 0 and token.map})
        blocks = ["\n".join(lines[begin:end]) for begin, end in itertools.pairwise([0, *starts[1:], len(lines)])]
        *done, self.open = blocks
        return [f"{block}\n" for block in done]


class Block:
    """A block of Markdown, without empty lines before and after it.

    Args:
        text: The block.
        most: How many lines of it are shown, the last ones; None for all.
    """

    def __init__(self, text: str, most: int | None = None) -> None:
        self._text = text
        self._most = most

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = self._lines(console, options)
        for line in lines if self._most is None else lines[-self._most :]:
            yield from line
            yield Segment.line()

    def _lines(self, console: Console, options: ConsoleOptions) -> list[list[Segment]]:
        narrow = options.update(width=min(options.max_width, _WIDEST), height=None)
        # Links show where they lead.
        lines = console.render_lines(_Markdown(self._text, hyperlinks=False), narrow, pad=False)
        lines = [_stripped(line) for line in lines]
        while lines and not lines[-1]:
            lines.pop()
        return list(itertools.dropwhile(lambda line: not line, lines))


def _stripped(line: list[Segment]) -> list[Segment]:
    """A line without the blanks at its end, which would be copied with it."""
    while line and not line[-1].text.strip():
        line = line[:-1]
    return [*line[:-1], Segment(line[-1].text.rstrip(), line[-1].style)] if line else []
