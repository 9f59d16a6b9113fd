"""How the words of a call become a prompt: what is known, checked and taken from the LLM itself. No calls live here."""

import asyncio
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import BaseModel

from freeproviders.errors import InvalidSetting
from freeproviders.settings import nearest
from freeproviders.wire import Prompt, Turn
from llamaindex_freeproviders.configured import Configured, renamed
from llamaindex_freeproviders.messages import to_turns
from llamaindex_freeproviders.shown_images import show_images, take_reading
from llamaindex_freeproviders.tools import choice_of, tools_of

__all__ = ["Prompting"]

# LlamaIndex's names of settings, and the core's; a call takes both.
_SPELLINGS = {"api_base": "base_url", "additional_kwargs": "extra_body"}
# What core passes with the tools; without tools it says nothing.
_TOOL_WORDS = ("tools", "tool_choice", "tool_required", "allow_parallel_tool_calls", "verbose")
_CALL_WORDS = (
    "model",
    "temperature",
    "max_tokens",
    "stop",
    "thread",
    "schema",
    "formatted",
    "stream_tool_args",
    *_TOOL_WORDS,
)
# Of which kind a word must be, where it is given. A bool is an int to Python, but never a number of tokens.
_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "model": ((str,), "the name of a model"),
    "temperature": ((int, float), "a number"),
    "max_tokens": ((int,), "a whole number"),
    "stop": ((str, list, tuple), "a text, or a list of texts"),
    "stream_tool_args": ((bool,), "True or False"),
    "tool_choice": ((str, Mapping), "auto, any, none or the name of a tool"),
    "extra_body": ((Mapping,), "a mapping"),
}


class Prompting(Configured):
    """The words of calls."""

    @property
    @abstractmethod
    def _source(self) -> str:
        """Who answers, in errors and in the pieces of a stream."""

    @property
    def _sees(self) -> bool:
        """Whether any service is shown images; a router leaves out those that are not."""
        return any(one.client.provider.sees_images for one in self._members.values())

    def _turns(self, messages: Sequence[ChatMessage]) -> tuple[Turn, ...]:
        self._check_messages(messages)
        return to_turns(messages, self._source, sees=show_images(messages) and self._sees)

    async def _aturns(self, messages: Sequence[ChatMessage]) -> tuple[Turn, ...]:
        """As ``_turns``; files are read beside the event loop."""
        self._check_messages(messages)
        sees = show_images(messages) and self._sees
        turns = partial(to_turns, messages, self._source, sees=sees)
        return await asyncio.to_thread(turns) if sees and take_reading(messages) else turns()

    def _check_messages(self, messages: Any) -> None:
        if not isinstance(messages, Sequence) or not all(isinstance(one, ChatMessage) for one in messages):
            wanted = "a chat is asked for by a list of ChatMessage; for a text there is complete"
            raise InvalidSetting(wanted, provider=self._source)

    def _asked(self, turns: tuple[Turn, ...], words: Mapping[str, Any]) -> Prompt:
        settings = renamed(words, _SPELLINGS)
        self._check_words(settings)
        call = {word: settings.pop(word, None) for word in _CALL_WORDS}
        self._warn_of(call)
        tools = tools_of(call["tools"])
        stop = self.stop if call["stop"] is None else call["stop"]
        return Prompt(
            turns=turns,
            model=call["model"] or self.model,
            temperature=self.temperature if call["temperature"] is None else call["temperature"],
            max_tokens=self.max_tokens if call["max_tokens"] is None else call["max_tokens"],
            stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
            thread=self._thread(call["thread"]),
            settings=self._call_settings({word: value for word, value in settings.items() if value is not None}),
            tools=tools,
            tool_choice=choice_of(call["tool_choice"], tools, required=bool(call["tool_required"])),
            parallel_calls=call["allow_parallel_tool_calls"] is not False,
            schema=self._schema(call["schema"]),
            partial=bool(self.stream_tool_args if call["stream_tool_args"] is None else call["stream_tool_args"]),
        )

    def _told(self, prompt: str, formatted: bool, words: Mapping[str, Any]) -> Prompt:
        if words.get("tools"):
            raise InvalidSetting("a completion has no place for calls of tools: use chat", provider=self._source)
        if not isinstance(prompt, str):
            raise InvalidSetting("a completion is asked for by a text; use chat for messages", provider=self._source)
        text = prompt if formatted or self.completion_to_prompt is None else self.completion_to_prompt(prompt)
        return self._asked(self._turns([ChatMessage(content=text)]), words)

    def _check_words(self, words: Mapping[str, Any]) -> None:
        if further := words.keys() - _CALL_WORDS:
            self._check_settings(further)
        for word in (word for word in words if word in _KINDS):
            kinds, wanted = _KINDS[word]
            if not _fits(words[word], kinds):
                raise InvalidSetting(f"{word} must be {wanted}", provider=self._source)

    def _check_settings(self, words: Collection[str]) -> None:
        settings = {name for one in self._members.values() for name in one.service.setting_names()}
        secrets = self.secrets
        known = {*_CALL_WORDS, *settings} - secrets
        for word in set(words) - known:
            if word in secrets:
                raise InvalidSetting(
                    f"{word} would show in LlamaIndex's events as an argument of a call: give it to the constructor, "
                    f"or use llm.model_copy(update={{{word!r}: ...}})",
                    provider=self._source,
                )
            raise InvalidSetting(f"unknown argument {word!r} of a call.{nearest(word, known)}", provider=self._source)

    def _call_settings(self, words: dict[str, Any]) -> Mapping[str, Any]:
        """The settings of a service that a call has, as the service takes them."""
        return words

    def _thread(self, thread: Any) -> Mapping[str, Any] | None:
        if thread is None:
            return None
        if not isinstance(thread, Mapping):
            raise InvalidSetting('thread must be {} or the raw["thread"] of an answer', provider=self._source)
        return deepcopy(dict(thread))

    def _schema(self, schema: Any) -> Mapping[str, Any] | None:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            return schema.model_json_schema()
        if schema is None or isinstance(schema, Mapping):
            return schema
        raise InvalidSetting("schema must be a JSON Schema or a class of pydantic", provider=self._source)

    # Where a form is asked for by the protocol.

    def _forms_natively(self, schema: Mapping[str, Any], words: Mapping[str, Any]) -> bool:
        """Whether all who may answer are told of a form as data, with the settings that this call has."""
        settings, prompt = renamed(words, _SPELLINGS), Prompt(turns=(), schema=schema)
        for one in self._members.values():
            provider = one.client.provider
            own = {name: settings[name] for name in provider.setting_names() if name in settings}
            if not provider.with_settings(own).native(prompt):
                return False
        return True


def _fits(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, list | tuple) and list in kinds:
        return all(isinstance(item, str) for item in value)
    return value is None or (isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds))
