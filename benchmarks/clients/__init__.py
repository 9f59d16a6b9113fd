"""Who is measured: the bare client that all ratios refer to, this project's packages, and their peers.

A client is a function that makes, for a base URL, a function that streams one answer as texts. Libraries are imported
in it, so that a process holds those of its own client alone. A new client is an entry in one of the lists.
"""

from benchmarks.clients import bare, minimal, own, peers
from benchmarks.clients.face import Client

__all__ = ["CLIENTS", "Client"]

CLIENTS: dict[str, Client] = {
    client.name: client for client in (*bare.CLIENTS, *minimal.CLIENTS, *own.CLIENTS, *peers.CLIENTS)
}
"""All clients, by name; the bare one first."""
