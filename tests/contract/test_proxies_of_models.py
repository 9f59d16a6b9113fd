"""``proxy=`` of the LangChain models and the LlamaIndex LLMs: used, and never shown."""

import asyncio
import logging
import pickle

import pytest

import langchain_freeproviders
import llamaindex_freeproviders
from freeproviders import errors, providers
from freeproviders.testing.kit import ANSWER
from freeproviders.testing.proxy_servers import KINDS, LOGIN, USERINFO, address_of, running

CHATS = {
    one.provider_name: one
    for one in (getattr(langchain_freeproviders, f"Chat{title}") for title in ("Pi", "Pizzagpt", "AiChats", "Yqcloud"))
}
CHATS["flowgpt"] = langchain_freeproviders.ChatFlowGpt
LLMS = {
    "pi": llamaindex_freeproviders.Pi,
    "pizzagpt": llamaindex_freeproviders.Pizzagpt,
    "aichats": llamaindex_freeproviders.AiChats,
    "yqcloud": llamaindex_freeproviders.Yqcloud,
    "flowgpt": llamaindex_freeproviders.FlowGpt,
}

every_kind = pytest.mark.parametrize("scheme", KINDS)
every_provider = pytest.mark.parametrize("name", CHATS)


def test_all_models_are_tried():
    assert sorted(CHATS) == sorted(LLMS) == sorted(providers.names())


@every_kind
@every_provider
def test_a_chat_model_goes_through_its_proxy(sandbox, name, scheme, caplog):
    caplog.set_level(logging.DEBUG)
    with running(sandbox, scheme, login=LOGIN) as (proxy, url):
        chat = CHATS[name](base_url=address_of(sandbox, scheme, name), proxy=url)
        assert chat.invoke("hello").content == ANSWER
        assert "".join(chunk.content for chunk in chat.stream("hello")) == ANSWER
        assert asyncio.run(chat.ainvoke("hello")).content == ANSWER
        assert pickle.loads(pickle.dumps(chat)).invoke("hello").content == ANSWER
    assert proxy.seen
    shown = f"{chat!r} {chat} {chat.model_dump()} {chat.model_dump_json()} {caplog.text}"
    assert USERINFO not in shown
    assert LOGIN[1] not in shown


@every_kind
@every_provider
def test_an_llm_goes_through_its_proxy(sandbox, name, scheme, caplog):
    caplog.set_level(logging.DEBUG)
    with running(sandbox, scheme, login=LOGIN) as (proxy, url):
        llm = LLMS[name](api_base=address_of(sandbox, scheme, name), proxy=url)
        assert llm.complete("hello").text == ANSWER
        assert list(llm.stream_complete("hello"))[-1].text == ANSWER
        assert asyncio.run(llm.acomplete("hello")).text == ANSWER
    assert proxy.seen
    shown = f"{llm!r} {llm} {llm.to_dict()} {llm.to_json()} {llm.metadata} {caplog.text}"
    assert USERINFO not in shown
    assert LOGIN[1] not in shown


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_wrong_login_is_told_without_the_password(sandbox, scheme):
    with running(sandbox, scheme, login=LOGIN) as (_, url):
        words = {"proxy": url.replace(USERINFO, "user:nterzwei"), "max_retries": 0}
        where = address_of(sandbox, scheme, "yqcloud")
        for ask in (
            CHATS["yqcloud"](base_url=where, **words).invoke,
            LLMS["yqcloud"](api_base=where, **words).complete,
        ):
            with pytest.raises(errors.ProviderError) as raised:
                ask("hello")
            assert "nterzwei" not in f"{raised.value!r} {raised.value}"
