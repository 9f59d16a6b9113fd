"""Answers that come through real proxies of every kind: who resolves the name, who logs in, and what is never shown."""

import asyncio
import contextlib
import logging
import pickle
import time

import pytest

from freeproviders import Candidate, Client, Router, Timeouts, errors, sessions
from freeproviders.sandbox import Scenario
from freeproviders.testing.kit import ANSWER, ONCE, WAYS, client_of, run_script, shown
from freeproviders.testing.proxy_servers import KINDS, LOGIN, SOCKS, USERINFO, address_of, running, served, through

every_kind = pytest.mark.parametrize("scheme", KINDS)
every_socks = pytest.mark.parametrize("scheme", SOCKS)


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@every_kind
def test_every_way_to_ask_goes_through_the_proxy(sandbox, scheme, ask):
    with running(sandbox, scheme, login=LOGIN) as (proxy, url):
        assert ask(through(sandbox, scheme, "yqcloud", url)) == ANSWER
    assert proxy.seen


@pytest.mark.parametrize("hold", [True, False], ids=["held", "leased"])
@every_kind
def test_no_socket_stays_behind(sandbox, scheme, hold):
    with running(sandbox, scheme) as (proxy, url):
        client = through(sandbox, scheme, "yqcloud", url, hold=hold)
        for ask in (WAYS["acomplete"], WAYS["astream"]):
            asyncio.run(_left_after(client, hold))
            assert ask(client) == ANSWER
        _until(lambda: proxy.open == 0)


async def _left_after(client: Client, hold: bool) -> None:
    await client.acomplete("hello")
    assert (asyncio.get_running_loop() in sessions._pools) is hold


def _until(holds) -> None:
    limit = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.005)


@every_kind
async def test_calls_share_a_connection_and_fifty_have_their_own(sandbox, scheme):
    with running(sandbox, scheme) as (proxy, url):
        client = through(sandbox, scheme, "yqcloud", url)
        for _ in range(3):
            await client.acomplete("hello")
        assert len(proxy.seen) == 1
        answers = await asyncio.gather(*(client.acomplete("hello") for _ in range(50)))
    assert {answer.text for answer in answers} == {ANSWER}


@every_kind
async def test_an_early_break_closes_the_connection(sandbox, scheme):
    sandbox.scenario = Scenario(pieces=("a", "b"), hold_after=1)
    with running(sandbox, scheme) as (_, url):
        async with contextlib.aclosing(through(sandbox, scheme, "yqcloud", url).astream("hello")) as events:
            async for _ in events:
                break
        assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 10) == "client closed"


