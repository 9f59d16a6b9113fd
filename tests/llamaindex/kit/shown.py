"""Images that are shown to a model, in every form a block takes; what is counted of a call; what the model thinks."""

import base64
import copy
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    CitableBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.callbacks import TokenCountingHandler
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import LLM
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.prompts import PromptTemplate

from kit.answers import LONG
from kit.calls import CALLS, STREAMS, Call, text_of
from kit.described import Described
from kit.recorders import watched
from kit.toolbox import ZORA, Person


def _gone(path: Path) -> ImageBlock:
    block = ImageBlock(path=path)
    path.unlink()
    return block


# One black pixel.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
DATA = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
WEB = "https://images.example/boat.jpg?size=2"
FORMS: dict[str, Callable[[Path], ImageBlock]] = {
    "bytes": lambda _: ImageBlock(image=PNG),
    "base64": lambda _: ImageBlock(image=base64.b64encode(PNG)),
    "an open file": lambda _: ImageBlock(image=io.BytesIO(PNG)),
    "a path": lambda path: ImageBlock(path=path),
    "a path that tells no type": lambda path: ImageBlock(path=path.rename(path.with_suffix(""))),
    "a data URL": lambda _: ImageBlock(url=DATA),
    "a wrong type": lambda _: ImageBlock(image=PNG, image_mimetype="image/jpeg"),
}
UNREADABLE: dict[str, Callable[[Path], ImageBlock]] = {
    "nothing": lambda _: ImageBlock(),
    "no bytes": lambda _: ImageBlock(image=io.BytesIO()),
    "a broken data URL": lambda _: ImageBlock(url="data:image/png;base64"),
    "another scheme": lambda _: ImageBlock(url="ftp://images.example/boat.png"),
    "a file that is gone": _gone,
}
CHATS = pytest.mark.parametrize("call", [call for call in CALLS if call.is_chat], ids=lambda call: call.name)


class Watched(io.BytesIO):
    """Remembers the threads that read it."""

    readers: set[int]

    def read(self, *size: Any) -> bytes:
        self.readers.add(threading.get_ident())
        return super().read(*size)


