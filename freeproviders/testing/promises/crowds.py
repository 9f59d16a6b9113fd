"""One client on many loops and threads at once; copies of it; connections that are used again."""

import asyncio
import copy
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest

from freeproviders import sessions
from freeproviders.sandbox import Question, Sandbox
from freeproviders.testing.kit import ANSWER, WAYS, collected, says
from freeproviders.testing.promises.base import Contract
from freeproviders.transport import Client
from freeproviders.wire import Prompt

__all__ = ["ManyAtOnce"]


def _echo(question: Question) -> str:
    """Repeats the number a question ends with, so that answers cannot be mistaken for each other."""
    return f"number {question.text.rpartition(' ')[2]}."


class ManyAtOnce(Contract):
    """One client serves many loops, threads and copies."""

    @pytest.fixture
    def echoes(self) -> Iterator[Sandbox]:
        """A sandbox whose answers tell the questions apart."""
        with Sandbox(brain=_echo) as running:
            yield running

    async def test_fifty_calls_at_once_get_their_own_answers(self, echoes: Sandbox) -> None:
        client = self.client(echoes)
        answers = await asyncio.gather(*(client.acomplete(f"say {number}") for number in range(50)))
        assert [answer.text for answer in answers] == [f"number {number}." for number in range(50)]

    async def test_fifty_streams_at_once_get_their_own_answers(self, echoes: Sandbox) -> None:
        client = self.client(echoes)
        texts = await asyncio.gather(*(collected(client, f"say {number}") for number in range(50)))
        assert texts == [f"number {number}." for number in range(50)]

    def test_eight_threads_get_their_own_answers(self, echoes: Sandbox) -> None:
        client = self.client(echoes)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: client.complete(f"say {number}").text, range(24)))
        assert answers == [f"number {number}." for number in range(24)]

    def test_a_loop_in_each_thread_gets_its_own_answer(self, echoes: Sandbox) -> None:
        client = self.client(echoes)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda number: asyncio.run(client.acomplete(f"say {number}")).text, range(8)))
        assert answers == [f"number {number}." for number in range(8)]

    def test_one_loop_after_the_other_and_blocking_calls_between_them(self, sandbox: Sandbox) -> None:
        sandbox.scenario = says()
        client = self.client(sandbox)
        assert [ask(client) for _ in range(2) for ask in WAYS.values()] == [ANSWER] * 12

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda client: pickle.loads(pickle.dumps(client))])
    def test_a_copy_works_before_and_after_use(self, sandbox: Sandbox, copied: Callable[[Client], Client]) -> None:
        sandbox.scenario = says()
        client = self.client(sandbox, cookies="a=1")
        copies = [copied(client)]
        client.complete("hello")
        copies.append(copied(client))
        assert [twin.complete("hello").text for twin in copies] == [ANSWER, ANSWER]
        assert [twin.provider for twin in copies] == [client.provider] * 2

    async def test_calls_one_after_the_other_share_a_connection(self, sandbox: Sandbox) -> None:
        sandbox.scenario = says()
        client = self.client(sandbox)
        for _ in range(3):
            await client.acomplete("hello")
            await collected(client)
        session = sessions.acquire()
        try:
            assert isinstance(session.connector, aiohttp.TCPConnector)
            assert sum(len(kept) for kept in session.connector._conns.values()) == 1
        finally:
            await sessions.release()

    async def test_a_leased_session_ends_with_its_last_call(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox, hold=False)
        await asyncio.gather(client.acomplete("hello"), client.acomplete("hello"))
        assert asyncio.get_running_loop() not in sessions._pools

    async def test_a_block_keeps_the_connections_of_leased_calls(self, sandbox: Sandbox) -> None:
        async with self.client(sandbox, hold=False) as client:
            await client.acomplete("hello")
            assert asyncio.get_running_loop() in sessions._pools
        assert asyncio.get_running_loop() not in sessions._pools

    def test_prompts_are_values(self) -> None:
        prompt = Prompt.of(self.provider)
        assert pickle.loads(pickle.dumps(prompt)) == copy.deepcopy(prompt) == prompt
