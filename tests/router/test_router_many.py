"""One router on many loops, threads and processes at once; copies of it; what scripts leave open."""

import asyncio
import contextlib
import copy
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from router_kit import (
    FAILS,
    HELD,
    NAMES,
    SILENT,
    WAYS,
    WHOLE,
    asked_of,
    both_ways,
    client,
    collected,
    every_streaming_provider,
    outcomes,
    read,
    router,
)

from freeproviders import Client, sessions
from freeproviders.breaker import BreakerPolicy
from freeproviders.sandbox import Question, Sandbox, Scenario
from freeproviders.testing.kit import run_script

# So that every call meets the failing candidate.
NEVER_OPEN = BreakerPolicy(consecutive=10**6, rate=1.0, least=100)


def _echo(question: Question) -> str:
    return f"number {question.text.rpartition(' ')[2]}."


@pytest.fixture(scope="module")
def echoes():
    with Sandbox(brain=_echo) as running:
        yield running


def numbered(echoes, **words):
    return router(
        client(echoes, "yqcloud", FAILS), *(client(echoes, name, None) for name in NAMES if name != "yqcloud"), **words
    )


@both_ways
async def test_fifty_calls_at_once_get_their_own_answers(echoes, ask):
    asked = numbered(echoes, breaker=NEVER_OPEN)
    answers = await asyncio.gather(*(ask(asked, prompt=f"say {number}") for number in range(50)))
    assert [read(answer)[0] for answer in answers] == [f"number {number}." for number in range(50)]
    assert len(asyncio.all_tasks()) == 1


def test_threads_get_their_own_answers(echoes):
    asked = numbered(echoes)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: asked.complete(f"say {number}").text, range(24)))
    assert answers == [f"number {number}." for number in range(24)]


def test_a_loop_in_each_thread_gets_its_own_answer(echoes):
    asked = numbered(echoes)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: asyncio.run(asked.acomplete(f"say {number}")).text, range(8)))
    assert answers == [f"number {number}." for number in range(8)]


def test_one_loop_after_the_other_and_blocking_calls_between_them(sandbox):
    asked = router(client(sandbox, "pi", FAILS), client(sandbox, "flowgpt"), breaker=NEVER_OPEN)
    assert [ask(asked)[0] for _ in range(2) for ask in WAYS.values()] == [WHOLE] * 12


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda asked: pickle.loads(pickle.dumps(asked))])
@pytest.mark.parametrize("shared", [False, True], ids=["own state", "state in a file"])
def test_a_copy_works_before_and_after_use(sandbox, copied, shared, tmp_path):
    state = {"state": tmp_path / "state.db"} if shared else {}
    asked = router(client(sandbox, "pi", FAILS), client(sandbox, "flowgpt"), hedge_after=5.0, **state)
    copies = [copied(asked)]
    asked.complete("hello")
    copies.append(copied(asked))
    for twin in copies:
        assert twin.complete("hello").text == WHOLE
        assert repr(twin) == repr(asked)
        assert [one.name for one in twin.candidates] == ["pi", "flowgpt"]


@pytest.mark.parametrize("hold", [True, False], ids=["held", "leased"])
@every_streaming_provider
async def test_an_early_break_closes_the_connection(sandbox, name, hold):
    asked = router(client(sandbox, "pizzagpt", FAILS), client(sandbox, name, HELD, hold=hold))
    async with contextlib.aclosing(asked.astream("hello")) as events:
        async for _ in events:
            break
    assert await outcomes(sandbox, name) == ["client closed"]
    assert len(asyncio.all_tasks()) == 1


@every_streaming_provider
async def test_a_stream_that_is_dropped_closes_the_connection(sandbox, name):
    async for _ in router(client(sandbox, name, HELD)).astream("hello"):
        break
    gc.collect()
    assert await outcomes(sandbox, name) == ["client closed"]


