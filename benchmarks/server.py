"""The bench server: HTTP/1.1 by hand, because it has to be cheaper than any client that is measured against it.

It answers every request by the plan in its URL (``wires``) and counts connections and requests. It checks nothing: what
services ask of requests is the sandbox's business.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from typing import cast

from benchmarks.loops import new_loop, pin
from benchmarks.wires import PLAIN, WIRES, Plan, burst, framed, head

__all__ = ["Counts", "main"]


class Counts:
    """What has been seen so far.

    Attributes:
        connections: Connections on which a request has been answered.
        requests: Requests answered.
    """

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0


class _Connection(asyncio.Protocol):
    """One connection; requests come one after another."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._received = b""
        self._counted = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def connection_lost(self, _: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        start, separator, rest = self._received.partition(b"\r\n\r\n")
        if separator and len(rest) >= _length(start):
            self._received = rest[_length(start) :]
            self._answer(start.split(b" ", 2)[1].decode("ascii"))

    def _answer(self, path: str) -> None:
        if path == "/counts":  # asked for by the runner, and not counted itself
            self._plain(json.dumps({"connections": self._counts.connections, "requests": self._counts.requests}))
            return
        self._counts.connections += not self._counted
        self._counts.requests += 1
        self._counted = True
        for end, body in PLAIN.items():
            if path.endswith(end):
                self._plain(body.decode())
                return
        plan = Plan.of(path)
        if plan.pace:
            self._begin(plan)
        else:
            self._transport.write(burst(plan))

    def _plain(self, body: str) -> None:
        self._transport.write(head("application/json", len(body)) + body.encode())

    def _begin(self, plan: Plan) -> None:
        wire = WIRES[plan.wire]
        self._transport.write(head(wire.kind) + (framed(wire.opening) if wire.opening else b""))
        ending = (framed(wire.closing) if wire.closing else b"") + framed(b"")
        self._loop = asyncio.get_running_loop()
        self._send(wire.chunk, plan.count, plan.pace / 1000, self._loop.time(), ending)

    def _send(self, chunk: Callable[[str], bytes], left: int, pause: float, due: float, ending: bytes) -> None:
        data = framed(chunk(f"{time.monotonic():.4f} "))
        if left == 1:
            self._transport.write(data + ending)
            return
        self._transport.write(data)
        self._timer = self._loop.call_at(due + pause, self._send, chunk, left - 1, pause, due + pause, ending)


def _length(start: bytes) -> int:
    for line in start.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _serve(certificate: str) -> None:
    loop, counts = asyncio.get_running_loop(), Counts()
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    origins = []
    for scheme, secure in (("http", None), ("https", context)):
        if scheme == "https" and secure is None:
            continue
        server = await loop.create_server(lambda: _Connection(counts), "127.0.0.1", 0, ssl=secure, backlog=4096)
        origins.append(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    sys.stdout.write(json.dumps(origins) + "\n")
    sys.stdout.flush()
    # Ends when the runner closes our input, or dies.
    await loop.run_in_executor(None, sys.stdin.read)


def main(arguments: Sequence[str]) -> None:
    """Serves on loopback until the standard input ends; prints the origins as a JSON list.

    Args:
        arguments: The processor to run on, and a file with a certificate and its key, or an empty text for no TLS.
    """
    processor, certificate = arguments
    pin(int(processor))
    loop = new_loop("uvloop")
    loop.run_until_complete(_serve(certificate))


if __name__ == "__main__":
    main(sys.argv[1:])
