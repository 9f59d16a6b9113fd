"""Fetching an image's bytes: only what is public or the sandbox's own, only images, only so large, in little time."""

import asyncio
import contextlib
import gzip
import shutil
import socket
import ssl
import subprocess
import zlib

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer

from freeproviders import errors
from freeproviders.images import Caps, fetch
from freeproviders.providers import get
from freeproviders.sandbox import Scenario
from freeproviders.sandbox.media import JPEG, png
from freeproviders.transport import Client
from freeproviders.wire import Image, Prompt, Turn

PNG = png("a lighthouse")
OPENSSL = shutil.which("openssl")
PUBLIC = get("aichats")(cookies={"session": "s3cret"}, default_headers={"X-Mine": "s3cret"})
LOCAL = get("aichats")(
    base_url="http://127.0.0.1:1", cookies={"session": "s3cret"}, default_headers={"X-Mine": "s3cret"}
)


@pytest.fixture
def client(sandbox):
    return Client("aichats", base_url=sandbox.url("aichats"))


async def drawn(client):
    prompt = Prompt(turns=(Turn(role="user", text="a lighthouse"),), model="dalle")
    return (await client.acomplete(prompt)).images[0]


@contextlib.asynccontextmanager
async def serving(handler):
    """A server of this machine; gives the URL of its root."""
    app = web.Application()
    app.router.add_get("/{tail:.*}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


@contextlib.asynccontextmanager
async def saying(*parts):
    """A server that sends these bytes, whatever they are, and then keeps the connection open."""
    tasks = []

    async def serve(reader, writer):
        tasks.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                writer.write(part)
                await writer.drain()
            await reader.read()  # until the other side has gone
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        finally:
            await asyncio.gather(*tasks)


class Names(AbstractResolver):
    """Looks names up in a list of answers, one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def resolve(self, host, port=0, family=socket.AF_INET):
        self.asked.append(host)
        return [
            {"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for address in self.answers.pop(0)
        ]

    async def close(self):
        raise AssertionError("it is not ours to close")


# Where from.


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "ftp://example.com/a.png",
        "https://127.0.0.1/a.png",
        "https://10.0.0.1/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/a.png",
        "https://0.0.0.0/a.png",
        "https://224.0.0.1/a.png",
        "https://0177.0.0.1/a.png",
        "https://0x7f.1/a.png",
        "https://127.1/a.png",
        "https://2130706433/a.png",
        "https://127.0.0.1./a.png",
        "https://①②⑦.⓪.⓪.①/a.png",
        "https://127%2e0.0.1/a.png",
        "https://[::1]/a.png",
        "https://[::]/a.png",
        "https://[fe80::1%25lo]/a.png",
        "https://[::ffff:10.0.0.1]/a.png",
        "https://[64:ff9b::a00:1]/a.png",
        "https://[64:ff9b:1::808:808]/a.png",
        "https://[2002:a00:1::]/a.png",
        "https://[2001:0:808:808::f5ff:fffe]/a.png",
        "https://localhost:1/a.png",
        "https://LOCALHOST./a.png",
        "https://printer.local/a.png",
        "https://intranet/a.png",
        "https://user:word@example.com/a.png",
        "https://user@example.com/a.png",
        "https://[::1/a.png",
        "https://example.com:port/a.png",
        "https:///a.png",
        "//example.com/a.png",
        "a.png",
        "",
    ],
)
async def test_a_place_that_is_not_public_is_refused_before_any_look_up(url):
    names = Names()
    with pytest.raises(errors.RequestRejected):
        await fetch(Image(url=url), provider=PUBLIC, resolver=names)
    assert names.asked == []


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["93.184.215.14", "10.0.0.1"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["fe80::1%lo"],
    ],
)
async def test_a_name_that_leads_into_a_private_network_is_refused(found):
    with pytest.raises(errors.RequestRejected, match=r"rebound\.example has an address that is not public") as caught:
        await fetch(Image(url="https://rebound.example/a.png"), provider=PUBLIC, resolver=Names(found))
    assert not caught.value.retryable


async def test_the_systems_own_answers_are_judged_too():
    """The machine's name is one that the system leads to the machine itself."""
    local = get("aichats")(base_url="http://localhost:1")
    with pytest.raises(errors.ConnectionFailed):  # allowed to the sandbox's model, and nobody is there
        await fetch(Image(url="http://localhost:1/a.png"), provider=local)


async def test_the_connection_goes_to_the_address_that_was_judged(strays):
    """A name whose second answer leads elsewhere is not asked for a second one."""
    names = Names(["93.184.215.14"], ["127.0.0.1"])
    with pytest.raises(errors.ConnectionFailed):
        await fetch(Image(url="https://flipping.example/a.png"), provider=PUBLIC, resolver=names)
    attempted, strays[:] = list(strays), []  # it did not get out: the tests' guard has seen to that
    assert attempted == ["socket.connect 93.184.215.14"]
    assert names.asked == ["flipping.example"]


async def test_the_sandbox_may_serve_from_loopback(client):
    image = await fetch(await drawn(client), provider=client.provider)
    assert (image.mime_type, image.data[:4]) == ("image/png", b"\x89PNG")


async def test_the_sandboxs_model_goes_no_further_than_loopback():
    for url in ("http://10.0.0.1/a.png", "http://example.com/a.png", "ftp://127.0.0.1/a.png"):
        with pytest.raises(errors.RequestRejected):
            await fetch(Image(url=url), provider=LOCAL)
    with pytest.raises(errors.RequestRejected, match="not public"):
        await fetch(Image(url="http://localhost:1/a.png"), provider=LOCAL, resolver=Names(["10.0.0.1"]))


async def test_a_proxy_of_this_machine_is_no_way_to_private_addresses():
    for url in ("https://10.0.0.1/a.png", "https://localhost/a.png", "https://nas.lan/a.png"):
        with pytest.raises(errors.RequestRejected):
            await fetch(Image(url=url), provider=PUBLIC, proxy="http://127.0.0.1:9")


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_names_are_the_proxys_to_look_up(scheme):
    names = Names()
    with pytest.raises(errors.ConnectionFailed):
        await fetch(
            Image(url="https://example.com/a.png"), provider=PUBLIC, proxy=f"{scheme}://127.0.0.1:9", resolver=names
        )
    assert names.asked == []


@contextlib.asynccontextmanager
async def socks_proxy(asked):
    """A SOCKS5 proxy of one connection; it notes the host it was asked for, and leads to this machine."""
    done = asyncio.Event()

    async def pump(source, sink):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()

    async def serve(reader, writer):
        await reader.readexactly((await reader.readexactly(2))[1])
        writer.write(b"\5\0")
        kind = (await reader.readexactly(4))[3]
        host = await reader.readexactly((await reader.readexactly(1))[0] if kind == 3 else 4)
        asked.append(host if kind == 3 else socket.inet_ntoa(host).encode())
        far = await asyncio.open_connection("127.0.0.1", int.from_bytes(await reader.readexactly(2), "big"))
        writer.write(b"\5\0\0\1" + bytes(6))
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(pump(reader, far[1]), pump(far[0], writer))
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await done.wait()


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_an_image_comes_through_a_socks_proxy(scheme):
    async def handle(_):
        return web.Response(body=PNG)

    asked = []
    async with serving(handle) as url, socks_proxy(asked) as address:
        image = await fetch(Image(url=url), provider=LOCAL, proxy=f"{scheme}://{address}")
    assert (image.data, asked) == (PNG, [b"127.0.0.1"])


async def test_a_proxy_gets_its_credentials_and_they_are_in_no_error():
    seen = []

    async def refuse(reader, writer):
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(errors.ConnectionFailed) as caught:
            await fetch(
                Image(url="https://example.com/a.png"), provider=PUBLIC, proxy=f"http://me:w0rd@127.0.0.1:{port}"
            )
    assert seen[0].startswith("CONNECT example.com:443")
    assert "Proxy-Authorization: Basic bWU6dzByZA==" in seen[0]
    assert "w0rd" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.skipif(OPENSSL is None, reason="makes its certificate with openssl: install that")
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    made = tmp_path / "made.pem"
    words = f"req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout {made} -out {tmp_path / 'cert.pem'}"
    subprocess.run([OPENSSL, *words.split()], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", made)
    server = TestServer(web.Application(), scheme="https")
    await server.start_server(ssl=context)
    try:
        with pytest.raises(errors.ConnectionFailed, match="Certificate"):
            await fetch(Image(url=f"https://localhost:{server.port}/a.png"), provider=LOCAL)
    finally:
        await server.close()


# Redirects.


async def test_redirects_are_followed_and_each_one_is_checked():
    async def handle(request):
        hops = int(request.query.get("hops", 0))
        if hops:
            raise web.HTTPFound(f"/a.png?hops={hops - 1}")
        return web.Response(body=PNG)

    async with serving(handle) as url:
        assert (await fetch(Image(url=f"{url}?hops=3"), provider=LOCAL)).data == PNG
        with pytest.raises(errors.RequestRejected, match="redirects too often"):
            await fetch(Image(url=f"{url}?hops=4"), provider=LOCAL)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_in_a_circle_ends(status):
    asked = []

    async def handle(request):
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": request.path})

    async with serving(handle) as url:
        with pytest.raises(errors.RequestRejected, match="redirects too often"):
            await fetch(Image(url=f"{url}circle"), provider=LOCAL)
    assert asked == ["/circle"] * 4


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/x",
        "https://10.0.0.1/x",
        "https://[::ffff:169.254.169.254]/x",
        "http://example.com/x",
        "//192.168.0.1/x",
        "file:///etc/passwd",
        "https://[",
    ],
)
async def test_a_redirect_to_where_one_may_not_go_is_refused(target):
    async def handle(_):
        return web.Response(status=302, headers={"Location": target})

    async with serving(handle) as url:
        with pytest.raises(errors.RequestRejected):
            await fetch(Image(url=url), provider=LOCAL)


