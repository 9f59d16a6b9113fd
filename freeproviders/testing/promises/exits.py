"""Scripts end without a warning, a leak or a complaint, whatever they left open, also after a fork or an interrupt."""

import functools
import json
import signal
import sys
import time
from collections.abc import Mapping

import pytest

from freeproviders.sandbox import Sandbox
from freeproviders.testing.kit import SILENT, run_script, script
from freeproviders.testing.promises.base import Contract

__all__ = ["CleanExit"]

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
client.complete("hello")
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
if sys.version_info < (3, 12):  # since then no thread begins once the main one has ended, the portal's neither
    SCRIPTS["a first call in a thread that is still running"] = """
import threading
thread = threading.Thread(target=client.complete, args=("hello",))
thread.start()
"""
FORK = """
def whole():
    return client.complete("hello").text
def text_of(events):
    return "".join(getattr(event, "text", "") for event in events)
before = whole()
unfinished = client.stream("hello")
begun = next(unfinished).text
child = os.fork()
if child == 0:
    unfinished.close()
    sys.exit(0 if whole() == text_of(client.stream("hello")) == before else 1)
assert os.waitpid(child, 0)[1] == 0
assert begun + text_of(unfinished) == before
assert whole() == before
"""
LEAK = "import socket; kept = socket.create_server(('127.0.0.1', 0)); del kept"

# Runs each script to the end of a process of its own, forked from one that has imported all, as imports take longest.
RUNNER = """
import asyncio, gc, json, logging, os, sys, tempfile
from freeproviders import Client, Retry, errors
logging.basicConfig(level=logging.INFO, format="LOG %(name)s %(message)s")
async def streamed(asked):
    return [event async for event in asked.astream("hello")]
async def broken_off(asked):
    async for event in asked.astream("hello"):
        return event
name, url, scripts = sys.argv[1:]
gc.freeze()  # what is imported by now need not be looked through at the end of each
outcomes = {}
for title, script in json.loads(scripts).items():
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            break
        status = os.waitpid(child, 0)[1]
        said.seek(0)
        outcomes[title] = said.read().decode(), os.waitstatus_to_exitcode(status)
else:
    print(json.dumps(outcomes))
    sys.exit()
once = Retry(attempts=1)
client = Client(name, base_url=url, retry=once)
leased = Client(name, base_url=url, retry=once, hold=False)
refused = Client(name, base_url="http://127.0.0.1:9", retry=once)
exec(script)
"""
INTERRUPTED = """
import signal, sys
from freeproviders import Client
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts jobs in the background deaf to it
client = Client(sys.argv[1], base_url=sys.argv[2])
try:
    client.complete("hello") if sys.argv[3] == "whole" else list(client.stream("hello"))
except KeyboardInterrupt:
    print("interrupted")
"""


@functools.cache  # one interpreter for all scripts of a provider
def _outcomes(name: str, url: str) -> Mapping[str, tuple[str, int]]:
    scripts = json.dumps({**SCRIPTS, "a fork": FORK, "a leak": LEAK})
    done = run_script(RUNNER, name, url, scripts)
    assert (done.stderr, done.returncode) == ("", 0)
    return {title: (text, code) for title, (text, code) in json.loads(done.stdout).items()}


class CleanExit(Contract):
    """A script ends without a word, whatever it left open."""

    def _end_of(self, sandbox: Sandbox, title: str) -> tuple[str, int]:
        return _outcomes(self.provider, sandbox.url(self.provider))[title]

    @pytest.mark.parametrize("title", SCRIPTS)
    def test_a_script_ends_without_a_word(self, sandbox: Sandbox, title: str) -> None:
        assert self._end_of(sandbox, title) == ("", 0)

    def test_parent_and_child_both_work_after_a_fork(self, sandbox: Sandbox) -> None:
        assert self._end_of(sandbox, "a fork") == ("", 0)

    def test_what_a_script_leaves_open_is_seen(self, sandbox: Sandbox) -> None:
        assert "ResourceWarning" in self._end_of(sandbox, "a leak")[0]

    @pytest.mark.parametrize("way", ["whole", "stream"])
    def test_an_interrupted_call_ends_at_once_and_closes_its_connection(self, sandbox: Sandbox, way: str) -> None:
        sandbox.scenario = SILENT
        with script(INTERRUPTED, self.provider, sandbox.url(self.provider), way) as process:
            while process.poll() is None and not any(item.endpoint == "answer" for item in sandbox.received):
                time.sleep(0.005)
            process.send_signal(signal.SIGINT)
            said = process.communicate()
        assert (*said, process.returncode) == ("interrupted\n", "", 0)
        assert sandbox.received[-1].wait_closed(10) == "client closed"
