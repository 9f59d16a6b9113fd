"""One client on many loops, threads and processes at once; copies of it; connections that are used again."""

import asyncio
import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from contract_kit import ANSWER, NAMES, WAYS, client_of, collected, every_provider, run_script, says

from freeproviders import Client, Prompt, sessions
from freeproviders.sandbox import Question, Sandbox


def _echo(question: Question) -> str:
    """Repeats the number a question ends with, so that answers cannot be mistaken for each other."""
    return f"number {question.text.rpartition(' ')[2]}."


@pytest.fixture(scope="module")
def echoes():
    with Sandbox(brain=_echo) as running:
        yield running


@every_provider
async def test_fifty_calls_at_once_get_their_own_answers(echoes, name):
    client = client_of(echoes, name)
    answers = await asyncio.gather(*(client.acomplete(f"say {number}") for number in range(50)))
    assert [answer.text for answer in answers] == [f"number {number}." for number in range(50)]


@every_provider
async def test_fifty_streams_at_once_get_their_own_answers(echoes, name):
    client = client_of(echoes, name)
    texts = await asyncio.gather(*(collected(client, f"say {number}") for number in range(50)))
    assert texts == [f"number {number}." for number in range(50)]


@every_provider
def test_eight_threads_get_their_own_answers(echoes, name):
    client = client_of(echoes, name)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: client.complete(f"say {number}").text, range(24)))
    assert answers == [f"number {number}." for number in range(24)]


@every_provider
def test_a_loop_in_each_thread_gets_its_own_answer(echoes, name):
    client = client_of(echoes, name)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: asyncio.run(client.acomplete(f"say {number}")).text, range(8)))
    assert answers == [f"number {number}." for number in range(8)]


@every_provider
def test_one_loop_after_the_other_and_blocking_calls_between_them(sandbox, name):
    sandbox.scenario = says()
    client = client_of(sandbox, name)
    assert [ask(client) for _ in range(2) for ask in WAYS.values()] == [ANSWER] * 12


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda client: pickle.loads(pickle.dumps(client))])
@every_provider
def test_a_copy_works_before_and_after_use(sandbox, name, copied):
    sandbox.scenario = says()
    client = client_of(sandbox, name, cookies="a=1")
    copies = [copied(client)]
    client.complete("hello")
    copies.append(copied(client))
    assert [twin.complete("hello").text for twin in copies] == [ANSWER, ANSWER]
    assert [twin.provider for twin in copies] == [client.provider] * 2


@every_provider
async def test_calls_one_after_the_other_share_a_connection(sandbox, name):
    sandbox.scenario = says()
    client = client_of(sandbox, name)
    for _ in range(3):
        await client.acomplete("hello")
        await collected(client)
    session = sessions.acquire()
    try:
        assert sum(map(len, session.connector._conns.values())) == 1
    finally:
        await sessions.release()


@every_provider
async def test_a_leased_session_ends_with_its_last_call(sandbox, name):
    client = client_of(sandbox, name, hold=False)
    await asyncio.gather(client.acomplete("hello"), client.acomplete("hello"))
    assert asyncio.get_running_loop() not in sessions._pools


@every_provider
async def test_a_block_keeps_the_connections_of_leased_calls(sandbox, name):
    async with client_of(sandbox, name, hold=False) as client:
        await client.acomplete("hello")
        assert asyncio.get_running_loop() in sessions._pools
    assert asyncio.get_running_loop() not in sessions._pools


FORK = """
import os, sys
from freeproviders import Client
def whole(client):
    return client.complete("hello").text
def streamed(events):
    return "".join(getattr(event, "text", "") for event in events)
url, *names = sys.argv[1:]
for name in names:
    client = Client(name, base_url=f"{url}/{name}")
    before = whole(client)
    unfinished = client.stream("hello")
    begun = next(unfinished).text
    child = os.fork()
    if child == 0:
        unfinished.close()
        sys.exit(0 if whole(client) == streamed(client.stream("hello")) == before else 1)
    assert os.waitpid(child, 0)[1] == 0, name
    assert begun + streamed(unfinished) == before
    assert whole(client) == before
print(len(names), "forked")
"""


def test_parent_and_child_both_work_after_a_fork(sandbox):
    done = run_script(FORK, sandbox.url(), *NAMES)
    assert (done.stdout, done.stderr, done.returncode) == (f"{len(NAMES)} forked\n", "", 0)


@every_provider
def test_prompts_are_values(name):
    prompt = Prompt.of(name)
    assert pickle.loads(pickle.dumps(prompt)) == copy.deepcopy(prompt) == prompt


def test_a_client_is_made_without_any_loop():
    assert repr(Client("yqcloud", base_url="http://127.0.0.1:1")).startswith("Client(Yqcloud(")