@both_ways
async def test_cancelling_a_call_closes_the_connection_and_leaves_its_neighbour_alone(sandbox, ask):
    asked = router(client(sandbox, "yqcloud", None))
    sandbox.scenario = SILENT
    task = asyncio.ensure_future(ask(asked))
    while not asked_of(sandbox):
        await asyncio.sleep(0.002)
    sandbox.scenario = None
    neighbour = asyncio.ensure_future(ask(asked))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert read(await neighbour)[0]
    assert sorted(await outcomes(sandbox, "yqcloud")) == ["client closed", "complete"]


async def test_cancelling_in_the_middle_of_a_whole_answer_closes_the_connection(sandbox):
    task = asyncio.ensure_future(router(client(sandbox, "yqcloud", HELD)).acomplete("hello"))
    while not any(item.sent for item in sandbox.received):
        await asyncio.sleep(0.002)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await outcomes(sandbox, "yqcloud") == ["client closed"]
    assert len(asyncio.all_tasks()) == 1


async def test_leased_sessions_end_with_the_call(sandbox):
    asked = router(client(sandbox, "pi", FAILS, hold=False), client(sandbox, "yqcloud", hold=False))
    await asked.acomplete("hello")
    await collected(asked)
    assert asyncio.get_running_loop() not in sessions._pools


async def test_a_block_keeps_the_connections(sandbox):
    async with router(client(sandbox, "yqcloud", hold=False)) as asked:
        await asked.acomplete("hello")
        assert asyncio.get_running_loop() in sessions._pools
    assert asyncio.get_running_loop() not in sessions._pools


async def test_what_one_attempt_rotates_of_the_cookies_is_the_clients(sandbox):
    plain = Client("yqcloud", base_url=sandbox.url("yqcloud"), cookies="a=1")
    sandbox.script(Scenario(set_cookies={"a": "2"}))
    asked = router(plain)
    for _ in range(2):
        await asked.acomplete("hello")
    assert [item.cookies for item in sandbox.received] == [{"a": "1"}, {"a": "2"}]


HEAD = """
import asyncio, os, sys
from freeproviders import Client, Retry, Router, errors
url, *names = sys.argv[1:]
def routed(**words):
    clients = [Client(name, base_url=f"{url}/{name}") for name in names]
    return Router([Client("yqcloud", base_url="http://127.0.0.1:9"), *clients], **words)
asked = routed()
"""
SCRIPTS = {
    "blocking calls": "asked.complete('hello'); list(asked.stream('hello'))",
    "an early break": "for event in asked.stream('hello'): break",
    "an abandoned stream": "events = asked.stream('hello'); next(events)",
    "an early break in a loop": """
async def main():
    async for event in asked.astream("hello"): return event
asyncio.run(main())
""",
    "an abandoned stream in a loop": """
async def main():
    global events
    events = asked.astream("hello")
    await anext(events)
asyncio.run(main())
""",
    "a task left behind while hedging": """
asked = routed(hedge_after=0.0)
async def main():
    global task
    task = asyncio.ensure_future(asked.acomplete("hello"))
    await asyncio.sleep(0.02)
asyncio.run(main())
""",
    "nobody there": """
asked = Router([Client("pi", base_url="http://127.0.0.1:9")], retry=Retry(attempts=1))
for ask in (asked.complete, lambda text: list(asked.stream(text))):
    try: ask("hello")
    except errors.AllProvidersFailed: pass
""",
    "a fork": """
asked.complete("hello")
unfinished = asked.stream("hello")
begun = next(unfinished)
child = os.fork()
if child == 0:
    unfinished.close()
    sys.exit(0 if asked.complete("hello").text and list(asked.stream("hello")) else 1)
assert os.waitpid(child, 0)[1] == 0
list(unfinished)
assert asked.complete("hello").text
""",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_ends_without_a_word(sandbox, script):
    done = run_script(HEAD + script, sandbox.url(), "pi", "aichats")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
