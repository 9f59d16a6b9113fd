"""Objects of a class in place of text: by a schema where the service takes one, else by core's own programs."""

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Iterator, Mapping
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.bridge.pydantic import BaseModel, ValidationError
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]  # exported without a word
from llama_index.core.instrumentation.events.llm import LLMStructuredPredictEndEvent, LLMStructuredPredictStartEvent
from llama_index.core.llms.llm import LLM
from llama_index.core.program.utils import FlexibleModel, create_flexible_model, get_program_for_llm
from llama_index.core.prompts import BasePromptTemplate, PromptTemplate
from llama_index.core.types import BasePydanticProgram, Model, PydanticProgramMode
from pydantic_core import from_json

from freeproviders.errors import BadReply
from llamaindex_freeproviders.prompting import Prompting

__all__ = ["SchemaProgram", "Structured"]

_dispatcher = get_dispatcher(__name__)


class SchemaProgram(BasePydanticProgram[Model]):
    """Asks for an answer that fits a class's JSON Schema.

    Args:
        output_cls: The class.
        prompt: What to ask; its variables are given with the call.
        llm: Who is asked; its chats take ``schema``.
    """

    def __init__(self, output_cls: type[Model], prompt: BasePromptTemplate, llm: LLM) -> None:
        self._output_cls = output_cls
        self._prompt = prompt
        self._llm = llm
        self._partial_cls = create_flexible_model(output_cls)

    @property
    def output_cls(self) -> type[Model]:
        """The class."""
        return self._output_cls

    def __call__(self, *_: Any, llm_kwargs: Mapping[str, Any] | None = None, **variables: Any) -> Model:
        """The object."""
        return self._whole(self._llm.chat(self._messages(variables), **self._words(llm_kwargs)))

    async def acall(self, *_: Any, llm_kwargs: Mapping[str, Any] | None = None, **variables: Any) -> Model:
        """The object."""
        return self._whole(await self._llm.achat(self._messages(variables), **self._words(llm_kwargs)))

    def stream_call(
        self, *_: Any, llm_kwargs: Mapping[str, Any] | None = None, **variables: Any
    ) -> Generator[Model | FlexibleModel, None, None]:
        """The object while it grows; of its own class as soon as it fits."""
        seen, piece = None, None
        for piece in self._llm.stream_chat(self._messages(variables), **self._words(llm_kwargs)):
            yield (seen := self._so_far(piece))
        yield from self._at_last(seen, piece)

    async def astream_call(
        self, *_: Any, llm_kwargs: Mapping[str, Any] | None = None, **variables: Any
    ) -> AsyncGenerator[Model | FlexibleModel, None]:
        """As ``stream_call``."""
        pieces = await self._llm.astream_chat(self._messages(variables), **self._words(llm_kwargs))

        async def objects() -> AsyncGenerator[Model | FlexibleModel, None]:
            seen, piece = None, None
            async for piece in pieces:
                yield (seen := self._so_far(piece))
            for found in self._at_last(seen, piece):
                yield found

        return objects()

    def _messages(self, variables: Mapping[str, Any]) -> list[ChatMessage]:
        return self._llm._extend_messages(self._prompt.format_messages(llm=self._llm, **variables))  # noqa: SLF001

    def _words(self, words: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**(words or {}), "schema": self._output_cls.model_json_schema()}

    def _whole(self, answer: ChatResponse) -> Model:
        try:
            return self._output_cls.model_validate_json(answer.message.content or "")
        except ValidationError as error:  # a ValueError, which query engines make an "Empty Response" of
            raise BadReply(f"the model gave no {self._output_cls.__name__}: {error}") from error

    def _so_far(self, piece: ChatResponse) -> Model | FlexibleModel:
        try:
            value = from_json(piece.message.content or "", allow_partial="trailing-strings")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            return self._partial_cls()
        try:
            return self._output_cls.model_validate(value)
        except ValidationError:
            return self._partial_cls.model_validate(value)

    def _at_last(self, seen: Model | FlexibleModel | None, piece: ChatResponse | None) -> Iterator[Model]:
        """The object of the whole text, where that is another than has been seen: what is cut off is none."""
        if piece is not None and (whole := self._whole(piece)) != seen:
            yield whole


