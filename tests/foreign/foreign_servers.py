"""Servers of other projects in an environment of their own, which is made when a test first asks for one."""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REQUIREMENTS = HERE / "requirements.txt"
KEY = "sk-right"

_START_SECONDS = 180
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class OutOfReach(Exception):
    """The package registry cannot be reached."""


def commands() -> Path:
    """The folder of the environment's commands; made by the first who asks, for all workers and later runs.

    Raises:
        OutOfReach: As `install`.
        CalledProcessError: As `install`.
    """
    folder = ROOT / f".venv-foreign-{sys.version_info[0]}.{sys.version_info[1]}"
    ready, pins = folder / ".ready", REQUIREMENTS.read_text(encoding="utf-8")
    with _alone(Path(tempfile.gettempdir()) / f"{folder.name}.lock"):
        if not ready.exists() or ready.read_text(encoding="utf-8") != pins:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
            install(folder / "bin", "--requirement", str(REQUIREMENTS))
            ready.write_text(pins, encoding="utf-8")
    return folder / "bin"


def install(folder: Path, *words: str) -> None:
    """Runs `pip install`.

    Raises:
        OutOfReach: The package registry cannot be reached.
        CalledProcessError: It failed for any other reason.
    """
    pip = [str(folder / "python"), "-m", "pip", "install", "--quiet", "--no-compile", "--retries", "1", *words]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode and "connection broken by" in done.stderr:
        raise OutOfReach(done.stderr.strip().splitlines()[0])
    if done.returncode:
        sys.stderr.write(done.stderr)
        done.check_returncode()


@contextlib.contextmanager
def served(command: Sequence[str], log: Path, *, health: str, words: Mapping[str, str]) -> Iterator[str]:
    """A server for a block.

    Args:
        command: Starts it, once the port has been put behind.
        log: File that gets what it says.
        health: Path that answers as soon as it is ready.
        words: Environment variables in addition to this process's.

    Yields:
        Its address.
    """
    port = _free_port()
    # the servers may write the byte code that pip did not, so that they are quicker next time
    left_out = (*_PROXIES, "pythondontwritebytecode")
    environment = {name: value for name, value in os.environ.items() if name.lower() not in left_out}
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*command, str(port)], stdout=told, stderr=subprocess.STDOUT, env={**environment, **words}, cwd=log.parent
        )
        try:
            limit = time.monotonic() + _START_SECONDS
            while not _answers(port, health):
                assert process.poll() is None, log.read_text(errors="replace")[-3000:]
                assert time.monotonic() < limit, log.read_text(errors="replace")[-3000:]
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def asked(address: str, value: object = None) -> Any:
    """What a server answers to a value, or to being asked for its page."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        if value is None:
            connection.request("GET", parts.path)
        else:
            connection.request("POST", parts.path, json.dumps(value), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        assert 200 <= reply.status < 300, reply.read()
        return json.loads(reply.read())
    finally:
        connection.close()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
