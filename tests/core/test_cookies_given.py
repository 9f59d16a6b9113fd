"""What the setting ``cookies`` may be, and what it brings with it."""

import json
import os
import pickle
from copy import deepcopy
from pathlib import Path

import pytest

from freeproviders import Client
from freeproviders.errors import InvalidSetting, LoginRequired
from freeproviders.logins.store import StoredCookies, save
from freeproviders.provider import USER_AGENT

LINE = "pi.ai\tFALSE\t/\tTRUE\t0\t__Host-session\ts3cr3t\n"
TAKEN = {"__Host-session": "s3cr3t"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(tmp_path / "config"))
    return tmp_path


def har(host="pi.ai", **headers):
    listed = [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]
    return json.dumps({"log": {"entries": [{"request": {"url": f"https://{host}/", "headers": listed}}]}})


def provider(cookies, name="pi", **settings):
    return Client(name, cookies=cookies, **settings).provider


@pytest.mark.parametrize("given", [Path("cookies.txt"), "cookies.txt", "~/cookies.txt"])
def test_a_file_is_named_by_path_or_text(here, given):
    (here / "cookies.txt").write_text(LINE)
    assert provider(given).cookies == TAKEN


def test_a_file_is_named_by_the_environment(here, monkeypatch):
    (here / "cookies.txt").write_text(LINE)
    monkeypatch.setenv("FREEPROVIDERS_PI_COOKIES", str(here / "cookies.txt"))
    assert Client("pi").provider.cookies == TAKEN


def test_a_text_of_cookies_that_names_a_file_is_refused(here):
    (here / "a=b").write_text(LINE)
    with pytest.raises(InvalidSetting, match="Path or a mapping"):
        provider("a=b")
    assert provider(Path("a=b")).cookies == TAKEN


@pytest.mark.parametrize(
    "text", ["/home/a=b/cookies.txt", "a b=c", "C:\\a=b", "cookies.txt", "s3cr3t", "~nobody", "\0"]
)
def test_a_text_that_is_neither_cookies_nor_a_file_is_refused_unquoted(text):
    with pytest.raises(InvalidSetting, match="cookies must") as caught:
        provider(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize("text", ["a=" + "x" * 5000, "~nobody=1", "a=/b"])
def test_a_text_of_cookies_is_never_taken_for_a_name(text):
    assert dict(provider(text).cookies) == {text.partition("=")[0]: text.partition("=")[2]}


@pytest.mark.parametrize("content", ["", "nothing", "[]", "{}", LINE.replace("pi.ai", "example.com")])
def test_a_file_without_a_cookie_of_the_service_is_refused_unquoted(here, content):
    (here / "cookies.txt").write_text(content)
    with pytest.raises(InvalidSetting, match=r"cookies.txt") as caught:
        provider(Path("cookies.txt"))
    assert "s3cr3t" not in str(caught.value)


def test_what_is_no_readable_file_is_refused(here):
    os.mkfifo(here / "pipe")
    for path in (Path("missing"), here, here / "pipe", Path("/dev/zero")):
        with pytest.raises(InvalidSetting, match="is no file"):
            provider(path)


def test_a_har_brings_the_user_agent(here):
    (here / "pi.har").write_text(har(Cookie="a=1", User_Agent="Browser/1"))
    assert provider(Path("pi.har")).user_agent == "Browser/1"
    assert provider(Path("pi.har"), user_agent="Mine/1").user_agent == "Mine/1"
    assert provider("a=1").user_agent == USER_AGENT


def test_a_har_brings_the_token_where_the_service_has_one(here):
    host = "prod-backend-k8s.flowgpt.com"
    (here / "flowgpt.har").write_text(har(host, Authorization="Bearer s3cr3t"))
    configured = provider(Path("flowgpt.har"), name="flowgpt")
    assert configured.authorization == "Bearer s3cr3t"
    assert "s3cr3t" not in repr(configured)
    assert provider(Path("flowgpt.har"), name="flowgpt", authorization="Bearer x").authorization == "Bearer x"


def test_cookies_of_the_services_site_are_its_own_but_not_elsewhere(here):
    (here / "cookies.txt").write_text(LINE.replace("pi.ai", "flowgpt.com"))
    assert provider(Path("cookies.txt"), name="flowgpt").cookies == TAKEN
    with pytest.raises(InvalidSetting, match=r"mirror\.example"):
        provider(Path("cookies.txt"), name="flowgpt", base_url="https://mirror.example")


def test_a_stored_login_is_used(here):
    assert provider({}).cookies == {}
    state = {"cookies": [{"name": "a", "value": "s3cr3t", "domain": "pi.ai"}], "user_agent": "Browser/1"}
    save("pi", state)
    stored = provider("stored")
    assert (stored.cookies, stored.user_agent) == ({"a": "s3cr3t"}, "Browser/1")
    assert stored.with_settings({"prompt_cap": 1}).cookies is stored.cookies


def test_a_login_that_is_missing_over_or_for_elsewhere_names_the_command():
    with pytest.raises(LoginRequired, match="freeproviders login pi"):
        provider("stored")
    save("pi", {"cookies": [{"name": "a", "value": "1", "domain": "pi.ai", "expires": 1}]})
    with pytest.raises(LoginRequired, match="freeproviders login pi"):
        provider("stored")
    save("pi", {"cookies": [{"name": "a", "value": "1", "domain": "pi.ai"}]})
    with pytest.raises(LoginRequired, match="127.0.0.1"):
        provider("stored", base_url="http://127.0.0.1:1")


def test_stored_cookies_copy_and_pickle_and_show_nothing():
    cookies = StoredCookies({"a": "s3cr3t"}, "/somewhere/pi.json")
    for copied in (deepcopy(cookies), pickle.loads(pickle.dumps(cookies))):
        assert (type(copied), copied, copied.path) == (StoredCookies, cookies, cookies.path)
    assert "s3cr3t" not in f"{cookies}{cookies!r}"
