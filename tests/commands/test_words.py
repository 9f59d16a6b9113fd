"""Words on the command line: what is not known is told with the nearest that is, in one line."""

import subprocess
import sys

import pytest

from freeproviders import __main__
from freeproviders._version import __version__


def test_the_version(run_process):
    assert run_process("--version") == (0, f"freeproviders {__version__}\n", "")


def test_the_help_names_every_command(run):
    code, shown, _ = run("--help")
    _, commands = __main__._parser()
    assert code == 0
    assert [name for name in commands.choices if f"\n    {name}" not in shown] == []


@pytest.mark.parametrize("name", ["chat", "ask", "image", "check", "login", "sandbox", "completion"])
def test_the_help_of_a_command_has_examples_and_fits_a_terminal(run, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    code, shown, _ = run(name, "--help")
    text, _, examples = shown.partition("examples:\n")
    assert code == 0
    assert "freeproviders" in examples
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "which command? Known: ask, chat, check, completion, image, list, login, sandbox."),
        (("chta",), "unknown command 'chta'. Did you mean 'chat'?"),
        (("--colour",), "which command?"),
        (("list", "--jsno"), "Did you mean '--json'?"),
        (("list", "--js"), "unknown option --js."),
        (("list", "more"), "unexpected: 'more'"),
        (("sandbox", "--port", "many"), "--port"),
        (("completion", "powershell"), "bash"),
        (("check", "yqclod"), "Did you mean 'yqcloud'?"),
        (("check", "yqcloud", "--timeout", "5", "yqclod"), "Did you mean 'yqcloud'?"),
        (("chat", "yqclod"), "Did you mean 'yqcloud'?"),
        (("login", "flowgtp"), "Did you mean 'flowgpt'?"),
    ],
)
def test_wrong_words_are_one_line_and_code_2(run, words, told):
    code, shown, said = run(*words)
    assert (code, shown, said.count("\n")) == (2, "", 1)
    assert said.startswith("freeproviders: ")
    assert told in said


def test_what_a_command_needs_is_loaded_when_it_runs():
    heavy = (
        "rich",
        "argcomplete",
        "markdown_it",
        "readline",
        "freeproviders.sandbox",
        "freeproviders.commands.chatting",
    )
    code = f"import sys, freeproviders.__main__ as m; m._parser(); print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_check_needs_no_rich():
    code = (
        "import sys\n"
        "sys.modules['rich'] = None\n"
        "from freeproviders.__main__ import main\n"
        "sys.exit(main(['check', 'yqcloud', 'groq']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "yqcloud: answers, first text after " in done.stdout


def test_a_port_that_is_taken_is_told(run_process, sandbox):
    port = sandbox.url().rpartition(":")[2].strip("/")
    code, shown, said = run_process("sandbox", "--port", port)
    assert (code, shown) == (2, "")
    assert said == f"freeproviders: port {port} is taken, by another sandbox perhaps: --port 0 takes a free one\n"


@pytest.mark.parametrize("command", ["list >&-", "chat yqcloud <&-", "ask -p yqcloud hi <&- >&- 2>&-"])
def test_what_a_shell_has_closed_is_not_missed(program, environment, command):
    environment["PATH"] = f"{program}:{environment['PATH']}"
    done = subprocess.run(["/bin/sh", "-c", f"freeproviders {command}"], capture_output=True, env=environment)
    assert (done.returncode, b"Traceback" in done.stderr, b"Warning" in done.stderr) == (0, False, False)