# What is sent.


async def test_nothing_of_the_providers_or_the_first_hosts_is_sent():
    seen = []

    async def handle(request):
        seen.append(dict(request.headers))
        if len(seen) == 1:
            return web.Response(status=302, headers={"Location": "/b.png", "Set-Cookie": "tracked=1; Path=/"})
        return web.Response(body=PNG)

    async with serving(handle) as url:
        await fetch(Image(url=url), provider=LOCAL)
    assert len(seen) == 2
    for headers in seen:
        assert set(headers) == {"Host", "Accept", "Accept-Encoding", "User-Agent"}
        assert "s3cret" not in str(headers)


@pytest.mark.parametrize("query", ["sig=a%2Bb%2Fc%3D&se=2026-01-01T00%3A00%3A00Z", "a=b+c&d=%7E", "x"])
async def test_a_signed_url_arrives_as_it_is(query):
    seen = []

    async def handle(request):
        seen.append(request.raw_path)
        return web.Response(body=PNG)

    async with serving(handle) as url:
        await fetch(Image(url=f"{url}a%2Fb.png?{query}"), provider=LOCAL)
    assert seen == [f"/a%2Fb.png?{query}"]


async def test_a_url_cannot_smuggle_in_a_header():
    seen = []

    async def handle(request):
        seen.append(dict(request.headers))
        return web.Response(body=PNG)

    async with serving(handle) as url:
        await fetch(Image(url=f"{url}a b.png?x= HTTP/1.1\r\nX-Evil: 1\r\n"), provider=LOCAL)
    assert "X-Evil" not in seen[0]