class Shown(Described):
    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        path = tmp_path / "pixel.png"
        path.write_bytes(PNG)
        return path

    @CHATS
    @pytest.mark.parametrize("form", FORMS)
    async def test_an_image_arrives(self, llm: LLM, call: Call, form: str, picture: Path) -> None:
        shown = self.need(self.shown, "shown")
        await self.look(llm, call, FORMS[form](picture))
        assert shown() == [DATA]

    @CHATS
    async def test_an_image_of_the_web_is_left_to_the_service(self, llm: LLM, call: Call) -> None:
        shown = self.need(self.shown, "shown")
        await self.look(llm, call, ImageBlock(url=WEB))
        assert shown() == [WEB]

    @CHATS
    async def test_images_arrive_in_their_order_and_with_their_words(self, llm: LLM, call: Call) -> None:
        shown = self.need(self.shown, "shown")
        quoted = CitableBlock(title="book", source="shelf", content=[ImageBlock(url=WEB), TextBlock(text="omega")])
        await self.look(llm, call, ImageBlock(image=PNG), TextBlock(text="alpha"), quoted)
        assert shown() == [DATA, WEB]
        self.arrived("Look.", "alpha", "omega")

    @CHATS
    async def test_an_image_needs_no_words(self, llm: LLM, call: Call) -> None:
        shown = self.need(self.shown, "shown")
        await self.chat(llm, call, [ChatMessage(blocks=[ImageBlock(image=PNG)])])
        assert shown() == [DATA]

    @CHATS
    async def test_images_are_read_beside_the_loop(self, llm: LLM, call: Call) -> None:
        self.need(self.shown, "shown")
        file = Watched(b"##" + PNG)
        file.readers = set()
        file.seek(2)
        await self.look(llm, call, ImageBlock(image=file, image_mimetype="image/png"))
        assert (threading.get_ident() in file.readers) is not call.is_async
        assert file.readers
        assert file.tell() == 2  # it is the caller's

    @CHATS
    async def test_what_shows_an_image_stays_as_it_was(self, llm: LLM, call: Call, picture: Path) -> None:
        self.need(self.shown, "shown")
        messages = [ChatMessage(blocks=[FORMS[form](picture) for form in ("bytes", "a data URL", "a path")])]
        before = copy.deepcopy(messages)
        await self.chat(llm, call, messages)
        assert messages == before

    @CHATS
    @pytest.mark.parametrize("form", UNREADABLE)
    async def test_an_image_that_cannot_be_read_is_an_error(
        self, llm: LLM, call: Call, form: str, picture: Path
    ) -> None:
        self.need(self.shown, "shown")
        with pytest.raises(self.need(self.unsupported_error, "unsupported_error"), match="image") as raised:
            await self.look(llm, call, UNREADABLE[form](picture))
        assert str(picture) not in str(raised.value)

    @CHATS
    async def test_images_that_tools_gave_are_shown_after_all_results(self, llm: LLM, call: Call) -> None:
        shown = self.need(self.shown, "shown")
        blocks = [ToolCallBlock(tool_call_id=key, tool_name="photo", tool_kwargs={}) for key in "ab"]
        photo = ChatMessage(role="tool", blocks=[ImageBlock(image=PNG)], additional_kwargs={"tool_call_id": "a"})
        words = ChatMessage(role="tool", content="alpha", additional_kwargs={"tool_call_id": "b"})
        history = [ChatMessage(content="Look."), ChatMessage(role="assistant", blocks=blocks), photo, words]
        await self.chat(llm, call, history)
        assert shown() == [DATA]
        self.arrived("It is shown below.", "alpha", "What the tool photo gave to see:")

    def test_an_image_of_the_system_is_an_error(self, llm: LLM) -> None:
        self.need(self.shown, "shown")
        with pytest.raises(self.need(self.unsupported_error, "unsupported_error"), match="image"):
            llm.chat([ChatMessage(role="system", blocks=[ImageBlock(image=PNG)]), ChatMessage(content="Hello.")])

    def test_a_chat_engine_shows_an_image_again(self, llm: LLM) -> None:
        shown = self.need(self.shown, "shown")
        engine = SimpleChatEngine.from_defaults(llm=llm, memory=ChatMemoryBuffer.from_defaults(llm=llm))
        engine.chat("Hello.", chat_history=[ChatMessage(blocks=[TextBlock(text="Look."), ImageBlock(image=PNG)])])
        assert shown() == [DATA]

    # Counts.

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_core_counts_as_the_service_does(self, llm: LLM, call: Call) -> None:
        counted, counter = self.need(self.counted, "counted"), TokenCountingHandler()
        watched(llm, counter)
        response = (await call.responses(llm, LONG))[-1]
        asked, said = counted(text_of(response) or "")
        assert (counter.prompt_llm_token_count, counter.completion_llm_token_count) == (asked, said)
        usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
        assert response.raw["usage"] == response.additional_kwargs == usage

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    async def test_counts_come_with_the_last_piece(self, llm: LLM, call: Call) -> None:
        self.need(self.counted, "counted")
        *others, last = await call.responses(llm, LONG)
        assert others
        assert not any("usage" in piece.raw for piece in others)
        assert "usage" in last.raw

    def test_the_tokens_of_an_object_are_counted_too(self) -> None:
        counted, counter = self.need(self.counted, "counted"), TokenCountingHandler()
        self.need(self.forms_travel_as_data, "forms_travel_as_data")
        self.need(self.replies, "replies")(ZORA.model_dump_json())
        llm = self.make()
        watched(llm, counter)
        assert llm.structured_predict(Person, PromptTemplate("Tell of her.")) == ZORA
        asked, said = counted(ZORA.model_dump_json())
        assert (counter.prompt_llm_token_count, counter.completion_llm_token_count) == (asked, said)

    # Thoughts.

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_what_the_model_thought_stands_beside_its_words(self, llm: LLM, call: Call) -> None:
        words = text_of((await call.responses(llm))[-1])
        thought = self.need(self.thinks, "thinks")()
        response = (await call.responses(llm))[-1]
        assert text_of(response) == words
        assert response.raw["reasoning"] == response.additional_kwargs["thinking_delta"] == thought
        if call.is_chat:
            first, second = response.message.blocks
            assert (type(first), first.content, type(second)) == (ThinkingBlock, thought, TextBlock)

    async def test_what_the_model_thought_is_not_told_to_it_again(self, llm: LLM) -> None:
        thought = self.need(self.thinks, "thinks")()
        first = await llm.achat([ChatMessage(content="Hello.")])
        await llm.achat([ChatMessage(content="Hello."), first.message, ChatMessage(content="And?")])
        self.arrived(first.message.content, "And?")
        self.did_not_arrive(thought)

    async def look(self, llm: LLM, call: Call, *blocks: Any) -> None:
        await self.chat(llm, call, [ChatMessage(blocks=[TextBlock(text="Look."), *blocks])])

    async def chat(self, llm: LLM, call: Call, messages: list[ChatMessage]) -> None:
        result: Any = getattr(llm, call.name)(messages)
        result = await result if call.is_async else result
        if call.is_stream:
            _ = [piece async for piece in result] if call.is_async else list(result)
