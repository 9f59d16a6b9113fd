"""The form of answers: texts, pieces, raw data, images."""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, MessageRole, TextBlock
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import LLM
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.prompts import ChatPromptTemplate, PromptTemplate

from kit.calls import CALLS, STREAMS, Call, text_of
from kit.described import Described

LONG = "Please count to twelve, one number after the other, and say what you are doing all the while."


class Answers(Described):
    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_every_call_answers_with_text(self, llm: LLM, call: Call) -> None:
        assert text_of((await call.responses(llm))[-1])

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    def test_every_call_gives_the_same_answer_outside_a_loop(self, llm: LLM, call: Call) -> None:
        assert text_of(call.run(llm, LONG)[-1]) == llm.complete(LONG).text

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    async def test_deltas_join_to_the_text_and_none_is_missing(self, llm: LLM, call: Call) -> None:
        pieces = await call.responses(llm, LONG)
        grown = ""
        for piece in pieces:
            grown += piece.delta
            assert text_of(piece) == grown
        assert grown

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    async def test_the_last_piece_is_the_whole_answer(self, llm: LLM, call: Call) -> None:
        last = (await call.responses(llm, LONG))[-1]
        whole = llm.chat([ChatMessage(content=LONG)]) if call.is_chat else llm.complete(LONG)
        assert self._shape(last) == self._shape(whole)

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    async def test_pieces_share_no_object(self, llm: LLM, call: Call) -> None:
        """Core changes what it gets: ReActAgent cuts texts, chat engines replace blocks."""
        pieces = await call.responses(llm, LONG)
        parts = [part for piece in pieces for part in (piece, piece.raw, piece.additional_kwargs)]
        if call.is_chat:
            parts += [part for piece in pieces for part in (piece.message, *piece.message.blocks)]
        assert len({id(part) for part in parts}) == len(parts)

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_raw_is_what_core_can_read(self, llm: LLM, call: Call) -> None:
        for response in await call.responses(llm):
            assert response.raw is None or isinstance(response.raw, dict) or hasattr(response.raw, "model_dump")

    async def test_a_whole_answer_has_no_delta_and_one_block_of_text(self, llm: LLM) -> None:
        response = await llm.achat([ChatMessage(content=LONG)])
        assert response.delta is None
        assert [type(block) for block in response.message.blocks] == [TextBlock]
        assert response.message.role == MessageRole.ASSISTANT

    async def test_streams_are_real_generators(self, llm: LLM) -> None:
        """Core asks for the types."""
        message = [ChatMessage(content="Hello.")]
        assert isinstance(llm.stream_chat(message), Generator)
        assert isinstance(llm.stream_complete("Hello."), Generator)
        assert isinstance(await llm.astream_chat(message), AsyncGenerator)
        assert isinstance(await llm.astream_complete("Hello."), AsyncGenerator)

    def test_takes_its_first_argument_by_name(self, llm: LLM) -> None:
        assert llm.chat(messages=[ChatMessage(content="Hello.")]).message.content
        assert llm.complete(prompt="Hello.", formatted=True).text

    async def test_streams_in_more_than_one_piece(self, llm: LLM) -> None:
        self.need(self.supports_streaming, "supports_streaming")
        hold = self.need(self.hold, "hold")
        release = hold()
        stream = await llm.astream_chat([ChatMessage(content=LONG)])
        first = await anext(stream)
        release()
        rest = [piece async for piece in stream]
        assert first.delta
        assert rest[-1].message.content.startswith(first.delta)
        assert len(rest[-1].message.content) > len(first.delta)

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_stop_ends_the_answer(self, llm: LLM, call: Call) -> None:
        text = text_of((await call.responses(llm, LONG))[-1])
        middle = text[len(text) // 2 :][:3]
        for response in (await call.responses(llm, LONG, stop=[middle]))[-1:]:
            assert text_of(response) == text.partition(middle)[0]

    def test_predict_and_stream_apply_the_system_prompt(self) -> None:
        received = self.need(self.received, "received")
        llm = self.make(system_prompt="You live in Krakatoa.")
        prompt = PromptTemplate("Tell of {it}.")
        assert llm.predict(prompt, it="tea")
        assert "Krakatoa" in received()
        assert "".join(llm.stream(prompt, it="tea")) == llm.predict(prompt, it="tea")
        assert "Krakatoa" in received()

    async def test_predicts_in_a_loop(self, llm: LLM) -> None:
        prompt = ChatPromptTemplate(
            [ChatMessage(role="system", content="Be kind."), ChatMessage(content="Hello {it}.")]
        )
        pieces = [piece async for piece in await llm.astream(prompt, it="there")]
        assert "".join(pieces) == await llm.apredict(prompt, it="there")

    def test_a_model_that_is_no_chat_model_gets_one_prompt(self) -> None:
        llm = self.make(is_chat_model=False)
        assert llm.predict(PromptTemplate("Tell of {it}."), it="tea")

    @pytest.mark.parametrize("call", [call for call in CALLS if call.is_chat], ids=lambda call: call.name)
    async def test_an_image_comes_as_a_block_and_has_a_line_of_text(self, call: Call) -> None:
        llm = self.make(**self.need(self.image_params, "image_params"))
        message = (await call.responses(llm, "a red boat"))[-1].message
        text, image = message.blocks
        assert text.text
        assert image.image_mimetype.startswith("image/")
        assert image.resolve_image().read()
        assert ChatMessage.model_validate_json(message.model_dump_json()).blocks == message.blocks

    @pytest.mark.parametrize("call", [call for call in CALLS if not call.is_chat], ids=lambda call: call.name)
    async def test_an_image_in_a_completion_has_a_line_of_text(self, call: Call) -> None:
        llm = self.make(**self.need(self.image_params, "image_params"))
        assert (await call.responses(llm, "a red boat"))[-1].text

    async def test_an_image_stays_in_a_chat_engine(self) -> None:
        llm = self.make(**self.need(self.image_params, "image_params"))
        engine = SimpleChatEngine.from_defaults(llm=llm, memory=ChatMemoryBuffer.from_defaults())
        first = engine.chat("a red boat")
        assert str(first) not in ("", "None")
        assert any(isinstance(block, ImageBlock) for message in engine.chat_history for block in message.blocks)
        assert str(await engine.achat("and now a blue one")) not in ("", "None")

    def _shape(self, response: Any) -> tuple[Any, ...]:
        raw = {name: value for name, value in (response.raw or {}).items() if name not in self.changing_facts}
        return text_of(response), raw, response.additional_kwargs