# What comes.


async def test_the_type_comes_from_the_bytes_and_not_from_the_url(client, sandbox):
    sandbox.scenario = Scenario(variant="jpeg")
    image = await fetch(await drawn(client), provider=client.provider)
    assert image.mime_type == "image/jpeg"


async def test_the_type_comes_from_the_bytes_and_not_from_the_header():
    async def handle(_):
        return web.Response(body=JPEG, content_type="image/png")

    async with serving(handle) as url:
        assert (await fetch(Image(url=url), provider=LOCAL)).mime_type == "image/jpeg"


@pytest.mark.parametrize(
    ("variant", "error", "why"),
    [
        ("expired", errors.RequestRejected, "HTTP 403"),
        ("not_an_image", errors.BadReply, "not an image"),
        ("redirect_private", errors.RequestRejected, "not https"),
        ("oversized", errors.BadReply, "exceeds 33554432 bytes"),
    ],
)
async def test_what_is_no_image_is_an_error(client, sandbox, variant, error, why):
    sandbox.scenario = Scenario(variant=variant)
    image = await drawn(client)
    with pytest.raises(error, match=why):
        await fetch(image, provider=client.provider)


async def test_an_empty_body_is_no_image():
    async def handle(_):
        return web.Response(body=b"", content_type="image/png")

    async with serving(handle) as url:
        with pytest.raises(errors.BadReply, match="not an image"):
            await fetch(Image(url=url), provider=LOCAL)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"


async def test_a_length_above_the_cap_is_enough_to_refuse():
    async with saying(HEAD + b"Content-Length: 1000001\r\n\r\n") as url:
        with pytest.raises(errors.BadReply, match="exceeds 1000000 bytes"):
            await fetch(Image(url=url), provider=LOCAL, caps=Caps(size=1_000_000))


async def test_what_is_no_http_is_a_bad_reply():
    async with saying(b"220 mail.example ready\r\n\r\n") as url:
        with pytest.raises(errors.BadReply, match="cannot be read"):
            await fetch(Image(url=url), provider=LOCAL)


