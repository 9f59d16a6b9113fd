"""The calls: LlamaIndex's eight methods over what the core asks.

What an LLM is made of lives in ``configured``, the words of a call in ``prompting``, objects in ``structured``.
"""

import asyncio
import contextlib
from abc import abstractmethod
from collections.abc import AsyncGenerator, Generator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    ToolCallBlock,
)
from llama_index.core.instrumentation.span import active_span_id
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.llm import ToolSelection

from freeproviders.blocking import portal
from freeproviders.face import Face
from freeproviders.reports import AskedAgain, AttemptFailed, AttemptStarted, FailedOver, Listen, Report, Waited
from freeproviders.wire import CallArguments, CallDone, CallFailed, CallStarted, Done, Event, Image, Prompt, Text
from llamaindex_freeproviders.growing import Growing, GrowingChat, GrowingCompletion
from llamaindex_freeproviders.hearing import told
from llamaindex_freeproviders.messages import call_of, with_user_message
from llamaindex_freeproviders.structured import Structured
from llamaindex_freeproviders.tools import tool_of

if TYPE_CHECKING:
    from llama_index.core.rate_limiter import BaseRateLimiter

__all__ = ["FreeLLM"]

L = TypeVar("L", bound="FreeLLM")
R = TypeVar("R")

# What makes no response of its own: a call is told of when it is whole, or by its growing arguments.
_UNTOLD = (CallStarted, CallFailed)
# What core's instrumentation is told of; most calls have nothing of it.
_TOLD = (AttemptFailed, FailedOver, Waited, AskedAgain)