class Structured(Prompting):
    """Objects from calls of an LLM.

    With ``pydantic_program_mode`` at its default, an object is asked for by its schema where all services that may
    answer take one as data; else by a call of a tool, or in texts where ``is_function_calling_model`` is off. Any other
    mode is the caller's choice and stays.
    """

    def structured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Model:
        """An object of a class.

        Args:
            output_cls: The class.
            prompt: What to ask.
            llm_kwargs: Words of the call.
            **prompt_args: Variables of the prompt.

        Raises:
            BadReply: If the answer does not fit.
            ValueError: The same, where core asks by a call or in texts.
        """
        _tell_start(output_cls, prompt, prompt_args)
        program = self._program(output_cls, prompt, llm_kwargs)
        return _told_end(program(llm_kwargs=llm_kwargs, **prompt_args), output_cls)

    async def astructured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Model:
        """As ``structured_predict``."""
        _tell_start(output_cls, prompt, prompt_args)
        program = self._program(output_cls, prompt, llm_kwargs)
        return _told_end(await program.acall(llm_kwargs=llm_kwargs, **prompt_args), output_cls)

    # Streamed: core's programs say only of whole answers that a call must come.

    def _structured_stream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Generator[Model | list[Model] | FlexibleModel | list[FlexibleModel], None, None]:
        words = {"stream_tool_args": True, **(llm_kwargs or {})}
        program = self._program(output_cls, prompt, words, streamed=True)
        yield from _ended(program.stream_call(llm_kwargs=words, **prompt_args), output_cls)

    async def _structured_astream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> AsyncGenerator[Model | list[Model] | FlexibleModel | list[FlexibleModel], None]:
        words = {"stream_tool_args": True, **(llm_kwargs or {})}
        program = self._program(output_cls, prompt, words, streamed=True)
        return _aended(await program.astream_call(llm_kwargs=words, **prompt_args), output_cls)

    def _program(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        words: Mapping[str, Any] | None,
        *,
        streamed: bool = False,
    ) -> BasePydanticProgram[Model]:
        mode, default = self.pydantic_program_mode, self.pydantic_program_mode == PydanticProgramMode.DEFAULT
        schema = output_cls.model_json_schema()
        # A class that holds itself has its properties behind a reference, where core's programs do not look.
        if default and self.is_chat_model and ("$ref" in schema or self._forms_natively(schema, words or {})):
            return SchemaProgram(output_cls, prompt, self)
        by_calls = mode == PydanticProgramMode.FUNCTION or (default and self.is_function_calling_model)
        choice = {"tool_choice": "any"} if streamed and by_calls else {}
        return get_program_for_llm(output_cls, prompt, self, mode, **choice)


def _tell_start(output_cls: type[BaseModel], prompt: PromptTemplate, variables: Mapping[str, Any]) -> None:
    _dispatcher.event(
        LLMStructuredPredictStartEvent(output_cls=output_cls, template=prompt, template_args=dict(variables))
    )


def _told_end(found: Any, output_cls: type[Model]) -> Model:
    _check(found, output_cls)
    _dispatcher.event(LLMStructuredPredictEndEvent(output=found))
    last: Model = found
    return last


def _ended(objects: Iterable[Any], output_cls: type[Model]) -> Generator[Any, None, None]:
    """The objects; an error if the last one is not what was asked for, as core's programs say nothing of it.

    Raises:
        BadReply: If it is not.
    """
    last = None
    for last in objects:
        yield last
    _check(last, output_cls)


async def _aended(objects: AsyncIterable[Any], output_cls: type[Model]) -> AsyncGenerator[Any, None]:
    last = None
    async for last in objects:
        yield last
    _check(last, output_cls)


def _check(last: Any, output_cls: type[Model]) -> None:
    found = last if isinstance(last, list) else [last]
    if not all(isinstance(item, output_cls) for item in found):
        raise BadReply(f"the model gave no {output_cls.__name__} that is whole: ask again, or with a simpler form")
