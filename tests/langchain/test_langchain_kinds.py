"""Words of the wrong kind are told by an error that says what to write, wherever they are given."""

import pytest

from freeproviders import Client, errors
from langchain_freeproviders import (
    ChatFreeProvider,
    ChatFreeRouter,
    ChatOpenAICompatible,
    ChatYqcloud,
    FreeProviderLLM,
    init_free_chat_model,
)

KINDS = pytest.mark.parametrize("cls", [ChatYqcloud, ChatOpenAICompatible], ids=lambda cls: cls.provider_name)


@KINDS
@pytest.mark.parametrize(
    ("word", "value", "hint"),
    [
        ("proxy", 5, "the URL of a proxy"),
        ("timeout", "x", "a number of seconds"),
        ("timeout", True, "a number of seconds"),
        ("max_retries", "x", "a whole number"),
        ("model", 5, "the name of a model"),
        ("model_kwargs", 5, "a mapping"),
        ("temperature", "x", "a number"),
        ("max_tokens", "x", "a whole number"),
        ("stop", 5, "a list of texts"),
        ("stop", [5], "a list of texts"),
    ],
)
def test_in_a_copy_with_changes(sandbox, cls, word, value, hint):
    copied = cls(base_url=sandbox.url(cls.provider_name)).model_copy(update={word: value})
    with pytest.raises(errors.InvalidSetting, match=f"{word} must be {hint}"):
        copied.invoke("hi")
    assert not sandbox.received


@KINDS
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ({"temperature": "x"}, "a number"),
        ({"max_tokens": [1]}, "a whole number"),
        ({"stop": 5}, "a list of texts"),
        ({"stop": [5]}, "a list of texts"),
        ({"model": 5}, "the name of a model"),
        ({"model_kwargs": 5}, "a mapping"),
        ({"tools": 5}, "a list of tools"),
        ({"thread": 5}, "thread must be"),
        ({"response_format": {"type": "json_schema"}}, 'needs {"json_schema"'),
        ({"response_format": {"type": "json_schema", "json_schema": 5}}, 'needs {"json_schema"'),
    ],
)
@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_in_a_call(sandbox, cls, words, hint, way):
    chat = cls(base_url=sandbox.url(cls.provider_name))
    with pytest.raises(errors.InvalidSetting, match=hint):
        _ = chat.invoke("hi", **words) if way == "invoke" else list(chat.stream("hi", **words))
    assert not sandbox.received


def test_one_stop_sequence_may_be_a_text(yqcloud):
    assert yqcloud().invoke("Say exactly: one two three", stop=" two").text == "one"


def test_tools_that_are_no_list(yqcloud):
    with pytest.raises(errors.InvalidSetting, match="tools must be a list of tools, not a int"):
        yqcloud().bind_tools(5)


@pytest.mark.parametrize("kind", [ChatFreeProvider, FreeProviderLLM])
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ({"provider": 5}, "the name of a provider"),
        ({"provider": None}, "unknown provider"),
        ({"provider": "pi", "settings": 5}, "a mapping of names to values"),
    ],
)
def test_of_any_provider(kind, words, hint):
    with pytest.raises(errors.InvalidSetting, match=hint):
        kind(**words)


@pytest.mark.parametrize(("words", "hint"), [({"model": 5}, "model must be"), ({"model": None}, "unknown provider")])
def test_of_one_word(words, hint):
    with pytest.raises(errors.InvalidSetting, match=hint):
        init_free_chat_model(**words)


@pytest.mark.parametrize(
    ("candidates", "hint"),
    [
        (5, "a list of chat models"),
        ("yqcloud", "a list of chat models"),
        ([5], "a chat model of this package .* not a int"),
        ([Client("pi")], "a chat model of this package .* not a Client"),
        ([FreeProviderLLM(provider="pi")], "a chat model of this package .* not a FreeProviderLLM"),
        ([], "at least one candidate"),
    ],
)
def test_of_a_router(candidates, hint):
    with pytest.raises(errors.InvalidSetting, match=hint):
        ChatFreeRouter(candidates=candidates)


@pytest.mark.parametrize(
    ("word", "value", "hint"),
    [
        ("candidates", ["pi", 5], "a chat model of this package"),
        ("timeout", "x", "a number of seconds"),
        ("max_retries", "x", "a whole number"),
    ],
)
def test_of_a_changed_router(word, value, hint):
    with pytest.raises(errors.InvalidSetting, match=hint):
        ChatFreeRouter(candidates=["pi"]).model_copy(update={word: value}).invoke("hi")