class FreeLLM(Structured):
    """The calls of all LLMs here.

    Each call takes, besides its messages or its text, ``model``, ``temperature``, ``max_tokens``, ``stop`` and any
    setting of the service that is no secret (``tool_mode="prompted"``); they win over the constructor's for this call.
    ``thread={}`` starts a conversation that the service keeps (Pi, Yqcloud), ``thread=response.raw["thread"]`` goes on
    with it: then only what is new is sent. With ``schema=``, a JSON Schema or a class of pydantic, the text of the
    answer is one JSON value that fits. Image blocks of users and tools are shown to services that see them.

    ``raw`` of an answer, of a stream's last piece, is a dict: ``provider``, ``model``, ``finish_reason``,
    ``attempts``, and where there is one ``thread``, ``citations``, ``message_sid``, ``image_urls``, ``served_model``,
    ``reasoning`` or ``usage`` (tokens as the service counted them; ``additional_kwargs`` of the response has them too).
    Calls that were mended are told of in ``tool_call_repairs``, calls that cannot be made in ``invalid_tool_calls``
    (``name``, ``args``, ``id``, ``error``). What the model thought is a ``ThinkingBlock`` before its text. A stream's
    ``delta``s join to its text; a whole answer is what the last piece of a stream would be. With
    ``stream_tool_args=True`` a stream shows calls while their arguments grow.

    What happens on the way is told to core's instrumentation: see ``instrumentation``.

    Raises:
        ProviderError: Of the fitting class (``freeproviders.errors``), from calls and while reading a stream.
    """

    @property
    @abstractmethod
    def _face(self) -> Face:
        """What answers."""

    async def __aenter__(self: L) -> L:
        await self._face.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._face.__aexit__()

    # The public calls, each decorated once; what they share is not.

    @told(llm_chat_callback)
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Answers a conversation."""
        return self._whole(self._asked(self._turns(messages), kwargs), self._growing_chat())

    @told(llm_chat_callback)
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Answers a conversation piece by piece."""
        return self._pieces(self._asked(self._turns(messages), kwargs), self._growing_chat())

    @told(llm_chat_callback)
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Answers a conversation."""
        return await self._awhole(self._asked(await self._aturns(messages), kwargs), self._growing_chat())

    @told(llm_chat_callback)
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """Answers a conversation piece by piece."""
        return self._apieces(self._asked(await self._aturns(messages), kwargs), self._growing_chat())

    @told(llm_completion_callback)
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Answers a text."""
        return self._whole(self._told(prompt, formatted, kwargs), self._growing_completion())

    @told(llm_completion_callback)
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """Answers a text piece by piece."""
        return self._pieces(self._told(prompt, formatted, kwargs), self._growing_completion())

    @told(llm_completion_callback)
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Answers a text."""
        return await self._awhole(self._told(prompt, formatted, kwargs), self._growing_completion())

    @told(llm_completion_callback)
    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseAsyncGen:
        """Answers a text piece by piece."""
        return self._apieces(self._told(prompt, formatted, kwargs), self._growing_completion())

    def _growing_chat(self) -> GrowingChat:
        return GrowingChat(self._source, inline=self.image_format == "bytes")

    def _growing_completion(self) -> GrowingCompletion:
        return GrowingCompletion(self._source, inline=False)

    # Tools: where a service has none, the core describes them in the prompt and reads the calls back.

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[Any],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,  # noqa: ARG002  # core's signature
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The words of a call with tools; the history is copied."""
        words: dict[str, Any] = {"messages": with_user_message(chat_history, user_msg), **kwargs}
        if tools:
            words["tools"] = [tool_of(tool) for tool in tools]
            words["allow_parallel_tool_calls"] = allow_parallel_tool_calls
            if words.get("tool_choice") is None:
                words["tool_choice"] = "any" if tool_required else "auto"
        return words

    def get_tool_calls_from_response(
        self,
        response: ChatResponse,
        error_on_no_tool_call: bool = True,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[ToolSelection]:
        """The calls in an answer.

        Raises:
            ValueError: If there are none and ``error_on_no_tool_call``; core expects this class.
        """
        blocks = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
        if error_on_no_tool_call and not blocks:
            raise ValueError(f"expected a tool call, the answer holds none: {str(response.message.content)[:200]!r}")
        calls = map(call_of, blocks)
        return [ToolSelection(tool_id=call.id, tool_name=call.name, tool_kwargs=dict(call.arguments)) for call in calls]

    # From events to responses: the whole answer is the last piece of the stream, by construction.

    def _whole(self, prompt: Prompt, growing: Growing[R]) -> R:
        listen = self._listener(blocking=True)
        return portal.call(lambda: self._grown(prompt, growing, listen))

    async def _awhole(self, prompt: Prompt, growing: Growing[R]) -> R:
        return await self._grown(prompt, growing, self._listener())

    async def _grown(self, prompt: Prompt, growing: Growing[R], listen: Listen) -> R:
        answer = await self._face.acomplete(prompt, listen=listen)
        calls = (CallDone(index, call) for index, call in enumerate(answer.calls, 1))
        events: list[Event] = [Text(answer.text), *answer.images, *calls, Done(metadata=answer.metadata)]
        for event in events:
            growing.take(await self._ready(event, growing) if isinstance(event, Image) else event)
        return growing.response(None)

    def _pieces(self, prompt: Prompt, growing: Growing[R]) -> Generator[R, None, None]:
        # The listener is made now, within the span of the call; the stream is read outside of it.
        events, untold = self._face.stream(prompt, listen=self._listener(blocking=True)), _untold(prompt)

        def pieces() -> Generator[R, None, None]:
            with contextlib.closing(events):
                for event in events:
                    new = growing.take(self._ready_now(event, growing) if isinstance(event, Image) else event)
                    if not isinstance(event, untold):
                        yield growing.response(new)

        return pieces()

    def _apieces(self, prompt: Prompt, growing: Growing[R]) -> AsyncGenerator[R, None]:
        events, untold = self._face.astream(prompt, listen=self._listener()), _untold(prompt)

        async def pieces() -> AsyncGenerator[R, None]:
            # Not closed by hand: a loop that shuts down closes all generators at once, and would find this one's
            # running.
            async for event in events:
                new = growing.take(await self._ready(event, growing) if isinstance(event, Image) else event)
                if not isinstance(event, untold):
                    yield growing.response(new)

        return pieces()

    async def _ready(self, image: Image, growing: Growing[Any]) -> Image:
        """The image with its bytes, where the response has a place for them, or checked if it has them."""
        if image.data is None and not growing.inline:
            return image
        from freeproviders.images import fetch  # loaded with the first image: most programs see none

        drawn_by = self._members[image.candidate or self._source]
        return await fetch(image, provider=drawn_by.client.provider, proxy=drawn_by.proxy)

    def _ready_now(self, image: Image, growing: Growing[Any]) -> Image:
        return portal.call(lambda: self._ready(image, growing))

    # From reports to rate limiters and events.

    def _listener(self, *, blocking: bool = False) -> Listen:
        """Takes the rate limiters before each attempt, and fires events. To be made within the call's span."""
        span, first = active_span_id.get(), True

        async def listen(report: Report) -> None:
            nonlocal first
            if isinstance(report, AttemptStarted):
                limiters, first = self._limiters(report.candidate, first=first), False
                for limiter in limiters:
                    # A blocking call takes the blocking form, but not on the loop that serves all of them.
                    await (asyncio.to_thread(limiter.acquire) if blocking else limiter.async_acquire())
            elif isinstance(report, _TOLD):
                from llamaindex_freeproviders.instrumentation import event_of, fire

                if event := event_of(report, span):
                    await asyncio.to_thread(fire, event) if blocking else fire(event)

        return listen

    def _limiters(self, candidate: str, *, first: bool) -> "list[BaseRateLimiter]":
        """What an attempt has to wait for: our own limiter, which core takes before the first, and the candidate's."""
        theirs = self._members[candidate].rate_limiter if candidate else None
        asked = [None if first else self.rate_limiter, None if theirs is self.rate_limiter else theirs]
        return [limiter for limiter in asked if limiter is not None]


def _untold(prompt: Prompt) -> tuple[type[Event], ...]:
    return _UNTOLD if prompt.partial else (*_UNTOLD, CallArguments)
