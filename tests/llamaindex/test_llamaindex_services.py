"""What one service alone can do: Pi's archive, AiChats' images, Yqcloud's text without line ends."""

import asyncio
import json
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage

from freeproviders import errors
from freeproviders.sandbox import Sandbox, Scenario
from llamaindex_freeproviders import AiChats, Pi, Pizzagpt

QUESTION = [ChatMessage(content="a red boat")]


async def test_yqclouds_first_words_come_before_the_rest_is_written(yqcloud: Any, sandbox: Sandbox) -> None:
    sandbox.script(Scenario(pieces=("one ", "two ", "three"), hold_after=1))
    stream = await yqcloud.astream_chat([ChatMessage(content="Count.")])
    assert (await anext(stream)).delta == "one "
    assert sandbox.received[-1].outcome == "open"
    sandbox.release()
    assert [piece async for piece in stream][-1].message.content == "one two three"


def test_and_so_they_do_in_a_blocking_stream(yqcloud: Any, sandbox: Sandbox) -> None:
    sandbox.script(Scenario(pieces=("one ", "two ", "three"), hold_after=1))
    stream = yqcloud.stream_complete("Count.")
    assert next(stream).delta == "one "
    sandbox.release()
    assert list(stream)[-1].text == "one two three"


class TestPi:
    @pytest.fixture
    def pi(self, make: Any) -> Pi:
        return make(Pi)

    def test_gives_the_history_of_a_thread(self, pi: Pi) -> None:
        thread = pi.complete("My name is Zora.", thread={}).raw["thread"]
        messages = pi.history(thread)
        assert "My name is Zora." in [message["text"] for message in messages]
        assert asyncio.run(pi.ahistory(thread)) == messages

    async def test_speaks_an_answer(self, pi: Pi) -> None:
        answer = await pi.achat([ChatMessage(content="Hello.")], thread={})
        spoken = pi.voice(answer)
        assert spoken[1].startswith("audio/")
        assert spoken == await pi.avoice(answer.raw, voice="voice1")

    def test_speaks_no_answer_outside_a_thread(self, pi: Pi) -> None:
        with pytest.raises(errors.InvalidSetting, match="thread"):
            pi.voice(pi.complete("Hello."))


class TestImages:
    @pytest.fixture
    def painter(self, make: Any) -> Any:
        return lambda **words: make(AiChats, model="dalle", **words)

    @pytest.mark.parametrize("way", ["chat", "stream_chat"])
    def test_as_links_nothing_is_fetched(self, painter: Any, sandbox: Sandbox, way: str) -> None:
        result = getattr(painter(image_format="url"), way)(QUESTION)
        response = result if way == "chat" else list(result)[-1]
        (url,) = response.raw["image_urls"]
        assert response.message.content == f"![image]({url})"
        assert response.message.additional_kwargs == response.additional_kwargs == {"image_urls": [url]}
        assert len(response.message.blocks) == 1
        assert sandbox.received_images == []

    def test_a_completion_fetches_nothing_as_it_has_no_place_for_it(self, painter: Any, sandbox: Sandbox) -> None:
        response = painter().complete("a red boat")
        assert response.additional_kwargs["image_urls"][0] in response.text
        assert sandbox.received_images == []

    def test_bytes_are_fetched_without_cookies_and_origin(self, painter: Any, sandbox: Sandbox) -> None:
        painter(cookies={"session": "s3cret"}).chat(QUESTION)
        (request,) = sandbox.received_images
        assert not request.cookies
        assert "Origin" not in request.headers

    @pytest.mark.parametrize("image_format", ["url", "bytes"])
    def test_bytes_that_came_at_once_are_kept_either_way(
        self, painter: Any, sandbox: Sandbox, image_format: str
    ) -> None:
        sandbox.script(Scenario(variant="b64"))
        text, image = painter(image_format=image_format).chat(QUESTION).message.blocks
        assert "generated image" in text.text
        assert image.image_mimetype == "image/png"

    async def test_a_link_that_is_gone_is_an_error(self, painter: Any, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(on="image", status=404)
        with pytest.raises(errors.RequestRejected, match="expire"):
            await painter().achat(QUESTION)


def test_citations_are_in_the_raw_answer(make: Any, sandbox: Sandbox) -> None:
    answer = {"content": "Tea.", "citations": ["https://tea.example"]}
    sandbox.script(Scenario(body=json.dumps(answer)))
    assert make(Pizzagpt).complete("What?").raw["citations"] == ["https://tea.example"]
