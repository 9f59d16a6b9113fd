"""The meters see what there is: a socket, a task, a response that stays open, a thread.

Each is read in a process of its own: here, what earlier tests have left may end at any moment.
"""

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import aiohttp

from soak.meters import OWN_THREADS, read


def _alone(readings: Callable[[], list[int]]) -> list[int]:
    folder = str(Path(__file__).parent)
    code = f"import sys; sys.path.append({folder!r}); import {__name__} as here; print(here.{readings.__name__}())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    found: list[int] = json.loads(told)
    return found


def _readings_around_a_socket() -> list[int]:
    before = read()
    with socket.socket():
        held = read()
    return [held.sockets - before.sockets, held.descriptors - before.descriptors, read().sockets - before.sockets]


def test_an_open_socket_is_seen():
    assert _alone(_readings_around_a_socket) == [1, 1, 0]


async def _around_a_task() -> list[int]:
    before, free = read().tasks, asyncio.Event()
    task = asyncio.create_task(free.wait())
    held = read().tasks
    free.set()
    await task
    return [held - before, read().tasks - before]


def _readings_around_a_task() -> list[int]:
    return asyncio.run(_around_a_task())


def test_a_task_is_seen_until_it_ends():
    assert _alone(_readings_around_a_task) == [1, 0]


async def _around_a_response() -> list[int]:
    served = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    before = read().responses
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server, aiohttp.ClientSession() as session:
        response = await session.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        held = read().responses
        response.close()
        closed = read().responses
        await asyncio.gather(*served)
    return [held - before, closed - before]


def _readings_around_a_response() -> list[int]:
    return asyncio.run(_around_a_response())


def test_a_response_is_seen_until_it_is_closed():
    assert _alone(_readings_around_a_response) == [1, 0]


def _readings_around_threads() -> list[int]:
    before, free = read().threads, threading.Event()
    threads = [threading.Thread(target=free.wait, name=name) for name in ("any", f"{OWN_THREADS}_1")]
    for thread in threads:
        thread.start()
    held = read().threads
    free.set()
    for thread in threads:
        thread.join()
    return [held - before, read().threads - before]


def test_a_thread_is_seen_but_for_the_storms_own():
    assert _alone(_readings_around_threads) == [1, 0]
