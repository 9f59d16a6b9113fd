"""Which proxy is used: the one given, or the one of the environment; and what is said of a malformed one."""

import pytest

from freeproviders import Client, errors
from freeproviders.testing.kit import ANSWER
from freeproviders.testing.proxy_servers import running, through


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
