"""The command as a person runs it, sent to the sandbox, with no settings of the machine.

Most tests call its ``main`` in this process, with files as its input and outputs. Where a promise is about a process
(signals, pipes, what is imported, terminals, shells), the test starts one.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from freeproviders.__main__ import main

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


@pytest.fixture(autouse=True, scope="session")
def _heard_ctrl_c():
    """Where the tests were started in the background Ctrl-C is ignored, which the programs they start would inherit."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.fixture
def run():
    """Runs the command to its end; gives its exit code, output and errors."""

    def run(*words: str, stdin: str | bytes | None = None, encoding: str = "utf-8") -> tuple[int, str, str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        with contextlib.ExitStack() as files:
            output, errors = (files.enter_context(_file(encoding)) for _ in range(2))
            source = files.enter_context(_file(encoding, given))
            files.enter_context(contextlib.redirect_stdout(output))
            files.enter_context(contextlib.redirect_stderr(errors))
            files.enter_context(_input(source))
            try:
                code = main(words)
            except SystemExit as ended:
                code = ended.code
            return code or 0, _content(output), _content(errors)

    return run


@pytest.fixture
def run_process():
    """Runs the command to its end as a process of its own; gives its exit code, output and errors."""

    def run(*words: str, stdin: str | bytes | None = None) -> tuple[int, str, str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        source = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
        done = subprocess.run([*COMMAND, *words], capture_output=True, check=False, **source)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def _file(encoding: str, content: bytes | None = b"") -> io.TextIOWrapper:
    """A file of text that is nowhere in the file system; where there is no content, the device that has none."""
    if content is None:
        return Path(os.devnull).open(encoding=encoding)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the wrapper closes it
    file.write(content)
    file.seek(0)
    return io.TextIOWrapper(file, encoding=encoding, errors="strict")


@contextlib.contextmanager
def _input(source: io.TextIOBase):
    before, sys.stdin = sys.stdin, source
    try:
        yield
    finally:
        sys.stdin = before


def _content(file: io.TextIOWrapper) -> str:
    file.flush()
    file.buffer.seek(0)
    return file.buffer.read().decode()


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
