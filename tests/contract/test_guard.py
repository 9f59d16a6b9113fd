"""The guard of these tests: a connection that leaves this machine fails, in every thread."""

import asyncio
import socket
import threading

import pytest


@pytest.fixture(autouse=True)
def _forgiven(strays):
    yield
    strays.clear()


def _leave() -> None:
    with socket.socket() as outside:
        outside.settimeout(0.01)
        outside.connect(("192.0.2.1", 80))


def test_a_connection_that_leaves_is_refused(strays):
    with pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        _leave()
    assert len(strays) == 1


def test_a_connection_that_leaves_in_a_thread_is_noticed(strays):
    def quietly() -> None:
        with pytest.raises(PermissionError):
            _leave()

    thread = threading.Thread(target=quietly)
    thread.start()
    thread.join()
    assert len(strays) == 1


def test_a_name_that_would_be_looked_up_elsewhere_is_refused():
    with pytest.raises(PermissionError, match=r"service\.example"):
        socket.getaddrinfo("service.example", 80)


async def test_a_loops_own_connections_are_watched():
    with pytest.raises(PermissionError):
        await asyncio.open_connection("192.0.2.1", 80)
