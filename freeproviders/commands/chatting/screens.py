"""Where a chat is shown: as plain text, which everything can show. The screen of a better terminal: ``rich_screen``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from freeproviders.commands import clean, note, say

__all__ = ["Answering", "Screen", "screen_for"]


class Answering:
    """An answer that is arriving, shown as plain text."""

    def __init__(self) -> None:
        self._at_line_start = True

    def text(self, text: str) -> None:
        """Shows more of its text."""
        sys.stdout.write(clean(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()
        self._at_line_start = text.endswith("\n")

    def news(self, told: str) -> None:
        """Shows what happens meanwhile."""
        if self._at_line_start:
            note(told)

    def end(self) -> None:
        """Ends what was shown."""
        if not self._at_line_start:
            say("")


class Screen:
    """Plain text: answers on the standard output, what is said about them beside it."""

    prompts: bool = False
    """Whether a person is asked what to say next."""

    def prompt(self, label: str) -> tuple[str, str]:
        """What stands before the next question, and before its further lines."""
        return f"{label} > ", "... "

    def greet(self, title: str, lines: str) -> None:
        """Says what this is."""

    def bye(self) -> None:
        """Ends the line that Ctrl-D has left open."""

    def told(self, text: str) -> None:
        """Shows what a command says."""
        note(text)

    def result(self, text: str) -> None:
        """Shows what a command gives."""
        say(text)

    def footer(self, text: str) -> None:
        """Shows who answered."""
        note(text)

    def problem(self, text: str) -> None:
        """Shows what went wrong."""
        note(text)

    @contextmanager
    def answering(self, label: str) -> Iterator[Answering]:
        """Shows an answer of a service as it arrives."""
        del label
        shown = Answering()
        try:
            yield shown
        finally:
            shown.end()


class PersonsScreen(Screen):
    """Plain text for a person in a terminal that can do no better, or where rich is not installed."""

    prompts = True

    def __init__(self, hint: str = "") -> None:
        self._hint = hint

    def greet(self, title: str, lines: str) -> None:
        """Says what this is."""
        say("\n".join([*filter(None, (title, lines, self._hint)), ""]))

    def bye(self) -> None:
        """Ends the line that Ctrl-D has left open."""
        say("")

    def told(self, text: str) -> None:
        """Shows what a command says."""
        say(f"{clean(text)}\n")

    def result(self, text: str) -> None:
        """Shows what a command gives."""
        self.told(text)

    def footer(self, text: str) -> None:
        """Shows who answered."""
        say(f"({clean(text)})\n")

    def problem(self, text: str) -> None:
        """Shows what went wrong."""
        say(f"! {clean(text)}\n")


def screen_for() -> Screen:
    """The best screen that there is here."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Screen()
    try:
        from freeproviders.commands.chatting.rich_screen import RichScreen
    except ImportError:
        return PersonsScreen("(for Markdown and colours: pip install 'freeproviders[cli]')")
    screen = RichScreen()
    return screen if screen.capable else PersonsScreen()
