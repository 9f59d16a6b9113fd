"""What a call costs, in counts that are the same on every machine: objects made and left behind, libraries loaded."""

import contextlib
import gc
import subprocess
import sys
from collections import Counter

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from freeproviders import Client, Prompt, Retry, errors
from freeproviders.policy import Clock
from freeproviders.reports import observe
from freeproviders.sandbox import Scenario

PIECES = tuple(f"piece {number} " for number in range(40))


async def no_wait(_: float) -> None:
    pass


def client(sandbox, name="yqcloud", **words) -> Client:
    return Client(name, **{"base_url": sandbox.url(name), "clock": Clock(sleep=no_wait), **words})


@contextlib.contextmanager
def making():
    """Counts the objects that this thread makes, by class; only those with a Python ``__init__``."""
    made: Counter[str] = Counter()

    def note(frame, event, _) -> None:
        if event == "call" and frame.f_code.co_name == "__init__":
            made[type(frame.f_locals.get("self")).__name__] += 1

    sys.setprofile(note)
    try:
        yield made
    finally:
        sys.setprofile(None)


# Per delta.


async def test_a_delta_costs_one_object_of_ours(sandbox):
    sandbox.scenario = Scenario(pieces=PIECES, pause=0.002)
    events = client(sandbox).astream("hello")
    seen = [await anext(events)]
    with making() as made:
        seen.append(await anext(events))
        made.clear()
        while len(seen) < 10:
            seen.append(await anext(events))
    await events.aclose()
    assert made["Text"] == 8
    assert not made.keys() - {"Text", "Handle", "TimerHandle"}


# Per call.

REPORTS = ("Began", "AttemptStarted", "AnswerBegan", "Ended")


async def test_a_report_that_nobody_hears_is_not_made(sandbox):
    with making() as made:
        await client(sandbox).acomplete("hello")
    assert not [kind for kind in REPORTS if made[kind]]
    end = observe(lambda _: None)
    with making() as made:
        await client(sandbox).acomplete("hello")
    end()
    assert [made[kind] for kind in REPORTS] == [1, 1, 1, 1]


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_a_controller_of_retries_is_made_with_the_first_failure(sandbox, failures):
    sandbox.script(*[Scenario(status=500)] * failures)
    asked = client(sandbox)
    with making() as made:
        answer = await asked.acomplete("hello")
    assert answer.metadata["attempts"] == failures + 1
    assert ("AsyncRetrying" in made) == (failures > 0)


async def test_without_limits_there_is_no_line_to_stand_in(sandbox):
    asked = client(sandbox)
    with making() as made:
        await asked.acomplete("hello")
    assert made["Place"] == made["Permit"] == 0


# What is left behind.


def left_behind() -> Counter[str]:
    """What only the garbage collector can free, of the client's objects and its connection's."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        kinds = [type(one) for one in gc.garbage if not is_the_servers(one)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.collect()
    ours = [kind for kind in kinds if kind.__module__.partition(".")[0] == "freeproviders"]
    ours += [kind for kind in kinds if kind.__name__ in ("ClientRequest", "ClientResponse", "StreamReader")]
    return Counter(kind.__name__ for kind in ours)


def is_the_servers(one: object) -> bool:
    """Whether it is an object of the sandbox, which runs in this process; it reads bodies as clients do."""
    if isinstance(one, aiohttp.StreamReader):
        return not isinstance(one._protocol, ResponseHandler)
    return type(one).__module__.startswith("freeproviders.sandbox")


async def whole(asked) -> None:
    await asked.acomplete("hello")


async def streamed(asked) -> None:
    async for _ in asked.astream("hello"):
        pass


async def left(asked) -> None:
    events = asked.astream("hello")
    await anext(events)
    await events.aclose()


async def blocking(asked) -> None:
    asked.complete("hello")
    list(asked.stream("hello"))


@pytest.mark.parametrize("ask", [whole, streamed, left, blocking])
@pytest.mark.parametrize("name", ["yqcloud", "pi", "flowgpt"])
async def test_a_call_leaves_nothing_for_the_garbage_collector(sandbox, name, ask):
    asked = client(sandbox, name)
    await ask(asked)
    left_behind()
    gc.disable()
    try:
        for _ in range(3):
            await ask(asked)
        assert not left_behind()
    finally:
        gc.enable()


# What is loaded, and when.

LOADING = """
import sys
from freeproviders import Client, Retry, errors
from freeproviders.sandbox import Sandbox, Scenario

loaded = []
with Sandbox() as sandbox:
    client = Client("yqcloud", base_url=sandbox.url("yqcloud"), retry=Retry(attempts=1))
    client.complete("hello")
    loaded.append("tenacity" in sys.modules)
    sandbox.scenario = Scenario(status=500)
    try:
        client.complete("hello")
    except errors.ServerFailed:
        loaded.append("tenacity" in sys.modules)
print(loaded)
"""


def test_what_tries_again_is_loaded_with_the_first_failure():
    done = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[False, True]"


async def test_the_environments_proxy_is_looked_up_with_the_first_call(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "ftp://user:nterzwei@proxy.example")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    asked = Client("yqcloud", retry=Retry(attempts=1))
    with pytest.raises(errors.InvalidSetting, match="proxy") as raised:
        await asked.acomplete(Prompt.of("hello"))
    assert "nterzwei" not in str(raised.value)
