"""What the person types: edited with readline in a terminal, or read line by line from a pipe.

The standard library's readline is enough (cursor keys, history, TAB, pasted text of several lines) and is there on
Linux and macOS; a terminal of Windows edits lines itself. The history is of this chat alone and is written nowhere.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

__all__ = ["Lines", "unechoed"]

_FENCE = '"""'


class Lines:
    """The questions and commands that are typed or piped in.

    Args:
        interactive: Whether a person types them in a terminal that shows the rest.
        complete: What TAB may give for the words up to the cursor.
    """

    def __init__(self, *, interactive: bool, complete: Callable[[str], Sequence[str]]) -> None:
        self._interactive = interactive
        self._complete = complete
        self._found: Sequence[str] = ()
        if interactive:
            with contextlib.suppress(ImportError):
                self._edit()
        elif (reconfigure := getattr(sys.stdin, "reconfigure", None)) is not None:
            reconfigure(encoding="utf-8", errors="replace")

    def read(self, prompt: str, further: str) -> str | None:
        """What is said next, which may be several lines between lines of three quotes; None at the end.

        Args:
            prompt: What stands before it.
            further: What stands before its further lines.

        Raises:
            KeyboardInterrupt: If it was given up by Ctrl-C.
        """
        line = self._line(prompt)
        if line is None or not line.lstrip().startswith(_FENCE):
            return line
        lines = [line.lstrip().removeprefix(_FENCE)]
        while not lines[-1].rstrip().endswith(_FENCE):
            line = self._line(further)
            if line is None:
                break
            lines.append(line)
        return "\n".join(lines).strip().removesuffix(_FENCE).strip()

    def _line(self, prompt: str) -> str | None:
        if not self._interactive:
            line = sys.stdin.readline()
            return line.rstrip("\n") if line else None
        try:
            return input(prompt)
        except EOFError:
            return None

    def _edit(self) -> None:
        import readline

        readline.set_completer(self._next)
        readline.set_completer_delims(" ")
        libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")

    def _next(self, word: str, number: int) -> str | None:
        import readline

        if number == 0:
            line = readline.get_line_buffer()[: readline.get_endidx()]
            self._found = [one for one in self._complete(line) if one.startswith(word)]
        return self._found[number] if number < len(self._found) else None


@contextlib.contextmanager
def unechoed() -> Iterator[None]:
    """Keeps keys that are pressed meanwhile from being shown; they stand in the next line that is typed."""
    try:
        import termios

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
    except (ImportError, OSError, ValueError, AttributeError):  # Windows; no terminal
        yield
        return
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(number, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSANOW, before)