async def test_a_length_below_the_cap_does_not_let_more_in():
    """What comes after the stated length belongs to no answer, or spoils it, if it comes at once."""
    async with saying(HEAD + b"Content-Length: %d\r\n\r\n" % len(PNG) + PNG, bytes(500_000)) as url:
        with contextlib.suppress(errors.BadReply):
            assert (await fetch(Image(url=url), provider=LOCAL, caps=Caps(size=len(PNG)))).data == PNG


async def test_a_body_without_a_length_is_not_read_to_its_end():
    sent = 0

    async def handle(request):
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(bytes(10_000))
                sent += 10_000
        return response

    async with serving(handle) as url:
        with pytest.raises(errors.BadReply, match="exceeds 100000 bytes"):
            await fetch(Image(url=url), provider=LOCAL, caps=Caps(size=100_000))
    assert sent >= 100_000


async def test_a_body_that_breaks_off_is_a_failed_connection():
    async def handle(request):
        response = web.StreamResponse(headers={"Content-Length": str(len(PNG))})
        await response.prepare(request)
        await response.write(PNG[:100])
        request.transport.close()
        return response

    async with serving(handle) as url:
        with pytest.raises(errors.ConnectionFailed):
            await fetch(Image(url=url), provider=LOCAL)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)]
)
async def test_a_compressed_body_counts_as_what_it_unpacks_to(encoding, pack):
    bodies = {"/good": PNG, "/bomb": PNG + bytes(20_000_000)}

    async def handle(request):
        return web.Response(body=pack(bodies[request.path]), headers={"Content-Encoding": encoding})

    async with serving(handle) as url:
        assert (await fetch(Image(url=f"{url}good"), provider=LOCAL, caps=Caps(size=len(PNG)))).data == PNG
        with pytest.raises(errors.BadReply, match="exceeds 1000000 bytes"):
            await fetch(Image(url=f"{url}bomb"), provider=LOCAL, caps=Caps(size=1_000_000))


@pytest.mark.parametrize(("encoding", "why"), [("br", "'br'"), ("gzip, gzip", "gzip, gzip"), ("gzip", "unpacked")])
async def test_a_body_that_cannot_be_unpacked_is_an_error(encoding, why):
    async def handle(_):
        return web.Response(body=PNG, headers={"Content-Encoding": encoding})

    async with serving(handle) as url:
        with pytest.raises(errors.BadReply, match=why):
            await fetch(Image(url=url), provider=LOCAL)


@pytest.mark.parametrize("caps", [Caps(seconds=0.3), Caps(idle=0.3)])
async def test_silence_ends(caps):
    async with saying(HEAD) as url:
        with pytest.raises(errors.TimedOut, match="too long"):
            await fetch(Image(url=url), provider=LOCAL, caps=caps)


async def test_a_slow_drip_ends():
    """Each pause is short, so that only the limit on the whole can end it."""

    async def handle(request):
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"\x89")
                await asyncio.sleep(0.01)
        return response

    async with serving(handle) as url:
        with pytest.raises(errors.TimedOut, match="too long"):
            await fetch(Image(url=url), provider=LOCAL, caps=Caps(seconds=0.5, idle=60))


async def test_more_pixels_than_the_cap_are_refused_without_decoding():
    bomb = PNG[:16] + (100_000).to_bytes(4, "big") * 2 + PNG[24:]

    async def handle(_):
        return web.Response(body=bomb)

    async with serving(handle) as url:
        with pytest.raises(errors.BadReply, match="100000 x 100000 pixels"):
            await fetch(Image(url=url), provider=LOCAL)


# Bytes that came with the answer.


async def test_bytes_that_came_with_the_answer_need_no_request(sandbox):
    image = await fetch(Image(data=PNG, mime_type="image/gif"), provider=PUBLIC)
    assert image == Image(data=PNG, mime_type="image/png")
    assert sandbox.received_images == []


@pytest.mark.parametrize(
    ("data", "caps", "why"),
    [
        (PNG, Caps(size=100), "exceeds 100 bytes"),
        (PNG, Caps(pixels=256 * 256 - 1), "256 x 256 pixels"),
        (PNG[:20], Caps(), "broken"),
        (b"<html>", Caps(), "not an image"),
    ],
)
async def test_the_caps_hold_for_them_too(data, caps, why):
    with pytest.raises(errors.BadReply, match=why):
        await fetch(Image(data=data), provider=PUBLIC, caps=caps)


@pytest.mark.parametrize("variant", ["b64", "data_uri"])
async def test_an_answers_data_uri_is_an_image_like_any_other(client, sandbox, variant):
    sandbox.scenario = Scenario(variant=variant)
    image = await fetch(await drawn(client), provider=client.provider)
    assert (image.mime_type, image.url) == ("image/png", None)
    assert sandbox.received_images == []
