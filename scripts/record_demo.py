"""Pictures of the terminal for the documents: what real runs in tmux have printed, as SVG.

``python scripts/record_demo.py`` writes ``docs/pictures/demo.svg`` (``python -m demo``) and ``docs/pictures/chat.svg``
(``freeproviders chat``). Both talk to the sandbox; the chat's replies are the ones below, as its rule-based responder
writes no Markdown. Needs tmux and the extra ``cli``.
"""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.sandbox.scripted_brain import ScriptedBrain

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
_PATIENCE_SECONDS = 120.0
# Fonts from a foreign server, which a picture in a page cannot load anyway.
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)

_LISTS = """\
Both hold values in order, but a **list** can be changed and a **tuple** cannot:

```python
point = (3, 4)       # a tuple: one thing of two parts
names = ["Ada"]      # a list: as many things as there are
names.append("Alan")
```

|                 | list | tuple |
|-----------------|------|-------|
| changeable      | yes  | no    |
| key of a `dict` | no   | yes   |
"""
_TUPLES = "Take a **tuple**: a corner has two parts, always the same ones.\n"

Type = Callable[[str], object]
Screen = Callable[[], str]


@contextmanager
def terminal(command: list[str], width: int, height: int, **variables: str) -> Iterator[tuple[Type, Screen]]:
    """Runs a command in a terminal and a folder of its own; gives what types into it, and what reads its screen."""
    tmux = shutil.which("tmux")
    if tmux is None:
        raise SystemExit("needs tmux: it is the terminal")
    with tempfile.TemporaryDirectory() as folder:
        base = [tmux, "-S", f"{folder}/tmux", "-f", os.devnull]

        def run(*words: str) -> str:
            return subprocess.run([*base, *words], capture_output=True, text=True, check=True).stdout  # noqa: S603

        given = {"LANG": "C.UTF-8", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT), **variables}
        words = ["env", *(f"{name}={value}" for name, value in given.items()), *command]
        place = ["-c", folder, "-x", str(width), "-y", str(height)]
        # The shell keeps the screen once the command has ended.
        run("new-session", "-d", *place, f"{shlex.join(words)}; exec sleep 600")
        try:
            yield (lambda line: run("send-keys", line, "Enter")), (lambda: run("capture-pane", "-e", "-p"))
        finally:
            run("kill-server")


def until(words: str, screen: Screen) -> str:
    """The screen once it shows these words."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while words not in Text.from_ansi(shown := screen()).plain:
        if time.monotonic() > end:
            raise SystemExit(f"{words!r} did not appear on the screen:\n{shown}")
        time.sleep(0.1)
    time.sleep(0.5)  # what comes with them
    return screen()


def picture(shown: str, width: int, title: str) -> str:
    """A screen as SVG."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(shown.rstrip()), soft_wrap=True)  # as a whole: colours go on from line to line
    return _FONTS.sub("", console.export_svg(title=title))


def demo(width: int = 120) -> str:
    """What the demo prints."""
    with terminal([sys.executable, "-m", "demo"], width, 90) as (_, screen):
        return picture(until("all were asked at the same time", screen), width, "python -m demo")


def chat(width: int = 90) -> str:
    """A chat that changes the service in the middle."""
    command = [sys.executable, "-m", "freeproviders", "chat", "yqcloud:gpt-4"]
    with (
        Sandbox(ScriptedBrain([_LISTS, _TUPLES]), Scenario(pause=0.01)) as sandbox,
        terminal(command, width, 34, FREEPROVIDERS_SANDBOX=sandbox.url()) as (say, screen),
    ):
        until("yqcloud:gpt-4 ›", screen)
        say("When do I take a list, when a tuple?")
        until("yqcloud · gpt-4 · ", screen)
        say("/switch flowgpt:claude-v2")
        until("flowgpt:claude-v2 ›", screen)
        say("Which one for the corners of a map?")
        return picture(until("flowgpt · claude-v2 · ", screen), width, "freeproviders chat")


def main() -> None:
    """Writes the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, draw in (("demo", demo), ("chat", chat)):
        path = PICTURES / f"{name}.svg"
        path.write_text(draw(), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
