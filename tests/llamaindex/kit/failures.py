"""Failures: their own class on every way, one layer of retries, nothing said twice."""

from typing import Any

import pytest
from llama_index.core import Document, SummaryIndex
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import LLM
from llama_index.core.memory import ChatMemoryBuffer

from kit.answers import LONG
from kit.calls import CALLS, STREAMS, Call, text_of
from kit.described import Described

SWALLOWED = (ValueError, TypeError, RuntimeError)
MODES = ["refine", "compact", "tree_summarize", "simple_summarize"]


class Failures(Described):
    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_every_fault_is_an_error_of_its_own_class(self, call: Call) -> None:
        for make_fail, error in self.need(self.faults or None, "faults").values():
            make_fail()
            with pytest.raises(error) as raised:
                await call.responses(self.make(max_retries=0))
            assert raised.type is error
            assert not isinstance(raised.value, SWALLOWED)

    @pytest.mark.parametrize("mode", MODES)
    async def test_a_fault_passes_through_a_query_engine_unchanged(self, mode: str) -> None:
        """ValueError and TypeError would be an "Empty Response" there, RuntimeError a talk of nested loops."""
        make_fail, error = next(iter(self.need(self.faults or None, "faults").values()))
        index = SummaryIndex.from_documents([Document(text="Tea grows on hills.")])
        engine = index.as_query_engine(llm=self.make(max_retries=0), response_mode=mode)
        make_fail()
        with pytest.raises(error):
            await engine.aquery("Where does tea grow?")
        with pytest.raises(error):
            engine.query("Where does tea grow?")

    async def test_a_fault_passes_through_a_chat_engine_unchanged(self) -> None:
        make_fail, error = next(iter(self.need(self.faults or None, "faults").values()))
        engine = SimpleChatEngine.from_defaults(llm=self.make(max_retries=0), memory=ChatMemoryBuffer.from_defaults())
        make_fail()
        with pytest.raises(error):
            engine.chat("Hello.")
        with pytest.raises(error):
            await engine.achat("Hello.")

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_a_passing_fault_is_tried_again_and_nothing_is_said_twice(self, llm: LLM, call: Call) -> None:
        expected = text_of((await call.responses(llm, LONG))[-1])
        self.need(self.fail_once, "fail_once")()
        responses = await call.responses(llm, LONG)
        assert text_of(responses[-1]) == expected
        if call.is_stream:
            assert "".join(piece.delta for piece in responses) == expected

    async def test_max_retries_0_tries_once(self) -> None:
        self.need(self.fail_once, "fail_once")()
        with pytest.raises(Exception, match=r"\S") as raised:
            await self.make(max_retries=0).acomplete("Hello.")
        assert not isinstance(raised.value, SWALLOWED)

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    async def test_an_answer_that_breaks_off_is_an_error_after_its_pieces(self, llm: LLM, call: Call) -> None:
        break_off, error = self.need(self.break_off, "break_off")
        break_off()
        pieces: list[Any] = []
        stream = call.begin(llm, LONG)
        if call.is_async:
            stream = await stream
        with pytest.raises(error) as raised:
            if call.is_async:
                async for piece in stream:
                    pieces.append(piece)  # a comprehension would lose them with the error
            else:
                for piece in stream:
                    pieces.append(piece)  # noqa: PERF402
        assert pieces
        assert getattr(raised.value, "partial", text_of(pieces[-1])) == text_of(pieces[-1])
