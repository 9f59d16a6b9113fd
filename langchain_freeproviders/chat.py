"""The chat model over a client or a router: its words, tools and schemas. What its calls do: ``calls``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel, LanguageModelInput, ModelProfile
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import BaseModel, model_validator

from freeproviders.wire import Prompt
from langchain_freeproviders.calls import ChatCalls
from langchain_freeproviders.errors import translated
from langchain_freeproviders.kinds import check_kinds
from langchain_freeproviders.messages import only_texts, to_turns
from langchain_freeproviders.service import FreeProviderModel
from langchain_freeproviders.tools import function_of, schema_of, tool_choice_of

__all__ = ["FaceChatModel", "FreeChatModel"]

_PROFILED = frozenset(ModelProfile.__annotations__)


class FaceChatModel(ChatCalls):
    """A client or a router as a chat model."""

    stream_tool_args: bool = False

    @property
    def _llm_type(self) -> str:
        return f"freeproviders-{self._provider_name()}-chat"

    def _dict_for_compat(self) -> dict[str, Any]:
        """As in core, which turns off warnings of the whole program, for models with a ``dict`` of their own."""
        return self.asdict() if type(self).dict is BaseChatModel.dict else super()._dict_for_compat()

    @model_validator(mode="after")
    def _check_profile_keys(self) -> "FaceChatModel":
        """As in core, which takes a third of all the time of making a model to look up what names there are."""
        if not _PROFILED.issuperset(self.profile or ()):
            check: Any = super()._check_profile_keys  # to type checkers it is what pydantic has made of it
            check()
        return self

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        parallel_tool_calls: bool = True,
        strict: bool | None = None,  # noqa: ARG002  # every call is checked against its schema anyway
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools to call.

        Where the service takes tools as data, it is given them so; else they are described in the prompt, and the calls
        are read from its answer (``tool_mode`` of ``ChatOpenAICompatible``).

        Args:
            tools: Functions, LangChain tools, pydantic classes, TypedDicts or JSON Schemas.
            tool_choice: ``"auto"``, ``"any"`` or ``"required"``, ``"none"``, or the name of the tool that must be
                called.
            parallel_tool_calls: Whether the model may make several calls at once.
            strict: Taken, as other integrations have it; every call is checked anyway.
            kwargs: Further words of each call, such as ``stream_tool_args=True``: a stream then gives arguments as they
                grow, in steps of at least 64 characters, and what it has given cannot be asked for again.

        Raises:
            InvalidSetting: If a tool is none, or ``tool_choice`` names none that is there.
        """
        with translated():
            check_kinds({"tools": tools}, self._provider_name())
            functions = [function_of(tool) for tool in tools]
            choice = tool_choice_of(tool_choice, [function["name"] for function in functions])
        formatted = [{"type": "function", "function": function} for function in functions]
        return self.bind(tools=formatted, tool_choice=choice, parallel_tool_calls=parallel_tool_calls, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Literal["json_schema", "function_calling", "json_mode"] = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,  # noqa: ARG002  # every answer is checked against the schema anyway
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """The model with answers that are values of a schema, checked, and asked for again up to twice.

        A stream gives the value as it grows. What does not fit is asked for again while nothing has been given; then
        it is an error (``StreamInterrupted``). ``stream_tool_args=False`` gives it whole, with all the asking.

        Args:
            schema: Pydantic class, TypedDict or JSON Schema of an object; may be None with ``"json_mode"``.
            method: ``"json_schema"`` asks for JSON by the schema, ``"function_calling"`` for a call of a tool made of
                it, ``"json_mode"`` for any JSON object.
            include_raw: Give ``{"raw", "parsed", "parsing_error"}``.
            strict: Accepted, for other models' callers.
            kwargs: Further words of each call.

        Raises:
            InvalidSetting: If the method is unknown, or there is no schema.
        """
        from langchain_freeproviders.structured import structured  # with LangChain's parsers: loaded where wanted

        with translated():
            return structured(self, schema, method, include_raw=include_raw, words=kwargs)

    def _asked(self, messages: list[BaseMessage], stop: list[str] | None, words: Mapping[str, Any]) -> Prompt:
        words = dict(words)
        check_kinds(words, self._provider_name())
        tools = tuple(function_of(tool) for tool in words.pop("tools", None) or ())
        choice = tool_choice_of(words.pop("tool_choice", None), [tool["name"] for tool in tools])
        parallel, schema = words.pop("parallel_tool_calls", None), schema_of(words.pop("response_format", None))
        grows = words.pop("stream_tool_args", None)
        if grows is None:  # an answer by a schema is asked for again rather than shown in part, unless a call says so
            grows = self.stream_tool_args and schema is None
        return self._prompt(
            to_turns(messages, self._provider_name(), sees=not only_texts(messages) and self._sees),
            stop,
            words,
            tools=tools,
            tool_choice=choice,
            parallel_calls=parallel is not False,
            schema=schema,
            partial=bool(grows),
        )

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """An estimate, without a tokenizer to download.

        Args:
            messages: The messages to count.
            tools: Tools that would be sent along.
        """
        if self.custom_get_token_ids is not None:
            return super().get_num_tokens_from_messages(messages, tools)
        return count_tokens_approximately(messages, tools=list(tools) if tools else None)


class FreeChatModel(FreeProviderModel, FaceChatModel):
    """A service as a chat model; the concrete classes name the service."""

    def _resolve_model_profile(self) -> ModelProfile | None:
        card = self.card
        # LangChain asks before the default model is filled in.
        model = card.aliases.get(self.model or "", self.model or card.models[0])
        draws, sees = model in card.image_models, self._sees
        return ModelProfile(
            name=f"{card.title} {model}",
            max_input_tokens=card.context_window,
            text_inputs=True,
            image_inputs=sees,
            image_url_inputs=sees,
            image_tool_message=sees,
            audio_inputs=False,
            video_inputs=False,
            pdf_inputs=False,
            text_outputs=not draws,
            image_outputs=draws,
            tool_calling=not draws,
            tool_choice=not draws,
            tool_call_streaming=not draws,
            structured_output=not draws and self._has_schemas(),
            temperature=card.temperature,
            **({} if card.open_models else {"reasoning_output": False}),  # else it depends on the model
        )

    def _has_schemas(self) -> bool:
        """Whether the service itself keeps its answers to a schema."""
        asked = Prompt(turns=(), schema={"type": "object"})
        return self.card.native_json != "object" and self._face.provider.native(asked)
