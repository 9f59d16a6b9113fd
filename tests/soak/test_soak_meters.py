"""The meters see what there is: a socket, a task, a response that stays open, a thread."""

import asyncio
import gc
import subprocess
import sys
import threading

import aiohttp

from soak.meters import OWN_THREADS, read

SOCKET = """
import socket
from soak.meters import read
before = read()
with socket.socket():
    held = read()
print(held.sockets - before.sockets, held.descriptors - before.descriptors, read().sockets - before.sockets)
"""


def test_an_open_socket_is_seen():
    # In a process of its own: here, sockets of earlier tests may close at any moment.
    done = subprocess.run([sys.executable, "-c", SOCKET], capture_output=True, text=True)
    assert done.stdout == "1 1 0\n", done.stderr


async def test_a_task_is_seen_until_it_ends():
    before, free = read().tasks, asyncio.Event()
    task = asyncio.create_task(free.wait())
    assert read().tasks == before + 1
    free.set()
    await task
    assert read().tasks == before


async def test_a_response_is_seen_until_it_is_closed():
    served = []

    async def serve(reader, writer):
        served.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    before = read().responses
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server, aiohttp.ClientSession() as session:
        response = await session.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert read().responses == before + 1
        response.close()
        assert read().responses == before
        await asyncio.gather(*served)


def test_a_thread_is_seen_but_for_the_storms_own():
    before, free = read().threads, threading.Event()
    threads = [threading.Thread(target=free.wait, name=name) for name in ("any", f"{OWN_THREADS}_1")]
    for thread in threads:
        thread.start()
    assert read().threads == before + 1
    free.set()
    for thread in threads:
        thread.join()
    gc.collect()