async def test_a_wrong_login_at_an_http_proxy_shows_no_password(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    for base_url, kind in (
        ("http://service.example", errors.RequestRejected),
        ("https://service.example", errors.ConnectionFailed),
    ):
        with running(sandbox, "http", login=LOGIN) as (_, url):
            client = Client(
                "yqcloud", base_url=base_url, proxy=url.replace(USERINFO, "somebody:h%40nterzwei"), retry=ONCE
            )
            with pytest.raises(kind, match="407") as raised:
                await client.acomplete("hello")
        assert "nterzwei" not in shown(client, raised.value, caplog.text)


@every_socks
async def test_a_login_that_is_missing_is_told(sandbox, scheme):
    with running(sandbox, scheme, login=LOGIN) as (_, url):
        client = through(sandbox, scheme, "pi", url.replace(f"{USERINFO}@", ""))
        with pytest.raises(errors.ConnectionFailed, match=r"proxy's address and credentials"):
            await client.acomplete("hello")


@every_socks
async def test_a_proxy_that_refuses_is_a_failed_connection_and_may_be_tried_again(sandbox, scheme):
    with running(sandbox, scheme, refuses=True) as (proxy, url):
        with pytest.raises(errors.ConnectionFailed) as raised:
            await through(sandbox, scheme, "pi", url).acomplete("hello")
        assert raised.value.retryable
        assert len(proxy.seen) == 1


@every_kind
async def test_a_proxy_that_is_not_there_is_a_failed_connection(sandbox, scheme):
    client = through(sandbox, scheme, "pi", f"{scheme}://user:nterzwei@127.0.0.1:9")
    with pytest.raises(errors.ConnectionFailed) as raised:
        await client.acomplete("hello")
    assert "nterzwei" not in shown(client, raised.value, "")


@every_socks
async def test_a_proxy_that_says_nothing_is_a_time_limit(sandbox, scheme):
    async def nothing(reader, _) -> None:
        await reader.read()  # until the client has gone

    with served(nothing) as port:
        client = through(
            sandbox, scheme, "pi", f"{scheme}://127.0.0.1:{port}", timeouts=Timeouts(connect=0.1, first_byte=5.0)
        )
        with pytest.raises(errors.TimedOut):
            await client.acomplete("hello")


@every_socks
def test_plain_http_is_never_spoken_to_a_socks_port(sandbox, scheme):
    with running(sandbox, scheme) as (proxy, url):
        for spelt in (scheme, scheme.upper()):
            client = through(sandbox, scheme, "yqcloud", url.replace(scheme, spelt))
            assert client.complete("hello").text == ANSWER
    assert proxy.strangers == []
    assert len(proxy.seen) == 2


async def test_this_proxy_would_notice_plain_http(sandbox):
    with running(sandbox, "socks5") as (proxy, url):
        client = through(sandbox, "http", "yqcloud", url.replace("socks5", "http"))
        with pytest.raises(errors.ConnectionFailed):
            await client.acomplete("hello")
    assert proxy.strangers[0].startswith(b"POST ")


async def test_two_proxies_are_not_mixed_up(sandbox):
    with running(sandbox, "socks5h") as (one, first), running(sandbox, "socks5h") as (two, second):
        direct = client_of(sandbox, "yqcloud")
        clients = [through(sandbox, "socks5h", "yqcloud", url) for url in (first, second)]
        for _ in range(2):
            await asyncio.gather(*(client.acomplete("hello") for client in (*clients, direct)))
    assert (len(one.seen), len(two.seen), len(sandbox.received)) == (1, 1, 6)


@every_kind
async def test_each_candidate_of_a_router_has_its_own_proxy(sandbox, scheme, caplog):
    caplog.set_level(logging.DEBUG)
    with running(sandbox, scheme, login=LOGIN) as (proxy, url):
        bad = through(sandbox, scheme, "pi", f"{scheme}://user:nterzwei@127.0.0.1:9")
        router = Router([Candidate(client=bad), through(sandbox, scheme, "yqcloud", url)])
        answer = await router.acomplete("hello")
    assert (answer.text, answer.metadata["candidate"]) == (ANSWER, "yqcloud")
    assert len(proxy.seen) == 1
    shown = f"{router!r} {router.candidates!r} {router.snapshot()!r} {answer!r} {caplog.text}"
    assert "nterzwei" not in shown
    assert "pa:ss" not in shown
    assert USERINFO not in shown


@every_kind
def test_a_copy_goes_through_the_same_proxy(sandbox, scheme):
    with running(sandbox, scheme, login=LOGIN) as (proxy, url):
        client = through(sandbox, scheme, "yqcloud", url, hold=False)
        assert asyncio.run(pickle.loads(pickle.dumps(client)).acomplete("hello")).text == ANSWER
    assert proxy.seen


WITHOUT = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("aiohttp_socks", "python_socks"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
from freeproviders import Client, errors
for scheme in ("socks4", "socks4a", "socks5", "socks5h", "SOCKS5"):
    try:
        Client("pi", proxy=f"{scheme}://user:nterzwei@127.0.0.1:9")
    except errors.InvalidSetting as error:
        print(error)
assert Client("yqcloud", base_url=sys.argv[1]).complete("hello").text
"""


def test_without_the_extra_a_socks_proxy_is_refused_with_the_way_to_get_it(sandbox):
    done = run_script(WITHOUT, sandbox.url("yqcloud"))
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.count("pip install 'freeproviders[socks]'") == 5
    assert "nterzwei" not in done.stdout


QUIET = """
import asyncio, os, sys
from freeproviders import Client
address, proxy = sys.argv[1:]
client = Client("yqcloud", base_url=address, proxy=proxy)
leased = Client("yqcloud", base_url=address, proxy=proxy, hold=False)
client.complete("hello"); list(client.stream("hello"))
asyncio.run(client.acomplete("hello")); asyncio.run(leased.acomplete("hello"))
for event in client.stream("hello"): break
child = os.fork()
if child == 0:
    sys.exit(0 if client.complete("hello").text else 1)
assert os.waitpid(child, 0)[1] == 0
print(client.complete("hello").text)
loop = asyncio.new_event_loop()
loop.run_until_complete(leased.acomplete("hello"))
loop.close()
"""


@every_kind
def test_a_script_and_its_fork_end_without_a_word(sandbox, scheme):
    with running(sandbox, scheme, login=LOGIN) as (_, url):
        done = run_script(QUIET, address_of(sandbox, scheme, "yqcloud"), url)
    assert (done.stdout, done.stderr, done.returncode) == (f"{ANSWER}\n", "", 0)
