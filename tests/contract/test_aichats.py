"""What only AiChats has: text events whose blanks count, bodies without events, and images."""

import pytest

from freeproviders import Prompt, Turn, errors
from freeproviders.sandbox import Scenario
from freeproviders.testing import ProviderContract
from freeproviders.testing.kit import client_of, collected, says


class TestAiChats(ProviderContract):
    provider = "aichats"
    body = {
        "type": "chat",
        "messagesHistory": [
            {
                "from": "you",
                "content": "System: Be brief.\nUser: I am Ann.\nAssistant: Hello!\nUser: Who am I?\nAssistant:",
            }
        ],
    }
    headers = {
        "Accept": "application/json, text/event-stream",
        "Origin": "https://ai-chats.org",
        "Referer": "https://ai-chats.org/chat/",
    }
    fragments = (b"data:   three\n\n", b'{"name": "Error"}')


BODIES = {
    "blanks lead in words": (b"data: Hello\n\ndata:  there\n\ndata: !\n\n", "Hello there!"),
    "no blank after the colon": (b"data:Hello\n\ndata:there\n\n", "Hellothere"),
    "only one blank is taken": (b"data:   three\n\n", "  three"),
    "a colon in the text": (b"data: a: b: c\n\n", "a: b: c"),
    "lines of one event": (b"data: one\ndata: two\ndata: \ndata: three\n\n", "one\ntwo\n\nthree"),
    "empty events": (b"data: \n\ndata: x\n\ndata:\n\n", "x"),
    "comments and other fields": (b": keep-alive\n\nid: 7\nretry: 1\ndata: x\n\n", "x"),
    "no blank line at the end": (b"data: one\n\ndata: two", "onetwo"),
    "CR line ends": (b"data: one\r\rdata: two\r\r", "onetwo"),
}


@pytest.mark.parametrize("size", [None, 1, 2, 3])
@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES)
async def test_the_blanks_of_the_text_are_kept(sandbox, body, text, size):
    sandbox.scenario = Scenario(body=body, fragment=size)
    assert await collected(client_of(sandbox, "aichats")) == text


@pytest.mark.parametrize("variant", ["multi_line", "empty_lines", "no_data_lines"])
async def test_every_form_of_the_reply_is_read(sandbox, variant):
    sandbox.scenario = says("one: two\nthree", variant=variant)
    assert await collected(client_of(sandbox, "aichats")) == "one: two\nthree"


@pytest.mark.parametrize(
    "body", ['{"name": "Error", "message": "x"}', "<html>x</html>", "[]", "event: x\nid: 1\n", " \n"]
)
async def test_a_body_that_is_no_text_is_an_empty_answer(sandbox, body):
    sandbox.scenario = Scenario(body=body)
    with pytest.raises(errors.EmptyAnswer):
        await collected(client_of(sandbox, "aichats"))


# Images.


def _image(text: str = "a cat") -> Prompt:
    return Prompt(turns=Prompt.of(text).turns, model="dalle")


async def test_an_image_is_an_address_and_no_text(sandbox):
    answer = await client_of(sandbox, "aichats").acomplete(_image())
    assert (answer.text, len(answer.images)) == ("", 1)
    assert answer.images[0].url.startswith(sandbox.image_url)
    assert (sandbox.received[-1].json["type"], sandbox.received[-1].headers["Referer"]) == (
        "image",
        "https://ai-chats.org/image/",
    )


async def test_an_image_streams_as_one_event(sandbox):
    kinds = [type(event).__name__ async for event in client_of(sandbox, "aichats").astream(_image())]
    assert kinds == ["Image", "Done"]


async def test_an_image_is_painted_after_the_newest_words(sandbox):
    turns = (
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="hello"),
        Turn(role="assistant", text="hi"),
        Turn(role="user", text="a cat"),
    )
    await client_of(sandbox, "aichats").acomplete(Prompt(turns=turns, model="dall-e"))
    assert sandbox.received[-1].json["messagesHistory"] == [{"from": "you", "content": "a cat"}]


@pytest.mark.parametrize(("variant", "kind"), [("b64", None), ("data_uri", "image/png")])
async def test_the_bytes_of_an_image_may_come_in_the_reply(sandbox, variant, kind):
    sandbox.scenario = Scenario(variant=variant)
    (image,) = (await client_of(sandbox, "aichats").acomplete(_image())).images
    assert (image.data[:4], image.mime_type) == (b"\x89PNG", kind)


NO_IMAGE = [
    '{"data": []}',
    '{"data": [{"revised_prompt": "x"}]}',
    '{"data": [{"url": ""}]}',
    '{"data": [{"url": 5}]}',
    '{"data": [{"url": "ftp://x/y.png"}]}',
    '{"data": [{"b64_json": "???"}]}',
    '{"data": [{"b64_json": "é"}]}',
    '{"data": [{"url": "data:image/png;base64,"}]}',
    '{"data": "x"}',
    '{"error": "x"}',
    "[]",
]


@pytest.mark.parametrize("body", NO_IMAGE)
async def test_a_reply_without_an_image_is_a_bad_reply(sandbox, body):
    sandbox.scenario = Scenario(body=body)
    with pytest.raises(errors.BadReply, match="no image"):
        await client_of(sandbox, "aichats").acomplete(_image())


async def test_an_image_reply_without_a_body_is_an_empty_answer(sandbox):
    sandbox.scenario = Scenario(empty=True)
    with pytest.raises(errors.EmptyAnswer):
        await client_of(sandbox, "aichats").acomplete(_image())


async def test_an_image_of_nothing_is_refused(sandbox):
    turns = (Turn(role="user", text="a cat"), Turn(role="assistant", text="here"))
    with pytest.raises(errors.UnsupportedContent):
        await client_of(sandbox, "aichats").acomplete(Prompt(turns=turns, model="dalle"))
