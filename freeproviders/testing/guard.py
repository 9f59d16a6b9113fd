"""Refuses every connection that leaves this machine, in all threads of the process, and keeps a record of it."""

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["at_home"]

_LOCAL_NAMES = ("", "localhost", None)

# One record for each block under way; while there is none, nothing is watched.
_records: list[list[str]] = []
_hooked: list[bool] = []


@contextmanager
def at_home() -> Iterator[list[str]]:
    """Keeps this process on this machine for a block.

    Yields:
        Attempts to leave, as they come; each has met a PermissionError too.
    """
    if not _hooked:
        # An audit hook sees every thread and every library; it cannot be removed, so there is one for all blocks.
        sys.addaudithook(_watch)
        _hooked.append(True)
    strays: list[str] = []
    _records.append(strays)
    try:
        yield strays
    finally:
        # by identity: the records of two blocks without strays are equal
        _records[:] = [record for record in _records if record is not strays]


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _records:
        return
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a text is a Unix socket's path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        for record in _records:
            record.append(f"{event} {host}")
        raise PermissionError(f"a test may not leave this machine: {event} {host}")
