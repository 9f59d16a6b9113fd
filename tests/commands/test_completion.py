"""`freeproviders completion`: what shells are told, and what TAB then gives in a real one."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("argcomplete") is None, reason="argcomplete, of the extra cli, is not installed"
)


def needs(shell: str):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def shell(environment, program):
    """Runs a script in a shell that finds the program."""

    def shell(name: str, script: str) -> str:
        variables = {**environment, "PATH": f"{program}:{os.environ['PATH']}", "TERM": "dumb"}
        flags = {"bash": ["--norc", "-c"], "zsh": ["-f", "-c"], "fish": ["--no-config", "-c"]}[name]
        done = subprocess.run([shutil.which(name), *flags, script], env=variables, capture_output=True, text=True)
        assert done.stderr == ""
        return done.stdout

    return shell


@pytest.fixture
def bash_code(run, tmp_path) -> None:
    """What bash is told, in a file; that it comes from ``$(freeproviders completion ...)`` the other shells try."""
    (tmp_path / "completion.bash").write_text(run("completion", "bash")[1])


# As readline does it: words are cut at colons too, and the function that is registered is called.
_BASH = """
. ./completion.bash
COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9; COMP_KEY=9
function_name=$(complete -p freeproviders | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function_name" freeproviders 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@needs("bash")
@pytest.mark.usefixtures("bash_code")
@pytest.mark.parametrize(
    ("line", "found", "absent"),
    [
        ("freeproviders ", ["ask", "chat", "image", "list"], ["pi"]),
        ("freeproviders cha", ["chat"], ["ask"]),
        ("freeproviders ask --pro", ["--provider"], ["--model"]),
        ("freeproviders ask -p yq", ["yqcloud"], ["pi"]),
        ("freeproviders ask -p gro", ["groq"], []),
        ("freeproviders ask -p flowgpt:claude", ["claude-v2"], ["gpt-4"]),
        ("freeproviders chat flow", ["flowgpt"], ["pi"]),
        ("freeproviders ask -p flowgpt -m claude", ["claude-v2"], ["gpt-4"]),
        ("freeproviders check piz", ["pizzagpt"], []),
        ("freeproviders login ", ["pi", "flowgpt"], []),
        ("freeproviders completion ", ["bash", "fish", "zsh"], []),
    ],
)
def test_tab_in_bash(shell, line, found, absent):
    given = {word.strip().rpartition(":")[2] for word in shell("bash", _BASH.format(line=line)).splitlines()}
    assert set(found) <= given
    assert not set(absent) & given


@needs("bash")
@pytest.mark.usefixtures("bash_code")
def test_presets_of_ones_own_are_completed(shell, tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    own = {
        "title": "Home",
        "site": "http://home.example",
        "status": "local",
        "base_url": "http://127.0.0.1:1/v1",
        "model": "m",
        "sources": ["me"],
        "verified_on": "2026-10-01",
    }
    (folder / "presets.json").write_text(json.dumps({"homebrew": own}))
    assert "homebrew" in shell("bash", _BASH.format(line="freeproviders ask -p homeb"))


@needs("fish")
def test_tab_in_fish(shell):
    script = "freeproviders completion fish | source; complete -C 'freeproviders ask -p yq'"
    assert shell("fish", script).strip() == "yqcloud"


@needs("zsh")
def test_zsh_takes_it(shell):
    script = (
        'autoload -U compinit && compinit -u -D; eval "$(freeproviders completion zsh)"; print $_comps[freeproviders]'
    )
    assert shell("zsh", script).startswith("_python_argcomplete")


def test_without_argcomplete_the_command_says_how_to_get_it():
    code = (
        "import sys\n"
        "sys.modules['argcomplete'] = None\n"
        "from freeproviders.__main__ import main\n"
        "sys.exit(main(['completion', 'bash']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'freeproviders[cli]'" in done.stderr
