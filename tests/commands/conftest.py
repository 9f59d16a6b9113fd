"""The command as a person runs it: a process of its own, sent to the sandbox, with no settings of the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-W", "error", "-m", "freeproviders")


@pytest.fixture(autouse=True)
def environment(sandbox, monkeypatch, tmp_path) -> dict[str, str]:
    """What the commands run with."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHONUTF8", "1")
    return dict(os.environ)


@pytest.fixture
def run():
    """Runs the command to its end; gives its exit code, output and errors."""

    def run(*words: str, stdin: str | bytes | None = None, **more) -> tuple[int, str, str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        source = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
        done = subprocess.run([*COMMAND, *words], capture_output=True, check=False, **source, **more)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


@pytest.fixture
def program(tmp_path) -> Path:
    """A folder with a program `freeproviders` in it, for shells."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "freeproviders"
    path.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    path.chmod(0o755)
    (folder / "python").symlink_to(sys.executable)
    return folder
