"""The page of the command line keeps its word: every command in it runs against the sandbox and prints what it says.

A ```console fence holds commands behind ``$ ``, each with what it prints, errors included. ``...`` stands for anything,
lines too.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from freeproviders.__main__ import _parser
from freeproviders.commands.parsing import read

PAGE = Path(__file__).parents[2] / "docs" / "command_line.md"
# What stands between the program's name and the next program, file, end of a substitution or remark.
_EXAMPLE = re.compile(r"freeproviders (?P<words>.*?)(?: [|>] .*|\)\".*|   .*)?$")
_FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a page, and what each prints."""
    for block in _FENCE.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed


def fits(expected: str, printed: str) -> bool:
    """Whether a command printed what stands there."""
    pattern = ".*".join(map(re.escape, expected.rstrip("\n").split("...")))
    return re.fullmatch(pattern, printed.rstrip("\n"), re.DOTALL) is not None


@pytest.mark.skipif(shutil.which("bash") is None, reason="the page's commands are those of a shell, bash is not here")
def test_every_command_prints_what_the_page_says(program, environment, tmp_path):
    environment = {**environment, "PATH": f"{program}:{os.environ['PATH']}"}
    shown = list(commands(PAGE.read_text(encoding="utf-8")))
    assert len(shown) > 10
    for command, expected in shown:
        done = subprocess.run(
            [shutil.which("bash"), "-c", f"set -o pipefail; {command}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode in (0, 141), f"{command}\n{done.stdout}"
        assert fits(expected, done.stdout), f"{command}\nprinted\n{done.stdout}\nin place of\n{expected}"


def test_every_subcommand_is_on_the_page():
    _, subcommands = _parser()
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in subcommands.choices if f"| `{name}` |" not in page] == []


def test_every_option_of_ask_is_on_the_page():
    _, subcommands = _parser()
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in subcommands.choices["ask"].options if name != "--help" and name not in page] == []


@pytest.mark.parametrize("name", ["chat", "ask", "image", "login", "check", "sandbox", "completion", ""])
def test_the_examples_of_the_help_are_right(name):
    parser, subcommands = _parser()
    shown = subcommands.choices[name] if name else parser
    lines = shown.epilog.splitlines()[1:]
    assert all("freeproviders" in line for line in lines)
    for line in lines:
        command = _EXAMPLE.search(line)["words"]
        if "--help" not in command:
            assert hasattr(read(parser, subcommands, shlex.split(command)), "run")


# The runner itself.


def test_what_a_command_prints_otherwise_is_detected():
    assert fits("a ... c\n...\n", "a b c\nd\ne")
    assert not fits("a ... c\n", "a b d")
    assert not fits("", "something")


def test_commands_are_found_with_what_they_print():
    text = "```console\n$ one\nprinted\n$ two\n```\n\n```text\n$ three\n```\n"
    assert list(commands(text)) == [("one", "printed\n"), ("two", "")]
