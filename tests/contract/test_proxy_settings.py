"""Which proxy is used: the one given, or the one of the environment; and what is said of a malformed one."""

import pytest
from contract_kit import ANSWER, ONCE, every_provider
from proxy_kit import LOGIN, running, through

from freeproviders import Client, errors

ENVIRONMENT = {
    "HTTP_PROXY": ("http", "HTTP_PROXY"),
    "http_proxy": ("http", "http_proxy"),
    "ALL_PROXY": ("http", "ALL_PROXY"),
    "SOCKS by ALL_PROXY": ("socks5h", "ALL_PROXY"),
    "SOCKS by http_proxy": ("socks4a", "http_proxy"),
}


@pytest.mark.parametrize(("scheme", "variable"), ENVIRONMENT.values(), ids=ENVIRONMENT)
@every_provider
async def test_the_environments_proxy_is_used(sandbox, name, scheme, variable, monkeypatch):
    with running(sandbox, scheme, login=LOGIN) as (proxy, url):
        monkeypatch.setenv(variable, url)
        client = Client(name, base_url=f"http://service.example/{name}", retry=ONCE)
        assert (await client.acomplete("hello")).text == ANSWER
    assert {seen.host for seen in proxy.seen} == {"service.example"}


@pytest.mark.parametrize("exempt", ["service.example", "example", "*", "service.example:80"])
def test_what_no_proxy_names_is_asked_directly(exempt, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", exempt)
    assert Client("pi", base_url="http://service.example:80")._proxy is None
    assert (Client("pi", base_url="http://service.other")._proxy is None) == (exempt == "*")


def test_a_given_proxy_comes_before_the_environments(sandbox, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "*")
    with running(sandbox, "socks5h") as (proxy, url):
        assert through(sandbox, "socks5h", "yqcloud", url).complete("hello").text == ANSWER
    assert proxy.seen


def test_the_proxy_for_https_is_another(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://secure.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://plain.example:3128")
    assert Client("pi")._proxy == "http://secure.example:3128"
    assert Client("pi", base_url="http://service.example")._proxy == "http://plain.example:3128"


MALFORMED = ["socks5://", "socks6://host", "host:1080", "http://", "ftp://host", "socks5://user:nterzwei@:1080"]


@pytest.mark.parametrize("url", [*MALFORMED, "http://user:nterzwei@host:99999", "socks5h://user:nterzwei@host:x"])
def test_a_malformed_proxy_is_told_without_its_password(url):
    with pytest.raises(errors.InvalidSetting, match="proxy") as raised:
        Client("pi", proxy=url)
    assert "nterzwei" not in str(raised.value)
