"""The processes of a run: the server, and a worker for each client."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.guard import QUIET
from benchmarks.tasks import Figures, Job

__all__ = ["Server", "Worker", "command", "environment", "serving"]

_ROOT = Path(__file__).parents[1]


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a module of this package."""
    return [sys.executable, "-m", f"benchmarks.{module}", *arguments]


def environment(certificate: str = "") -> Mapping[str, str]:
    """The environment of a process in which clients run.

    Args:
        certificate: File with the certificate to trust.
    """
    trusted = {name: certificate for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE") if certificate}
    return {**os.environ, **QUIET, **trusted, "PYTHONPATH": str(_ROOT)}


class Server:
    """The running server.

    Args:
        origins: Of plain HTTP, and of TLS where there is a certificate.
        certificate: File with the certificate to trust; empty without TLS.
    """

    def __init__(self, origins: list[str], certificate: str) -> None:
        self.origin: str = origins[0]
        self.secure: str | None = origins[1] if len(origins) > 1 else None
        self.certificate: str = certificate

    def counts(self) -> dict[str, int]:
        """Connections and requests so far."""
        with urllib.request.urlopen(f"{self.origin}/counts") as response:  # noqa: S310  # our own server
            counts: dict[str, int] = json.load(response)
        return counts


@contextmanager
def serving() -> Iterator[Server]:
    """A server on loopback, on the first processor; with TLS where openssl can make a certificate."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = _certificate(Path(folder))
        process = subprocess.Popen(  # noqa: S603  # our own command
            command("server", "0", certificate),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        try:
            assert process.stdout is not None  # noqa: S101
            yield Server(json.loads(process.stdout.readline()), certificate)
        finally:
            _end(process)


def _certificate(folder: Path) -> str:
    openssl = shutil.which("openssl")
    if openssl is None:
        return ""
    place = folder / "certificate.pem"
    words = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    out = ["-keyout", str(place), "-out", str(folder / "own.pem")]
    subprocess.run([openssl, *words, *name, *out], check=True, capture_output=True)  # noqa: S603  # as above
    place.write_bytes(place.read_bytes() + (folder / "own.pem").read_bytes())
    return str(place)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


class Worker:
    """A process with one client, on the second processor. It is idle between its jobs.

    Args:
        server: Whom it asks.
        client: Name of the client.
        loop: ``"asyncio"`` or ``"uvloop"``.
    """

    def __init__(self, server: Server, client: str, loop: str = "asyncio") -> None:
        self._server = server
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # as long as the process
        self._process = subprocess.Popen(  # noqa: S603  # our own command
            command("worker", client, loop),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(server.certificate),
        )

    def run(self, job: Job, *, secure: bool = False) -> Figures:
        """Does a job; connections and requests are among its figures, those of one warming call too.

        Args:
            job: What to do.
            secure: Over TLS.

        Raises:
            RuntimeError: If it failed; with the client's own words.
        """
        before = self._server.counts()
        origin = self._server.secure if secure else self._server.origin
        answer = self._asked(json.dumps([origin, asdict(job)]))
        after = self._server.counts()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return {**answer["figures"], **{name: after[name] - before[name] for name in after}}

    def _asked(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            raise RuntimeError(f"the process ended: {self._errors.read()[-300:]}")
        said: dict[str, Any] = json.loads(answer)
        return said

    def close(self) -> None:
        """Ends the process."""
        _end(self._process)
        self._errors.close()
