"""Fetching an image's bytes: only what is public or the sandbox's own, only images, only so large."""

import pytest

from freeproviders import errors
from freeproviders.images import fetch, sniff_type
from freeproviders.providers import get
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.transport import Client
from freeproviders.wire import Image, Prompt, Turn

PUBLIC = get("aichats")()


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    return running


@pytest.fixture
def client(sandbox):
    return Client("aichats", base_url=sandbox.url("aichats"))


async def drawn(client):
    prompt = Prompt(turns=(Turn(role="user", text="a lighthouse"),), model="dalle")
    return (await client.acomplete(prompt)).images[0]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\nxx", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_types_are_told_by_the_first_bytes(data, kind):
    assert sniff_type(data) == kind


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.png",
        "file:///etc/passwd",
        "https://127.0.0.1/a.png",
        "https://10.0.0.1/a.png",
        "https://192.168.1.1/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a.png",
        "https://[::ffff:10.0.0.1]/a.png",
        "https://0.0.0.0/a.png",
        "https://224.0.0.1/a.png",
        "",
    ],
)
async def test_a_place_that_is_not_public_is_refused_before_connecting(url):
    with pytest.raises(errors.RequestRejected):
        await fetch(Image(url=url), provider=PUBLIC)


async def test_a_name_that_leads_into_a_private_network_is_refused():
    with pytest.raises(errors.ConnectionFailed) as caught:
        await fetch(Image(url="https://localhost:1/a.png"), provider=PUBLIC)
    assert "not public" in str(caught.value.__cause__.__cause__)


async def test_the_sandbox_may_serve_from_loopback(client):
    image = await fetch(await drawn(client), provider=client.provider)
    assert (image.mime_type, image.data[:4]) == ("image/png", b"\x89PNG")


async def test_the_type_comes_from_the_bytes_and_not_from_the_url(client, sandbox):
    sandbox.scenario = Scenario(variant="jpeg")
    image = await fetch(await drawn(client), provider=client.provider)
    assert image.mime_type == "image/jpeg"


@pytest.mark.parametrize(
    ("variant", "error", "why"),
    [
        ("expired", errors.RequestRejected, "HTTP 403"),
        ("not_an_image", errors.BadReply, "not an image"),
        ("redirect_private", errors.RequestRejected, "not https"),
    ],
)
async def test_what_is_no_image_is_an_error(client, sandbox, variant, error, why):
    sandbox.scenario = Scenario(variant=variant)
    image = await drawn(client)
    with pytest.raises(error, match=why):
        await fetch(image, provider=client.provider)


async def test_a_large_image_is_not_read_to_its_end(client, sandbox):
    sandbox.scenario = Scenario(variant="oversized")
    image = await drawn(client)
    with pytest.raises(errors.BadReply, match="exceeds 1000000 bytes"):
        await fetch(image, provider=client.provider, limit=1_000_000)


async def test_bytes_that_came_with_the_answer_need_no_request(sandbox):
    image = await fetch(Image(data=b"\x89PNG\r\n\x1a\nxx"), provider=PUBLIC)
    assert image.mime_type == "image/png"
    assert sandbox.received_images == []
