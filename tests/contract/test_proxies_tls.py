"""Services spoken to over TLS, as all of them are, through proxies of every kind."""

import contextlib
import shutil
import ssl
import subprocess
import sys

import pytest

from freeproviders import Client, Timeouts, errors
from freeproviders.testing.kit import ANSWER, ONCE, says
from freeproviders.testing.proxy_servers import KINDS, LOGIN, REMOTE, SOCKS, USERINFO, forward, port_of, served

every_kind = pytest.mark.parametrize("scheme", KINDS)

TRUSTING = """
import asyncio, sys
from freeproviders import Client
address, proxy = sys.argv[1:]
client = Client("yqcloud", base_url=address, proxy=proxy)
print(client.complete("hello").text)
print(asyncio.run(client.acomplete("hello")).text)
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for service.example and its key, which nobody trusts unless told to."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    place = tmp_path_factory.mktemp("tls")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=service.example"
    name = ("-addext", "subjectAltName=DNS:service.example,DNS:localhost")
    out = ("-keyout", str(place / "key.pem"), "-out", str(place / "certificate.pem"))
    subprocess.run([openssl, *words.split(), *name, *out], check=True, capture_output=True)
    return place


@contextlib.contextmanager
def secured(sandbox, certificate):
    """A TLS front of the sandbox; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    with served(lambda reader, writer: forward(reader, writer, port_of(sandbox)), context) as port:
        yield port


@every_kind
def test_https_goes_through_the_proxy(sandbox, scheme, certificate):
    sandbox.scenario = says()
    with secured(sandbox, certificate) as port:
        proxy = KINDS[scheme](target=port, login=LOGIN)
        with proxy.running() as where:
            host = "service.example" if scheme in REMOTE else "localhost"
            done = subprocess.run(
                [
                    sys.executable,
                    "-W",
                    "error",
                    "-c",
                    TRUSTING,
                    f"https://{host}/yqcloud",
                    f"{scheme}://{USERINFO}@{where}",
                ],
                capture_output=True,
                text=True,
                env={"SSL_CERT_FILE": str(certificate / "certificate.pem")},
            )
    assert (done.stdout, done.stderr) == (f"{ANSWER}\n" * 2, "")
    assert {(seen.host, seen.port, seen.user) for seen in proxy.seen} == {
        ("service.example" if scheme in REMOTE else "127.0.0.1", 443, LOGIN[0])
    }


@every_kind
async def test_a_certificate_nobody_trusts_ends_the_call_whatever_the_proxy(sandbox, scheme, certificate):
    # Before Python 3.11 asyncio's start_tls, which connections through SOCKS need, may say nothing of a failed
    # handshake: it depends on which side sees it first.
    old = sys.version_info < (3, 11) and scheme in SOCKS
    kinds, words = ((errors.ConnectionFailed,), "certificate")
    if old:
        kinds, words = ((errors.ConnectionFailed, errors.TimedOut), "certificate|took too long")
    with secured(sandbox, certificate) as port:
        proxy = KINDS[scheme](target=port)
        with proxy.running() as where:
            host = "service.example" if scheme in REMOTE else "localhost"
            limits = Timeouts(connect=1.0) if old else Timeouts()
            asked = f"{scheme}://{where}"
            client = Client("yqcloud", base_url=f"https://{host}", proxy=asked, retry=ONCE, timeouts=limits)
            with pytest.raises(kinds, match=words):
                await client.acomplete("hello")
    assert sandbox.received == []
