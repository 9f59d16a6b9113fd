"""Values of the wrong kind: told as such where they are given, by the constructor, a copy or a call."""

import pickle
from typing import Any

import pytest
from kit.toolbox import ADD
from llama_index.core.bridge.pydantic import ValidationError
from llama_index.core.llms import ChatMessage

from freeproviders import Client, errors
from freeproviders.candidates import Candidate
from freeproviders.sandbox import Sandbox
from llamaindex_freeproviders import FreeProvider, FreeRouter, Yqcloud

HELLO = [ChatMessage(content="Hello.")]
OF_A_MODEL = {
    "proxy": 5,
    "timeout": "x",
    "max_retries": "x",
    "stop": 5,
    "limits": 5,
    "models": 5,
    "cookies": 5,
    "default_headers": 5,
    "temperature": "x",
    "max_tokens": "x",
    "context_window": "x",
    "prompt_cap": "x",
    "model": 5,
    "extra_query": 5,
    "additional_kwargs": 5,
    "image_format": "x",
    "network": "x",
}
OF_A_CALL = {
    "model": 5,
    "temperature": "x",
    "max_tokens": True,
    "stop": 5,
    "thread": 5,
    "schema": 5,
    "tools": 5,
    "tool_choice": 5,
    "stream_tool_args": "x",
    "prompt_cap": "x",
    "extra_body": 5,
    "network": "x",
}
OF_A_ROUTER: list[dict[str, Any]] = [
    {},
    {"candidates": 5},
    {"candidates": None},
    {"candidates": "yqcloud"},
    {"candidates": {"yqcloud": 1}},
    {"candidates": []},
    {"candidates": [5]},
    {"candidates": [None]},
    {"candidates": [Client]},
    {"candidates": [{"class_name": []}]},
    {"candidates": ["yqcluod"]},
    {"candidates": ["yqcloud"], "weights": 5},
    {"candidates": ["yqcloud"], "weights": ["x"]},
    {"candidates": ["yqcloud"], "breaker": 5},
    {"candidates": ["yqcloud"], "hedge_after": "x"},
    {"candidates": ["yqcloud"], "timeout": "x"},
    {"candidates": ["yqcloud"], "checked": 5},
    {"candidates": ["yqcloud"], "state": 5},
]
OF_A_PROVIDER: list[dict[str, Any]] = [
    {"provider": 5},
    {"provider": None},
    {"provider": ["pi"]},
    {"provider": "groq", "settings": 5},
    {"provider": "groq", "settings": {"api_key": "s3cret"}},
    {"provider": "groq", "tool_mode": 5},
]
CLEAR = (errors.InvalidSetting, ValidationError)


@pytest.mark.parametrize("word", OF_A_MODEL)
def test_a_constructor_names_the_wrong_word(word: str) -> None:
    with pytest.raises(CLEAR, match=word):
        Yqcloud(**{word: OF_A_MODEL[word]})


@pytest.mark.parametrize("word", OF_A_MODEL)
def test_a_copy_names_the_wrong_word_and_leaves_the_llm_as_it_was(yqcloud: Any, word: str) -> None:
    before = pickle.dumps(yqcloud.to_dict())
    with pytest.raises(CLEAR, match=word):
        yqcloud.model_copy(update={word: OF_A_MODEL[word]})
    assert pickle.dumps(yqcloud.to_dict()) == before


def test_a_copy_takes_what_the_constructor_takes(yqcloud: Any, sandbox: Sandbox) -> None:
    twin = yqcloud.model_copy(update={"stop": "four", "timeout": "7", "base_url": sandbox.url("yqcloud")})
    assert (twin.stop, twin.timeout) == (["four"], 7.0)
    assert "four" not in twin.complete("Count to twelve.").text


@pytest.mark.parametrize("word", OF_A_CALL)
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
def test_a_call_names_the_wrong_word(yqcloud: Any, sandbox: Sandbox, name: str, word: str) -> None:
    with pytest.raises(errors.InvalidSetting, match=word):
        _ = list(getattr(yqcloud, name)(HELLO, **{word: OF_A_CALL[word]}))
    assert sandbox.received == []


@pytest.mark.parametrize("tools", [[5], {"add": ADD}, "add", [{"parameters": {}}], [{"function": 5}]])
def test_a_tool_must_be_one(yqcloud: Any, tools: Any) -> None:
    with pytest.raises(errors.InvalidSetting, match="tool"):
        yqcloud.chat(HELLO, tools=tools)


@pytest.mark.parametrize("prompt", [5, None, ["Hello."], HELLO])
def test_a_completion_is_asked_for_by_a_text(yqcloud: Any, prompt: Any) -> None:
    with pytest.raises(errors.InvalidSetting, match="by a text"):
        yqcloud.complete(prompt)


@pytest.mark.parametrize("words", OF_A_ROUTER, ids=str)
def test_a_router_names_the_wrong_word(words: dict[str, Any]) -> None:
    with pytest.raises(CLEAR, match=r"candidate|provider|weights|breaker|hedge_after|timeout|checked|state"):
        FreeRouter(**words)


def test_a_candidate_of_the_core_is_none_here(sandbox: Sandbox) -> None:
    core = Candidate(client=Client("yqcloud", base_url=sandbox.url("yqcloud")))
    with pytest.raises(errors.InvalidSetting, match="a candidate must be an LLM"):
        FreeRouter(candidates=[core])


@pytest.mark.parametrize("words", OF_A_PROVIDER, ids=str)
def test_a_provider_by_name_names_the_wrong_word(words: dict[str, Any]) -> None:
    with pytest.raises(CLEAR, match=r"provider|settings|tool_mode") as raised:
        FreeProvider(**words)
    assert "s3cret" not in str(raised.value)
