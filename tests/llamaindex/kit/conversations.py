"""What goes in: roles, blocks, odd histories, kept conversations."""

import copy

import pytest
from llama_index.core.base.llms.types import (
    AudioBlock,
    CacheControl,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)
from llama_index.core.llms import LLM

from kit.calls import CALLS, Call, text_of
from kit.described import Described

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(20)
SAID = {
    "two texts": [TextBlock(text="alpha"), TextBlock(text="omega")],
    "cache point": [TextBlock(text="alpha omega"), CachePoint(cache_control=CacheControl(type="ephemeral"))],
    "citable": [CitableBlock(title="alpha", source="book", content="omega")],
    "citation": [
        CitationBlock(cited_content="omega", source="book", title="alpha", additional_location_info={"page": 1})
    ],
    "thinking": [ThinkingBlock(content="alpha"), TextBlock(text="omega")],
    "empty thinking": [ThinkingBlock(), TextBlock(text="alpha omega")],
    "tool call": [ToolCallBlock(tool_call_id="1", tool_name="alpha", tool_kwargs={"x": "omega"})],
    "tool call as text": [ToolCallBlock(tool_call_id="1", tool_name="alpha", tool_kwargs='{"x": "omega')],
}
FILES = {
    "image": lambda: ImageBlock(image=PIXEL),
    "audio": lambda: AudioBlock(audio=b"RIFF", format="wav"),
    "video": lambda: VideoBlock(video=b"0000", video_mimetype="video/mp4"),
    "document": lambda: DocumentBlock(data=b"%PDF", document_mimetype="application/pdf"),
}
HISTORIES = {
    "system last": "system user system",
    "two systems": "system system user",
    "late system": "user assistant system user",
    "system alone": "system",
    "assistant first": "assistant user",
    "assistant last": "user assistant",
    "assistant alone": "assistant",
    "no user": "system assistant",
    "users in a row": "user user user",
    "assistants in a row": "user assistant assistant user",
    "developer": "developer user",
    "tool": "user assistant tool",
    "function": "user assistant function user",
}


class Conversations(Described):
    @pytest.mark.parametrize("role", MessageRole)
    def test_every_role_arrives(self, llm: LLM, role: MessageRole) -> None:
        history = [
            ChatMessage(content="Hello."),
            ChatMessage(role=role, content="zanzibar"),
            ChatMessage(content="Go on."),
        ]
        assert llm.chat(history).message.content
        self.arrived("zanzibar", "Go on.")

    @pytest.mark.parametrize("roles", HISTORIES.values(), ids=HISTORIES)
    def test_every_order_of_roles_arrives(self, llm: LLM, roles: str) -> None:
        words = [f"word{number}" for number, _ in enumerate(roles.split())]
        history = [ChatMessage(role=role, content=word) for role, word in zip(roles.split(), words, strict=True)]
        assert llm.chat(history).message.content
        self.arrived(*words)

    @pytest.mark.parametrize(
        "empty", [ChatMessage(content=""), ChatMessage(role="assistant"), ChatMessage(role="system")]
    )
    def test_an_empty_message_among_others_is_taken(self, llm: LLM, empty: ChatMessage) -> None:
        assert llm.chat([ChatMessage(content="Hello."), empty, ChatMessage(content="Hello again.")]).message.content
        self.arrived("Hello.", "Hello again.")

    @pytest.mark.parametrize("role", ["user", "assistant", "system", "tool"])
    @pytest.mark.parametrize("kind", SAID)
    def test_every_block_with_words_arrives(self, llm: LLM, kind: str, role: str) -> None:
        llm.chat([ChatMessage(role=role, blocks=SAID[kind]), ChatMessage(content="Go on.")])
        # Only the model itself calls tools: in another's message a call is no one's. What it thought is not told again.
        if kind == "thinking" and role == "assistant":
            self.arrived("omega")
            self.did_not_arrive("alpha")
        elif role == "assistant" or not kind.startswith("tool call"):
            self.arrived("alpha", "omega")

    @pytest.mark.parametrize("kind", FILES)
    async def test_a_file_it_cannot_carry_is_an_error_that_names_it(self, llm: LLM, kind: str) -> None:
        error = self.need(self.unsupported_error, "unsupported_error")
        self.need(kind != "image" or self.shown is None, "images cannot be shown")
        history = [ChatMessage(blocks=[TextBlock(text="Look."), FILES[kind]()])]
        with pytest.raises(error, match=kind):
            llm.chat(history)
        with pytest.raises(error, match=kind):
            await llm.astream_chat(history)

    @pytest.mark.parametrize("kind", FILES)
    def test_its_own_earlier_files_are_taken(self, llm: LLM, kind: str) -> None:
        blocks = [TextBlock(text="Here it is."), FILES[kind]()]
        history = [
            ChatMessage(content="Draw."),
            ChatMessage(role="assistant", blocks=blocks),
            ChatMessage(content="More."),
        ]
        assert llm.chat(history).message.content
        self.arrived("Here it is.", kind, "More.")

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_the_input_stays_as_it_was(self, llm: LLM, call: Call) -> None:
        history = [ChatMessage(role="system", content="Be kind."), ChatMessage(blocks=[TextBlock(text="Hello.")])]
        before = copy.deepcopy(history)
        given = history if call.is_chat else "Hello."
        result = getattr(llm, call.name)(given)
        result = await result if call.is_async else result
        if call.is_stream:
            _ = [piece async for piece in result] if call.is_async else list(result)
        assert history == before

    def test_the_system_prompt_has_its_own_place(self, llm: LLM) -> None:
        self.need(self.has_system_field, "has_system_field")
        received = self.need(self.received, "received")
        llm.chat([ChatMessage(role="system", content="zanzibar"), ChatMessage(content="Hello.")])
        assert received().startswith("zanzibar\n")

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_a_thread_goes_on_where_it_was(self, llm: LLM, call: Call) -> None:
        self.need(self.supports_threads, "supports_threads")
        first = (await call.responses(llm, "My name is Zora.", thread={}))[-1]
        thread = copy.deepcopy(first.raw["thread"])
        given = copy.deepcopy(thread)
        second = (await call.responses(llm, "What is my name?", thread=given))[-1]
        assert "Zora" in text_of(second)
        assert given == thread

    async def test_a_call_without_a_thread_starts_afresh(self, llm: LLM) -> None:
        self.need(self.supports_threads, "supports_threads")
        response = await llm.acomplete("My name is Zora.")
        assert "thread" not in response.raw
        assert "Zora" not in (await llm.acomplete("What is my name?")).text
