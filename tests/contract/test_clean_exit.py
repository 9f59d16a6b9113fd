"""Scripts end without a warning, a leak or a complaint, whatever they left open."""

import pytest
from contract_kit import NAMES, run_script

from freeproviders.sandbox import Scenario

HEAD = """
import asyncio, sys, logging
from freeproviders import Client, Retry, errors
logging.basicConfig(level=logging.INFO, format="LOG %(name)s %(message)s")
# Debug mode also reports every step of a loop that takes long, as they do on a busy machine.
logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing"))
async def streamed(asked):
    return [event async for event in asked.astream("hello")]
async def broken_off(asked):
    async for event in asked.astream("hello"):
        return event
script, url, *names = sys.argv[1:]
spaces = []
for name in names:
    once = Retry(attempts=1)
    spaces.append({
        **globals(),
        "client": Client(name, base_url=f"{url}/{name}", retry=once),
        "leased": Client(name, base_url=f"{url}/{name}", retry=once, hold=False),
        "refused": Client(name, base_url="http://127.0.0.1:9", retry=once),
    })
    exec(script, spaces[-1])
"""
SCRIPTS = {
    "a blocking call": "client.complete('hello')",
    "a blocking stream": "list(client.stream('hello'))",
    "nothing but a client": "",
    "three loops and blocking calls between them": """
for _ in range(3):
    asyncio.run(client.acomplete("hello"))
    client.complete("hello")
    asyncio.run(streamed(client))
    list(client.stream("hello"))
""",
    "leased calls": "asyncio.run(leased.acomplete('hello')); leased.complete('hello'); asyncio.run(streamed(leased))",
    "errors": """
for _ in range(2):
    try: refused.complete("hello")
    except errors.ConnectionFailed: pass
    try: asyncio.run(refused.acomplete("hello"))
    except errors.ConnectionFailed: pass
    try: list(refused.stream("hello"))
    except errors.ConnectionFailed: pass
""",
    "an early break": "for event in client.stream('hello'): break",
    "an early break in a loop": "asyncio.run(broken_off(client)); asyncio.run(broken_off(leased))",
    "an abandoned stream": "events = client.stream('hello'); next(events)",
    "an abandoned stream in a cycle": """
events = client.stream("hello"); next(events)
cycle = [events]; cycle.append(cycle); del events
""",
    "an abandoned stream in a loop": """
async def main():
    global events
    events = client.astream("hello")
    await anext(events)
asyncio.run(main())
""",
    "a task left behind": """
async def main():
    global task
    task = asyncio.ensure_future(client.acomplete("hello"))
    await asyncio.sleep(0.01)
asyncio.run(main())
""",
    "a notebook's loop that is never closed": """
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(client.acomplete("hello"))
loop.run_until_complete(streamed(client))
client.complete("hello")
loop.run_until_complete(broken_off(client))
""",
    "a loop that closes without a word, leased": """
loop = asyncio.new_event_loop()
loop.run_until_complete(leased.acomplete("hello"))
loop.run_until_complete(streamed(leased))
loop.close()
""",
    "an uncaught error in a stream": """
def main():
    for event in client.stream("hello"):
        raise KeyError
try: main()
except KeyError: pass
""",
    "a call in a thread that is still running": """
import threading
thread = threading.Thread(target=client.complete, args=("hello",))
thread.start()
""",
    "a blocking call in a running loop": """
async def main():
    client.complete("hello")
    list(client.stream("hello"))
    await client.acomplete("hello")
asyncio.run(main())
""",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_ends_without_a_word(sandbox, script):
    done = run_script(HEAD, script, sandbox.url(), *NAMES)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_what_a_script_leaves_open_is_seen(sandbox):
    leak = "import socket; kept = (socket.create_server(('127.0.0.1', 0))); del kept"
    assert "ResourceWarning" in run_script(HEAD, leak, sandbox.url(), NAMES[0]).stderr


INTERRUPTED = """
import os, signal, sys, threading
from freeproviders import Client
client = Client(sys.argv[1], base_url=sys.argv[2])
threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    client.complete("hello") if sys.argv[3] == "whole" else list(client.stream("hello"))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("way", ["whole", "stream"])
def test_an_interrupted_call_ends_at_once_and_closes_its_connection(sandbox, way):
    sandbox.scenario = Scenario(stall_before_headers=True)
    done = run_script(INTERRUPTED, NAMES[1], sandbox.url(NAMES[1]), way)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)
    assert sandbox.received[-1].wait_closed(10) == "client closed"
