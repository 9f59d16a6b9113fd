"""Chat models whose answers are values of a schema. Asking for them, and mending them, is the core's work."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import LanguageModelInput
from langchain_core.output_parsers import BaseOutputParser, JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser, PydanticToolsParser
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.pydantic import is_basemodel_subclass

from freeproviders.errors import BadReply, InvalidSetting
from freeproviders.tools.reader import json_value
from langchain_freeproviders.tools import form_of, function_of, schema_of

__all__ = ["METHODS", "Schema", "structured"]

Schema = Mapping[str, Any] | type
METHODS = ("json_schema", "function_calling", "json_mode")


def structured(
    model: Any, schema: Schema | None, method: str, *, include_raw: bool, words: Mapping[str, Any]
) -> Runnable[LanguageModelInput, Any]:
    """A model whose answers are values of a schema.

    Args:
        model: The chat model.
        schema: Pydantic class, TypedDict or JSON Schema; None only for ``json_mode``.
        method: One of ``METHODS``.
        include_raw: Give the message and the parsing error too.
        words: Further words of each call.

    Raises:
        InvalidSetting: If the method is unknown, or there is no schema.
    """
    if method not in METHODS or (schema is None and method != "json_mode"):
        raise InvalidSetting(f"method must be one of {', '.join(METHODS)}, and all but json_mode need a schema")
    bound, parser = _by_call(model, schema) if method == "function_calling" else _by_json(model, schema, method)
    bound = bound.bind(**{"stream_tool_args": True, **words})
    if not include_raw:
        chain: Runnable[LanguageModelInput, Any] = bound | parser
        return chain
    parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | parsed.with_fallbacks([failed], exception_key="parsing_error")


class _ObjectOfCall(PydanticToolsParser):
    """The object that a call holds; none at all is an error."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """The object of the one call; while the answer grows, as soon as it is one."""
        growing = partial and not _is_whole(result)
        try:
            parsed = super().parse_result(result, partial=growing)
        except ValueError as error:  # by rules of the class that its schema does not tell
            said = str(getattr(getattr(result[0], "message", None), "tool_calls", ""))
            raise OutputParserException(f"the call does not fit: {error}: {said}", llm_output=said) from error
        return _required(parsed, result, partial=partial)


class _DictOfCall(JsonOutputKeyToolsParser):
    """The arguments of a call; none at all is an error."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """The arguments of the one call; while the answer grows, those so far."""
        return _required(super().parse_result(result, partial=partial), result, partial=partial)


class _ObjectOfJson(PydanticOutputParser[Any]):
    """The object that JSON text holds."""

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """The object; while the answer grows, as soon as it is one."""
        return super().parse_result(result, partial=partial and not _is_whole(result))


class _DictOfJson(JsonOutputParser):
    """The value that JSON text holds, by a schema."""

    json_schema: dict[str, Any]

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """The value; while the answer grows, what there is of it."""
        if partial and not _is_whole(result):
            return super().parse_result(result, partial=True)
        try:
            return json_value(result[0].text, self.json_schema)
        except BadReply as error:
            said = result[0].text
            raise OutputParserException(f"no value that fits: {error.message}: {said}", llm_output=said) from error


def _is_whole(result: Sequence[Generation]) -> bool:
    """Whether this is the last state of an answer that grows: core's parsers ask about it as about all before."""
    return isinstance(result[0], ChatGeneration) and getattr(result[0].message, "chunk_position", None) == "last"


def _required(parsed: Any, result: Sequence[Generation], *, partial: bool) -> Any:
    if parsed is None and (not partial or _is_whole(result)):
        said = result[0].text
        raise OutputParserException(f"no call that can be made: {said}", llm_output=said)
    return parsed


def _by_call(model: Any, schema: Any) -> tuple[Any, BaseOutputParser[Any]]:
    name = function_of(schema)["name"]
    told = {"kwargs": {"method": "function_calling"}, "schema": schema}
    bound = model.bind_tools([schema], tool_choice=name, ls_structured_output_format=told)
    if is_basemodel_subclass(schema):
        return bound, _ObjectOfCall(tools=[schema], first_tool_only=True)
    return bound, _DictOfCall(key_name=name, first_tool_only=True)


def _by_json(model: Any, schema: Any, method: str) -> tuple[Any, BaseOutputParser[Any]]:
    form: dict[str, Any] = {"type": "json_object"}
    if method == "json_schema":
        wanted = form_of(schema)
        form = {"type": "json_schema", "json_schema": {"name": wanted.get("title", "answer"), "schema": wanted}}
    told = {"kwargs": {"method": method}, "schema": schema}
    bound = model.bind(response_format=form, ls_structured_output_format=told if schema is not None else None)
    if schema is not None and is_basemodel_subclass(schema):
        return bound, _ObjectOfJson(pydantic_object=schema)
    return bound, _DictOfJson(json_schema=dict(schema_of(form) or {}))
