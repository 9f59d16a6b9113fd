"""`python -m freeproviders sandbox` says where it listens, serves, and ends without a traceback."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from freeproviders.__main__ import main

COMMAND = [sys.executable, "-X", "dev", "-W", "error", "-m", "freeproviders", "sandbox"]


@pytest.fixture
def running():
    process = subprocess.Popen(
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    with process:
        yield process
        process.kill()


def address(line):
    return line.split()[2]


def test_it_says_where_it_listens(running):
    line = running.stdout.readline()
    url = address(line)
    assert line == f"sandbox on {url} — export FREEPROVIDERS_SANDBOX={url}\n"


def test_it_serves(running):
    with urllib.request.urlopen(address(running.stdout.readline())) as response:  # noqa: S310
        assert response.status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_traceback(running, number):
    running.stdout.readline()
    running.send_signal(number)
    rest, errors = running.communicate()
    assert (running.returncode, rest, errors) == (0, "", "")


def test_a_taken_port_is_one_line_and_code_2(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["sandbox", "--port", str(taken.getsockname()[1])]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com"])
def test_other_machines_are_kept_out(capsys, host):
    assert main(["sandbox", "--host", host]) == 2
    assert "loopback" in capsys.readouterr().err


def test_a_subcommand_is_needed(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])


def test_the_sandbox_is_imported_when_it_is_run():
    code = "import sys, freeproviders.__main__; sys.exit('freeproviders.sandbox' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
