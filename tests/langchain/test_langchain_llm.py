"""The string model: the four ways to call it, callbacks, images as a line of text."""

import pytest

from freeproviders import errors
from freeproviders.sandbox import Scenario
from langchain_freeproviders import FreeProviderLLM

HELLO = "say exactly: Hällo wörld 👋"
ANSWER = "Hällo wörld 👋"


@pytest.fixture(params=["pi", "pizzagpt", "aichats", "yqcloud", "flowgpt"])
def llm(request, sandbox):
    return FreeProviderLLM(provider=request.param, base_url=sandbox.url(request.param))


def test_blocking_calls_agree(llm):
    assert llm.invoke(HELLO) == "".join(llm.stream(HELLO)) == ANSWER


async def test_awaited_calls_agree(llm):
    assert await llm.ainvoke(HELLO) == "".join([text async for text in llm.astream(HELLO)]) == ANSWER


def test_batches_keep_their_order(llm):
    assert llm.batch([f"what is {n}*3?" for n in range(5)]) == ["0", "3", "6", "9", "12"]


def test_stop_sequences_are_honoured(llm):
    assert llm.invoke(HELLO, stop=["w"]) == "Hällo "


def test_an_image_becomes_a_line_of_text(sandbox):
    llm = FreeProviderLLM(provider="aichats", model="dalle", base_url=sandbox.url("aichats"))
    assert llm.invoke("a cat").startswith(f"![image 1]({sandbox.image_url}")
    assert "".join(llm.stream("a cat")).startswith(f"![image 1]({sandbox.image_url}")


def test_a_notice_is_an_error(sandbox):
    sandbox.scenario = Scenario(variant="ban")
    with pytest.raises(errors.Blocked):
        FreeProviderLLM(provider="yqcloud", base_url=sandbox.url("yqcloud")).invoke("hi")


def test_identity_tells_the_provider_apart(llm):
    assert (llm._llm_type, llm._identifying_params["provider"]) == (f"freeproviders-{llm.provider}", llm.provider)
