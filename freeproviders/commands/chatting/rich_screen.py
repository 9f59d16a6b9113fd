"""The chat in a capable terminal: Markdown that renders while it arrives, in the terminal's own colours.

``NO_COLOR`` and the like are honoured by rich.
"""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text
from rich.theme import Theme

from freeproviders.commands import clean
from freeproviders.commands.chatting.lines import unechoed
from freeproviders.commands.chatting.markdown import Block, Blocks
from freeproviders.commands.chatting.screens import Answering, Screen

__all__ = ["RichScreen"]

_FRAMES_PER_SECOND = 12
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_THEME = Theme(
    {
        "markdown.h1": "bold underline",
        **dict.fromkeys(("markdown.h2", "markdown.h3", "markdown.h4", "markdown.h5", "markdown.h6"), "bold"),
        "markdown.code": "cyan",
        "markdown.block_quote": "italic",
        "markdown.link_url": "underline",
    }
)
# Lines of the terminal that an answer leaves free: the state of things, and air.
_BESIDE = 4


class RichScreen(Screen):
    """Shows a chat on a console of rich."""

    prompts = True

    def __init__(self) -> None:
        self._console = Console(highlight=False, theme=_THEME)

    @property
    def capable(self) -> bool:
        """Whether the terminal can do what this screen does."""
        return not self._console.is_dumb_terminal and self._console.encoding.lower().startswith("utf")

    def prompt(self, label: str) -> tuple[str, str]:
        """What stands before the next question, and before its further lines."""
        name = self._escaped(Text.assemble((label, "bold cyan"), (" › ", "cyan")))
        return name, self._escaped(Text("… ", "cyan"))

    def _escaped(self, text: Text) -> str:
        """With its colours between the marks by which readline knows what takes no room."""
        with self._console.capture() as captured:
            self._console.print(text, end="")
        return _COLOURS.sub("\1\\g<0>\2", captured.get())

    def greet(self, title: str, lines: str) -> None:
        """Says what this is."""
        self._console.print(Text(title, "bold"))
        self._console.print(Text(clean(lines), "dim"))
        self._console.line()

    def bye(self) -> None:
        """Ends the line that Ctrl-D has left open."""
        self._console.line()

    def told(self, text: str) -> None:
        """Shows what a command says."""
        self._console.print(Text(clean(text)))
        self._console.line()

    def result(self, text: str) -> None:
        """Shows what a command gives."""
        self.told(text)

    def footer(self, text: str) -> None:
        """Shows who answered."""
        self._console.print(Text(clean(text), "dim"))
        self._console.line()

    def problem(self, text: str) -> None:
        """Shows what went wrong."""
        self._console.print(Text.assemble(("✗ ", "bold red"), (clean(text), "red")))
        self._console.line()

    @contextmanager
    def answering(self, label: str) -> Iterator[Answering]:
        """Shows an answer of a service as it arrives."""
        self._console.line()
        shown = _LiveAnswering(self._console, label)
        with unechoed(), shown.alive():
            yield shown


class _LiveAnswering(Answering):
    def __init__(self, console: Console, label: str) -> None:
        super().__init__()
        self._console = console
        self._label = label
        self._began = time.monotonic()
        self._blocks = Blocks()
        self._spinner = Spinner("dots", style="cyan")
        self._told = ""
        self._live = Live(get_renderable=self._drawn, console=console, auto_refresh=False, transient=True)
        # Rich's own thread that redraws might do so while something is printed above, and leave traces of both.
        self._drawing = threading.Lock()

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Redraws the end of the answer while it arrives, and prints it in the end."""
        over = threading.Event()
        drawer = threading.Thread(target=self._draw, args=(over,), name="freeproviders-screen", daemon=True)
        try:
            with self._live:
                drawer.start()
                try:
                    yield
                finally:
                    over.set()
                    drawer.join()
        finally:
            self.end()

    def _draw(self, over: threading.Event) -> None:
        while not over.wait(1 / _FRAMES_PER_SECOND):
            with self._drawing:
                self._live.refresh()

    def _drawn(self) -> Group:
        seconds = time.monotonic() - self._began
        told = f"{self._label} · {seconds:.0f} s" + (f" · {self._told}" if self._told else "")
        self._spinner.update(text=Text(clean(told), "dim", overflow="ellipsis", no_wrap=True))
        if not self._blocks.open.strip():
            return Group(self._spinner)
        room = max(self._console.height - _BESIDE, 1)  # what is higher than the terminal cannot be redrawn
        return Group(Block(self._blocks.open, room), Text(), self._spinner)

    def text(self, text: str) -> None:
        """Shows more of its text."""
        with self._drawing:
            self._print(self._blocks.add(clean(text)))

    def _print(self, blocks: Sequence[str]) -> None:
        shown = [part for block in blocks if block.strip() for part in (Block(block), Text())]
        if shown:
            self._console.print(*shown, sep="")

    def news(self, told: str) -> None:
        """Shows what happens meanwhile."""
        self._told = told

    def end(self) -> None:
        """Prints what is left."""
        block, self._blocks.open = self._blocks.open, ""
        self._print([block])
