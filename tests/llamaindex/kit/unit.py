"""What an LLM promises without a server: class, metadata, words, copies, dumps."""

import asyncio
import copy
import json
import pickle
from contextlib import nullcontext
from typing import Any

import pytest
from llama_index.core import Settings
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.callbacks import CallbackManager
from llama_index.core.llms import LLM, ChatMessage, ChatResponse
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.prompts import PromptTemplate
from llama_index.core.rate_limiter import TokenBucketRateLimiter
from llama_index.core.types import PydanticProgramMode

from kit.described import Described

TAKEN = {"base_component", "base_llm", "custom_llm", "openai_llm", "OpenAILike", "Ollama_llm", "litellm_llm"}
COPIES = {
    "pickle": lambda llm: pickle.loads(pickle.dumps(llm)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "model_copy": lambda llm: llm.model_copy(),
}
FROM_DUMP = {
    "to_dict": lambda llm: type(llm).from_dict(llm.to_dict()),
    "to_json": lambda llm: type(llm).from_json(llm.to_json()),
}


class LLMUnitTests(Described):
    def test_is_a_function_calling_llm(self) -> None:
        assert issubclass(self.llm_class, FunctionCallingLLM)

    def test_class_name_is_its_own_and_the_same_on_the_instance(self, llm: LLM) -> None:
        assert self.llm_class.class_name() not in TAKEN
        assert llm.class_name() == self.llm_class.class_name() == llm.to_dict()["class_name"]

    def test_metadata_is_a_chat_models_and_not_the_defaults_of_core(self, llm: LLM) -> None:
        metadata = llm.metadata
        assert metadata.is_chat_model
        assert metadata.is_function_calling_model == self.supports_function_calling
        assert metadata.model_name != "unknown"
        assert metadata.context_window >= 512

    @pytest.mark.parametrize("told", [True, False])
    def test_metadata_says_of_function_calling_what_the_constructor_was_told(self, told: bool) -> None:
        self.need(self.supports_function_calling, "supports_function_calling")
        llm = self.make(is_function_calling_model=told)
        assert llm.metadata.is_function_calling_model is told
        assert type(llm).from_dict(llm.to_dict()).metadata.is_function_calling_model is told

    def test_max_tokens_is_what_core_reserves_for_the_answer(self) -> None:
        with pytest.warns(UserWarning, match="max_tokens") if "max_tokens" in self.ignored_words else nullcontext():
            assert self.make(max_tokens=77).metadata.num_output == 77
        assert self.make().metadata.num_output == -1

    def test_an_ignored_word_is_reported_where_it_was_written(self) -> None:
        for word in self.ignored_words:
            with pytest.warns(UserWarning, match=word) as reports:
                self.llm_class(**{**self.llm_params, word: 1})
            assert [report.filename for report in reports] == [__file__]

    def test_context_window_is_the_users_to_set(self) -> None:
        assert self.make(context_window=2000).metadata.context_window == 2000

    def test_takes_the_words_of_core(self) -> None:
        manager, limiter = CallbackManager(), object()
        llm = self.make(
            system_prompt="Be brief.",
            messages_to_prompt=_messages_to_prompt,
            completion_to_prompt=_completion_to_prompt,
            pydantic_program_mode=PydanticProgramMode.LLM,
            output_parser=None,
            callback_manager=manager,
            rate_limiter=limiter,
        )
        assert (llm.callback_manager, llm.rate_limiter) == (manager, limiter)
        assert (llm.system_prompt, llm.pydantic_program_mode) == ("Be brief.", PydanticProgramMode.LLM)
        assert llm.messages_to_prompt is _messages_to_prompt
        assert llm.completion_to_prompt is _completion_to_prompt

    def test_an_unknown_word_is_an_error_that_names_the_nearest(self) -> None:
        error = self.need(self.unknown_word_error, "unknown_word_error")
        with pytest.raises(error, match="'model'"):
            self.make(modle="x")

    def test_shows_its_settings(self) -> None:
        llm = self.make(**self.settings)
        assert {name: getattr(llm, name) for name in self.settings} == self.settings

    @pytest.mark.parametrize("way", COPIES)
    def test_a_copy_has_the_same_settings(self, way: str) -> None:
        llm = self.make(**self.settings, **self.secrets)
        twin = COPIES[way](llm)
        assert _values(twin) == _values(llm)

    @pytest.mark.parametrize("way", COPIES)
    def test_a_copy_with_a_lambda_and_a_handler_still_works(self, way: str) -> None:
        llm = self.make(completion_to_prompt=lambda text: text)
        assert COPIES[way](llm).completion_to_prompt("as it is") == "as it is"

    def test_a_deep_copy_shares_what_counts_for_all_copies(self) -> None:
        limiter = TokenBucketRateLimiter(requests_per_minute=60)
        llm = self.make(rate_limiter=limiter)
        assert copy.deepcopy(llm).rate_limiter is limiter
        assert copy.deepcopy([llm])[0].callback_manager is llm.callback_manager
        assert pickle.loads(pickle.dumps(llm)).rate_limiter is None

    def test_a_copy_is_changed_alone(self) -> None:
        llm = self.make()
        assert llm.model_copy(update={"context_window": 2000}).metadata.context_window == 2000
        assert llm.metadata.context_window == self.make().metadata.context_window

    @pytest.mark.parametrize("way", FROM_DUMP)
    def test_a_dump_gives_the_same_llm(self, way: str) -> None:
        llm = self.make(**self.settings)
        assert FROM_DUMP[way](llm).to_dict() == llm.to_dict()

    def test_a_dump_is_not_changed_by_reading_it(self) -> None:
        dump = self.make(**self.settings).to_dict()
        before = copy.deepcopy(dump)
        self.llm_class.from_dict(dump)
        assert dump == before

    def test_no_dump_shows_a_secret(self) -> None:
        llm = self.make(**self.secrets)
        dumps = [repr(llm), str(llm), llm.to_json(), llm.model_dump_json(), json.dumps(llm.to_payload(), default=str)]
        dumps += [repr(llm.to_dict()), repr(llm.model_dump()), repr(llm.metadata)]
        assert [text for text in self.secret_texts if any(text in dump for dump in dumps)] == []

    def test_callback_manager_can_be_reassigned(self, llm: LLM) -> None:
        """Core does so whenever a synthesizer is built."""
        llm.callback_manager = manager = CallbackManager()
        assert llm.callback_manager is manager

    def test_can_be_the_llm_of_the_settings(self, llm: LLM) -> None:
        before = Settings._llm
        try:
            Settings.llm = llm
            assert Settings.llm is llm
        finally:
            Settings._llm = before

    def test_is_built_in_a_running_loop_too(self) -> None:
        async def build() -> LLM:
            return self.make()

        assert asyncio.run(build()).metadata == self.make().metadata

    def test_preparing_without_tools_copies_the_history(self, llm: Any) -> None:
        history = [ChatMessage(content="Hello.")]
        prepared = llm._prepare_chat_with_tools([], user_msg="And?", chat_history=history)
        assert [message.content for message in prepared["messages"]] == ["Hello.", "And?"]
        assert len(history) == 1

    def test_preparing_without_tools_takes_a_message_or_none(self, llm: Any) -> None:
        asked = llm._prepare_chat_with_tools([], user_msg=ChatMessage(content="And?"))
        assert [message.content for message in asked["messages"]] == ["And?"]
        assert llm._prepare_chat_with_tools([], chat_history=None)["messages"] == []

    def test_an_answer_without_a_tool_call_has_none(self, llm: Any) -> None:
        response = ChatResponse(message=ChatMessage(role="assistant", content="Hello."))
        assert llm.get_tool_calls_from_response(response, error_on_no_tool_call=False) == []
        with pytest.raises(ValueError, match="tool call"):
            llm.get_tool_calls_from_response(response)

    def test_calls_of_another_llms_answer_are_read_too(self, llm: Any) -> None:
        """Core gives histories and answers of one LLM to another; their ids and arguments may be missing or text."""
        given = {"add": {"a": 1}, "text": '{"a": 1}', "now": ""}
        blocks = [ToolCallBlock(tool_name=name, tool_kwargs=kwargs) for name, kwargs in given.items()]
        response = ChatResponse(message=ChatMessage(role="assistant", blocks=blocks))
        calls = llm.get_tool_calls_from_response(response)
        assert [(call.tool_name, call.tool_kwargs) for call in calls] == [
            ("add", {"a": 1}),
            ("text", {"a": 1}),
            ("now", {}),
        ]

    def test_a_prompt_template_can_be_formatted_for_it(self, llm: LLM) -> None:
        assert PromptTemplate("Tell of {it}.").format(llm=llm, it="tea") == "Tell of tea."


def _messages_to_prompt(messages: Any) -> str:
    return str(messages)


def _completion_to_prompt(completion: str) -> str:
    return completion


def _values(llm: LLM) -> dict[str, Any]:
    """All it was made of; LLMs among that are compared by what they are made of themselves."""
    values = {name: getattr(llm, name) for name in type(llm).model_fields if name != "callback_manager"}
    return {name: list(map(_values, value)) if _are_llms(value) else value for name, value in values.items()}


def _are_llms(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, LLM) for item in value)
