"""Refuses every connection that leaves this machine, in all threads of the test process, and keeps a record of it."""

import ipaddress
import sys

__all__ = ["strays"]

_LOCAL_NAMES = ("", "localhost", None)

strays: list[str] = []
"""Attempts to leave the machine since the running test began."""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a text is a Unix socket's path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        strays.append(f"{event} {host}")
        raise PermissionError(f"a test may not leave this machine: {event} {host}")


# An audit hook sees every thread and every library; it cannot be removed, so it belongs to the whole process.
sys.addaudithook(_watch)
