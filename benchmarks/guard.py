"""Refuses every connection that leaves this machine: a benchmark asks nobody but its own server."""

import ipaddress
import os
import sys

__all__ = ["QUIET", "guard"]

QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else its import fetches a list of prices
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "NO_PROXY": "*",
    "no_proxy": "*",
    "PYTHONDONTWRITEBYTECODE": "",
}
"""Settings of a process in which clients run."""


def guard() -> None:
    """From now on, connecting to anything but loopback raises ``PermissionError`` in this process."""
    sys.addaudithook(_watch)
    os.environ.update(QUIET)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(address := arguments[1], tuple) and not _is_loopback(str(address[0])):
        raise PermissionError(f"a benchmark may not leave this machine: {address}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"
