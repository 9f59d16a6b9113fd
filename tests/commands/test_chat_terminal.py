"""`freeproviders chat` in a terminal: a pseudo terminal that a program types into, and tmux, which shows a screen."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import uuid

import pytest

from freeproviders.sandbox import Scenario

COMMAND = [sys.executable, "-W", "error", "-m", "freeproviders"]
pexpect = pytest.importorskip("pexpect", reason="pexpect, which types into a terminal, is not installed")
in_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux, which shows a screen, is not installed")

_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r")
END = pexpect.EOF
PROMPT = "yqcloud › "
MARKDOWN = "# Title\n\nSome **bold** words.\n\n```python\nvalue = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end."


@pytest.fixture
def terminal(environment):
    """Starts the command in a terminal."""
    started = []

    def terminal(*words: str, size=(24, 80), term="xterm-256color", code: str = "", sh: str = "", **more: str):
        variables = {**environment, "TERM": term, "LANG": "C.UTF-8", **more}
        command = [sys.executable, "-c", code] if code else ["/bin/sh", "-c", sh] if sh else [*COMMAND, *words]
        child = pexpect.spawn(
            command[0],
            command[1:],
            env=variables,
            dimensions=size,
            encoding="utf-8",
            codec_errors="replace",
            timeout=60,
        )
        started.append(child)
        return child

    yield terminal
    for child in started:
        child.close(force=True)


def plain(text: str) -> str:
    return _CODES.sub("", text)


def until(child, words: str) -> str:
    """What is shown up to these words, colours apart."""
    child.expect(_spaced(words))
    return plain(child.before + child.after)


def _spaced(words: str) -> str:
    """Matches words between whose characters a terminal is told things."""
    between = r"(?:\x1b\[[0-9;?]*[a-zA-Z]|\x01|\x02)*"
    return between.join(map(re.escape, words))


def test_a_conversation(terminal):
    child = terminal("chat", "yqcloud")
    greeting = until(child, PROMPT)
    assert "Yqcloud" in greeting
    assert "/help lists commands" in greeting
    child.sendline("What is 6 * 7?")
    shown = until(child, PROMPT)
    assert "\n\n42\n\n" in shown
    assert re.search(r"yqcloud · gpt-4 · \d+\.\d s", shown)
    child.sendline("/switch flowgpt")
    until(child, "flowgpt › ")
    child.sendeof()
    child.expect(END)
    child.close()
    assert child.exitstatus == 0


def test_markdown_is_rendered(terminal, sandbox):
    sandbox.script(Scenario(answer=MARKDOWN))
    child = terminal("chat", "yqcloud")
    until(child, PROMPT)
    child.sendline("Hello")
    child.expect(_spaced(PROMPT))
    assert "\x1b[1mbold" in child.before
    shown = plain(child.before)
    assert "**" not in shown
    assert "```" not in shown
    assert "    value = 1" in shown


def test_no_color_takes_the_colours_away(terminal, sandbox):
    sandbox.script(Scenario(answer=MARKDOWN))
    child = terminal("chat", "yqcloud", NO_COLOR="1")
    child.expect(_spaced(PROMPT))
    child.sendline("Hello")
    child.expect(_spaced(PROMPT))
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", child.before)
    assert "value = 1" in plain(child.before)


@pytest.mark.parametrize(
    "more", [{"term": "dumb"}, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, {"code": "no rich"}]
)
def test_a_terminal_that_can_do_little_gets_plain_text(terminal, sandbox, more):
    sandbox.script(Scenario(answer=f"{MARKDOWN} 你"))
    if "code" in more:
        more = {
            "code": "import sys\nsys.modules['rich'] = None\nfrom freeproviders.__main__ import main\n"
            "sys.exit(main(['chat', 'yqcloud']))"
        }
    child = terminal("chat", "yqcloud", **more)
    child.expect("yqcloud > ")
    assert ("pip install 'freeproviders[cli]'" in child.before) == ("code" in more)
    child.sendline("Hello")
    child.expect("yqcloud > ")
    assert "Some **bold** words." in child.before
    assert "\x1b[1m" not in child.before
    assert ("\\u4f60" in child.before) == ("PYTHONIOENCODING" in more)
    child.sendeof()
    child.expect(END)
    assert "Traceback" not in child.before


def test_ctrl_c_stops_the_answer_and_not_the_chat(terminal, sandbox):
    sandbox.script(Scenario(pieces=("The beginning ", "and the end"), hold_after=1))
    child = terminal("chat", "yqcloud")
    until(child, PROMPT)
    child.sendline("Hello")
    until(child, "The beginning")
    child.sendintr()
    shown = until(child, PROMPT)
    assert "Stopped. What there is of it counts as said. /retry asks again." in shown
    assert "and the end" not in shown
    while sandbox.received[-1].outcome == "open":
        time.sleep(0.01)
    assert sandbox.received[-1].outcome == "client closed"
    child.sendline("What is 6 * 7?")
    assert "42" in until(child, PROMPT)


def test_ctrl_c_gives_up_the_line_that_is_typed(terminal, sandbox):
    child = terminal("chat", "yqcloud")
    until(child, PROMPT)
    child.send("Never mind")
    until(child, "Never mind")  # it is being edited: before that, Python's readline may miss the signal
    child.sendintr()
    assert "Ctrl-D leaves." in until(child, PROMPT)
    child.sendeof()
    child.expect(END)
    assert not sandbox.received


def test_an_answer_commands_no_terminal(terminal, sandbox):
    sandbox.script(Scenario(answer="before \x1b]52;c;aGk=\x07\x1b[2J\x9b2J\u202e after"))
    child = terminal("chat", "yqcloud")
    until(child, PROMPT)
    child.sendline("Hello")
    child.expect(_spaced(PROMPT))
    assert "before ]52;c;aGk=[2J2J after" in plain(child.before)
    assert "\x1b]52" not in child.before
    assert "\x1b[2J" not in child.before


def test_ask_in_a_terminal_waits_for_no_input_and_commands_nothing(terminal, sandbox):
    sandbox.script(Scenario(answer="before \x1b]52;c;aGk=\x07 after"))
    child = terminal("ask", "-p", "yqcloud", "Hello")
    child.expect(END)
    assert child.before.endswith("before ]52;c;aGk= after\r\n")


def test_lines_from_a_pipe_command_no_terminal_either(terminal, sandbox, program, environment):
    sandbox.script(Scenario(answer="before \x1b[2J after"))
    environment["PATH"] = f"{program}:{environment['PATH']}"
    child = terminal(sh="echo Hello | freeproviders chat yqcloud")
    child.expect(END)
    assert "before [2J after" in child.before


def test_tab_completes_commands_and_services(terminal):
    child = terminal("chat", "yqcloud")
    until(child, PROMPT)
    child.send("/swi\tflow\t")
    until(child, "/switch flowgpt")
    child.sendline("")
    until(child, "flowgpt › ")


def test_keys_that_are_pressed_meanwhile_are_not_lost_and_not_shown(terminal, sandbox):
    sandbox.script(Scenario(pieces=("one ", "two"), hold_after=1))
    child = terminal("chat", "yqcloud")
    until(child, PROMPT)
    child.sendline("Hello")
    until(child, "one")
    child.send("What is 6 * 7?")
    sandbox.release()
    shown = until(child, PROMPT)
    assert "What is" not in shown
    child.sendline("")
    assert "42" in until(child, PROMPT)


@pytest.fixture
def screen(environment, tmp_path):
    """Starts the command in tmux; gives what types into it and what reads the screen."""
    server = f"freeproviders-{uuid.uuid4().hex[:8]}"

    def tmux(*words: str) -> str:
        command = [shutil.which("tmux"), "-L", server, "-f", os.devnull, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    def screen(width: int, height: int, *words: str):
        environment.update(LANG="C.UTF-8")
        tmux("new-session", "-d", "-x", str(width), "-y", str(height), shlex.join([*COMMAND, *words]))

        def shown(marker: str) -> str:
            while marker not in (found := tmux("capture-pane", "-p", "-S", "-500")):
                time.sleep(0.05)
            return found

        return lambda line: tmux("send-keys", line, "Enter"), shown

    yield screen
    subprocess.run([shutil.which("tmux"), "-L", server, "kill-server"], capture_output=True)


CODE = "\n".join(f"value_{number} = {number}" for number in range(60))


@in_tmux
@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 24), (200, 50)])
def test_on_the_screen_every_line_stands_once(screen, sandbox, width, height):
    """Also of what is higher than the screen, and arrives in pieces while it is redrawn."""
    sandbox.script(Scenario(answer=f"Before.\n\n```python\n{CODE}\n```\n\n宽字符 after.\n\n- item", pause=0.004))
    say, shown = screen(width, height, "chat", "yqcloud")
    shown(PROMPT.strip())
    say("Hello")
    found = shown(" · gpt-4 · ")
    lines = [line.rstrip() for line in found.splitlines()]
    expected = ["Before.", "", *(f"    {line}" for line in CODE.splitlines()), "", "宽字符 after.", "", " • item", ""]
    begin = lines.index("Before.")
    assert lines[begin : begin + len(expected)] == expected


@in_tmux
def test_blocks_that_come_all_at_once_leave_no_trace_of_redrawing(screen, sandbox):
    blocks = [f"Paragraph {number}." for number in range(12)]
    sandbox.scenario = Scenario(answer="\n\n".join(blocks))
    say, shown = screen(80, 24, "chat", "pizzagpt")
    shown("pizzagpt ›")
    for number in range(3):
        say(f"Question {number}")
        found = shown(f"Question {number}")
        while found.count(" · gpt-4o-mini · ") <= number:
            found = shown("pizzagpt ›")
    assert [line for line in found.splitlines() if line.startswith("Paragraph")] == blocks * 3


def test_a_terminal_that_goes_away_ends_it(terminal):
    child = terminal("chat", "yqcloud")
    until(child, PROMPT)
    child.kill(signal.SIGHUP)
    child.expect(END)
    child.close()
    assert child.signalstatus == signal.SIGHUP
