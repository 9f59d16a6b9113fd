"""Simulated AiChats and its image host keep to the wire page."""

from __future__ import annotations

import asyncio
import base64
import struct
import zlib

import pytest

from freeproviders.sandbox import Scenario
from freeproviders.sandbox.pictures import OVERSIZE

TALK = Scenario(pieces=("Hello", " there", "!"))


async def picture(calls, variant=None, prompt="a red cat"):
    reply = await calls.aichats(Scenario(variant=variant) if variant else None, kind="image", text=prompt)
    return reply.json["data"][0]["url"]


async def fetch(calls, url, scenario=None):
    return await calls.send("GET", url, {}, None, scenario)


def pixels(png):
    """Width, height and decoded rows of an 8 bit RGB picture."""
    at, packed, size = 8, b"", (0, 0)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        size = struct.unpack(">II", data[:8]) if kind == b"IHDR" else size
        packed += data if kind == b"IDAT" else b""
        at += 12 + length
    return *size, zlib.decompress(packed)


async def test_the_spacing_is_exact(calls):
    assert (await calls.aichats(TALK)).text == "data: Hello\n\ndata:  there\n\ndata: !\n\n"


@pytest.mark.parametrize("variant", [None, "multi_line"])
async def test_a_newline_splits_the_data_lines_of_one_event(calls, variant):
    scenario = Scenario(pieces=("a\nb", "\n", "c: d"), variant=variant)
    assert (await calls.aichats(scenario)).text == "data: a\ndata: b\n\ndata: \ndata: \n\ndata: c: d\n\n"


async def test_empty_data_lines_come_between_the_pieces(calls):
    scenario = Scenario(pieces=("a", "b"), variant="empty_lines")
    assert (await calls.aichats(scenario)).text == "data: \n\ndata: a\n\ndata: \n\ndata: b\n\n"


async def test_the_body_may_have_no_data_lines(calls):
    assert (await calls.aichats(Scenario(answer="Hello there", variant="no_data_lines"))).text == "Hello there"


async def test_an_image_is_an_address_on_another_origin(sandbox, calls):
    url = await picture(calls)
    assert url.startswith(sandbox.image_url + "/img/")
    assert sandbox.image_url != sandbox.url()


async def test_the_picture_is_a_real_png(calls):
    reply = await fetch(calls, await picture(calls))
    width, height, rows = pixels(reply.body)
    assert (reply.headers["Content-Type"], width, height, len(rows)) == ("image/png", 256, 256, 256 * (1 + 256 * 3))


async def test_the_prompt_decides_the_picture(calls):
    prompts = ("a red cat", "a red cat", "a blue dog")
    same, again, other = [(await fetch(calls, await picture(calls, prompt=prompt))).body for prompt in prompts]
    assert same == again != other


async def test_a_jpeg_says_so(calls):
    url = await picture(calls, "jpeg")
    reply = await fetch(calls, url)
    assert (url[-4:], reply.headers["Content-Type"]) == (".jpg", "image/jpeg")
    assert reply.body.startswith(b"\xff\xd8\xff")
    assert reply.body.endswith(b"\xff\xd9")


async def test_an_image_may_lack_its_address(calls):
    reply = await calls.aichats(Scenario(variant="no_url"), kind="image")
    assert "url" not in reply.json["data"][0]


async def test_an_image_list_may_be_empty(calls):
    assert (await calls.aichats(Scenario(variant="empty_list"), kind="image")).json["data"] == []


async def test_an_image_may_come_as_base64(calls):
    reply = await calls.aichats(Scenario(variant="b64"), kind="image")
    assert base64.b64decode(reply.json["data"][0]["b64_json"]).startswith(b"\x89PNG")


async def test_an_image_may_come_as_a_data_uri(calls):
    assert (await picture(calls, "data_uri")).startswith("data:image/png;base64,iVBOR")


async def test_an_oversized_image_announces_and_sends_64_mib(calls):
    url = await picture(calls, "oversized")
    async with calls.session.get(url) as response:
        assert response.content_length == OVERSIZE == 64 * 1024 * 1024
        assert sum([len(part) async for part in response.content.iter_any()]) == OVERSIZE


async def test_an_oversized_image_may_be_left_early(sandbox, calls):
    async with calls.session.get(await picture(calls, "oversized")) as response:
        await response.content.readany()
        response.close()
    assert await asyncio.to_thread(sandbox.received_images[0].wait_closed, 5) == "client closed"


@pytest.mark.parametrize(
    ("variant", "status", "kind"), [("expired", 403, "application/xml"), ("not_an_image", 200, "text/html")]
)
async def test_an_address_may_be_dead(calls, variant, status, kind):
    reply = await fetch(calls, await picture(calls, variant))
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (status, kind)


async def test_an_address_may_redirect_to_a_private_network(calls):
    reply = await fetch(calls, await picture(calls, "redirect_private"))
    assert (reply.status, reply.headers["Location"]) == (302, "http://10.0.0.1/x")


async def test_downloads_are_recorded_apart(sandbox, calls):
    url = await picture(calls)
    await fetch(calls, url)
    assert [(item.endpoint, "origin" in item.headers) for item in sandbox.received_images] == [("image", False)]
    assert len(sandbox.received) == 1


async def test_a_scenario_may_be_for_downloads(sandbox, calls):
    sandbox.script(Scenario(on="image", status=503))
    assert (await fetch(calls, await picture(calls))).status == 503


async def test_an_unknown_picture_is_not_found(sandbox, calls):
    assert (await fetch(calls, sandbox.image_url + "/img/99.png")).status == 404


async def test_an_image_request_reaches_no_brain_but_is_recorded(sandbox, calls):
    await picture(calls, prompt="a red cat")
    question = sandbox.received[0].question
    assert (question.wants_image, question.text) == (True, "a red cat")


@pytest.mark.parametrize(("kind", "variant"), [("chat", "jpeg"), ("image", "empty_lines")])
async def test_a_variant_of_the_other_type_is_refused(calls, kind, variant):
    assert (await calls.aichats(Scenario(variant=variant), kind=kind)).status == 400


@pytest.mark.parametrize(("cookie", "status"), [(None, 403), ("ai-chat-front=0123", 200)])
async def test_cookies_can_be_required(sandbox, calls, cookie, status):
    sandbox.settings.aichats_cookies_required = True
    reply = await calls.aichats(headers={"Cookie": cookie})
    assert (reply.status, "Just a moment" in reply.text) == (status, status == 403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "*/*"}, 406),
        ({"Origin": None}, 403),
        ({"Referer": "https://ai-chats.org/image/"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_a_wrong_header_is_refused(calls, headers, status):
    assert (await calls.aichats(headers=headers)).status == status


@pytest.mark.parametrize(
    "body",
    [
        {"type": "video"},
        {"messagesHistory": []},
        {"messagesHistory": "hello"},
        {"messagesHistory": [{"from": "bot", "content": "x"}]},
        {"messagesHistory": [{"from": "you", "content": 1}]},
        {"messagesHistory": [{"from": "you", "content": ""}]},
        {"messagesHistory": [{"from": "you", "content": "x", "id": "1"}]},
        {"extra": 1},
    ],
)
async def test_a_wrong_field_is_refused(calls, body):
    reply = await calls.aichats(**body)
    assert (reply.status, reply.json["message"][:9]) == (400, "sandbox: ")


async def test_a_message_may_have_an_id(calls):
    turn = {"from": "you", "content": "x", "id": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    assert (await calls.aichats(messagesHistory=[turn])).status == 200
