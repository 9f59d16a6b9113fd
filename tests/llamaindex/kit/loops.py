"""Event loops and threads: LlamaIndex runs one LLM on many of them, and leaves some in a hurry."""

import asyncio
import copy
import gc
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from llama_index.core.async_utils import asyncio_run, run_async_tasks
from llama_index.core.llms import LLM, ChatMessage

from kit.answers import LONG
from kit.calls import CALLS, STREAMS, Call, text_of
from kit.described import Described

AWAITED = [call for call in CALLS if call.is_async]
BLOCKING = [call for call in STREAMS if not call.is_async]


class Loops(Described):
    @pytest.mark.parametrize("call", AWAITED, ids=lambda call: call.name)
    def test_one_llm_on_three_loops_in_a_row(self, llm: LLM, call: Call) -> None:
        assert len({text_of(call.run(llm)[-1]) for _ in range(3)}) == 1

    @pytest.mark.parametrize("call", AWAITED, ids=lambda call: call.name)
    async def test_a_loop_of_its_own_inside_a_running_loop(self, llm: LLM, call: Call) -> None:
        """What core does in every blocking method that has only an async form."""
        inside = asyncio_run(call.responses(llm))
        assert text_of(inside[-1]) == text_of((await call.responses(llm))[-1])

    def test_runs_as_a_batch_of_cores(self, llm: LLM) -> None:
        answers = run_async_tasks([llm.acomplete("What is 12*7?") for _ in range(3)])
        assert len({answer.text for answer in answers}) == 1

    @pytest.mark.parametrize("call", AWAITED, ids=lambda call: call.name)
    async def test_awaiting_leaves_the_loop_free(self, llm: LLM, call: Call) -> None:
        """While the server holds its answer back, others run: it is they who let it go on."""
        release = self.need(self.hold, "hold")()
        other = asyncio.create_task(asyncio.to_thread(release))
        assert text_of((await call.responses(llm))[-1])
        await other

    @pytest.mark.parametrize("call", AWAITED, ids=lambda call: call.name)
    async def test_cancelling_ends_the_request(self, llm: LLM, call: Call) -> None:
        ended = self.need(self.ended, "ended")
        self.need(self.hold if self.supports_streaming else None, "hold and supports_streaming")()
        task = asyncio.create_task(call.responses(llm, LONG))
        await asyncio.to_thread(self.need(self.begun, "begun"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(ended) == "client closed"

    async def test_twenty_at_once_each_get_their_own_answer(self, llm: LLM) -> None:
        questions = [f"What is {number}+{number}?" for number in range(20)]
        answers = await asyncio.gather(*(llm.achat([ChatMessage(content=text)]) for text in questions))
        expected = [llm.complete(text).text for text in questions]
        assert [answer.message.content for answer in answers] == expected
        assert len(set(expected)) > 1

    def test_eight_threads_at_once(self, llm: LLM) -> None:
        with ThreadPoolExecutor(8) as pool:
            texts = list(pool.map(lambda _: llm.complete("What is 12*7?").text, range(16)))
        assert len(set(texts)) == 1

    @pytest.mark.parametrize("call", BLOCKING, ids=lambda call: call.name)
    def test_a_stream_begun_in_one_thread_ends_in_another(self, llm: LLM, call: Call) -> None:
        """Chat engines do so with every blocking stream."""
        stream = call.begin(llm, LONG)
        pieces = [next(stream)]
        worker = threading.Thread(target=lambda: pieces.extend(stream))
        worker.start()
        worker.join()
        assert "".join(piece.delta for piece in pieces) == text_of(pieces[-1]) == llm.complete(LONG).text

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    async def test_leaving_a_stream_early_ends_the_request(self, llm: LLM, call: Call) -> None:
        ended = self.need(self.ended, "ended")
        release = self.need(self.hold if self.supports_streaming else None, "hold and supports_streaming")()
        stream = call.begin(llm, LONG)
        if call.is_async:
            stream = await stream
            await anext(stream)
            await stream.aclose()
        else:
            next(stream)
            stream.close()
        del stream
        gc.collect()
        assert await asyncio.to_thread(ended) == "client closed"
        release()

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    def test_a_stream_never_begun_leaves_nothing_open(self, llm: LLM, call: Call) -> None:
        async def forget() -> None:
            stream = call.begin(llm, LONG)
            _ = await stream if call.is_async else stream

        asyncio.run(forget())
        gc.collect()

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    def test_copies_made_after_use_still_work(self, llm: LLM, call: Call) -> None:
        text = text_of(call.run(llm)[-1])
        for twin in (pickle.loads(pickle.dumps(llm)), copy.deepcopy(llm), llm.model_copy()):
            assert text_of(call.run(twin)[-1]) == text

    async def test_holds_its_connection_for_a_block(self, llm: LLM) -> None:
        if not hasattr(llm, "__aenter__"):
            pytest.skip("no async with")
        async with llm as held:
            assert held is llm
            assert (await llm.acomplete("Hello.")).text == (await llm.acomplete("Hello.")).text
