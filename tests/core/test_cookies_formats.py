"""Files of cookies: what is taken from each format, what is left out, and that any bytes are read or refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeproviders.errors import InvalidSetting
from freeproviders.logins.formats import Login, read_login

NOW = 1_700_000_000.0
HOSTS = {"pi.ai", "api.pi.ai"}


def read(data, hosts=HOSTS):
    return read_login(data if isinstance(data, bytes) else data.encode(), hosts, NOW)


def cookies(value):
    return dict(read(value if isinstance(value, str) else json.dumps(value)).cookies)


def line(*columns):
    return "\t".join(columns) + "\n"


# Netscape.


def test_a_cookies_txt_is_read_with_its_http_only_lines():
    text = (
        "# Netscape HTTP Cookie File\n\n"
        + line("pi.ai", "FALSE", "/", "TRUE", "0", "a", "1")
        + line("#HttpOnly_.pi.ai", "TRUE", "/", "TRUE", "1800000000", "b", "x=y")
        + "# a comment\n"
    )
    assert cookies(text) == {"a": "1", "b": "x=y"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end):
    data = b"\xef\xbb\xbf" + f"pi.ai\tFALSE\t/\tTRUE\t0\ta\t1{end}".encode()
    assert read(data).cookies == {"a": "1"}


def test_an_empty_value_may_have_lost_its_tab():
    assert cookies("pi.ai\tFALSE\t/\tTRUE\t0\ta") == {"a": ""}


@pytest.mark.parametrize(
    ("domain", "below", "taken"),
    [
        ("pi.ai", "FALSE", True),
        ("PI.AI", "FALSE", True),
        (".pi.ai", "TRUE", True),
        ("api.pi.ai", "FALSE", True),
        (".ai", "TRUE", True),
        ("www.pi.ai", "FALSE", False),
        ("notpi.ai", "TRUE", False),
        ("i.ai", "TRUE", False),
        ("pi.ai.example", "TRUE", False),
        ("example.com", "TRUE", False),
    ],
)
def test_cookies_of_other_hosts_are_left_out(domain, below, taken):
    assert cookies(line(domain, below, "/", "TRUE", "0", "a", "1")) == ({"a": "1"} if taken else {})


def test_a_cookie_of_one_host_alone_is_not_sent_below_it():
    assert read(line("pi.ai", "FALSE", "/", "TRUE", "0", "a", "1"), {"api.pi.ai"}) == Login()
    assert read(line("pi.ai", "TRUE", "/", "TRUE", "0", "a", "1"), {"api.pi.ai"}).cookies == {"a": "1"}


@pytest.mark.parametrize("expires", ["1699999999", "1.5", "1600000000000"])
def test_expired_cookies_are_left_out(expires):
    assert cookies(line("pi.ai", "FALSE", "/", "TRUE", expires, "a", "1")) == {}


@pytest.mark.parametrize("expires", ["0", "-1", "1700000001", "1800000000000", "nan", "inf", "soon"])
def test_cookies_of_the_session_or_the_future_are_taken(expires):
    assert cookies(line("pi.ai", "FALSE", "/", "TRUE", expires, "a", "1")) == {"a": "1"}


@pytest.mark.parametrize(
    "text", ["a=1; b=2", "pi.ai a b c d e f", "\x00\x01", "<html></html>", "." + "\t" * 6, "x" + "\t" * 9]
)
def test_a_line_of_another_kind_is_refused_by_its_number(text):
    with pytest.raises(InvalidSetting, match=r"line 2 .*Netscape.*HAR"):
        read(f"# Netscape\n{text}")


# JSON.


def test_an_extensions_export_is_read():
    exported = [
        {"name": "a", "value": "1", "domain": "pi.ai", "hostOnly": True, "session": True},
        {"name": "b", "value": "2", "domain": ".pi.ai", "hostOnly": False, "expirationDate": NOW + 1.5},
        {"name": "old", "value": "3", "domain": "pi.ai", "expirationDate": NOW - 1},
        {"name": "other", "value": "4", "domain": "example.com"},
        {"name": "wide", "value": "5", "domain": "pi.ai", "hostOnly": False, "expires": None},
        {"name": "bare", "value": "6"},
    ]
    assert cookies(exported) == {"a": "1", "b": "2", "wide": "5", "bare": "6"}


def test_a_storage_state_is_read():
    state = {
        "cookies": [{"name": "a", "value": "1", "domain": "pi.ai", "path": "/", "expires": -1, "httpOnly": True}],
        "origins": [],
        "user_agent": "Browser/1",
    }
    assert read(json.dumps(state)) == Login(cookies={"a": "1"}, user_agent="Browser/1")


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a;b", "a\n", "a,b"])
def test_a_name_that_would_end_its_cookie_is_left_out(name):
    assert cookies([{"name": name, "value": "1"}]) == {}


@pytest.mark.parametrize("value", ["1; admin=1", "1\r\nX: y", "\x00", "\ud800"])
def test_a_value_that_would_end_its_cookie_is_left_out(value):
    assert cookies([{"name": "a", "value": value}]) == {}


@pytest.mark.parametrize(
    "text",
    ["{}", '{"cookies": {}}', '{"a": "b"}', "[1]", '[{"name": 1}]', '[{"name": "a", "value": null}]', "{", "[" * 99999],
)
def test_json_of_another_kind_is_refused(text):
    with pytest.raises(InvalidSetting, match="HAR"):
        read(text)


# HAR.


def entry(url, headers=(), **rest):
    return {"request": {"url": url, "headers": [{"name": name, "value": value} for name, value in headers], **rest}}


def har(*entries):
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}})


def test_the_last_request_to_the_host_counts():
    text = har(
        entry("https://pi.ai/", [("Cookie", "a=1; b=2"), ("User-Agent", "Old/1")]),
        entry(
            "https://PI.AI:443/api", [("cookie", "a=3; c=x=y"), ("user-agent", "New/1"), ("Authorization", "Bearer t")]
        ),
        entry("https://example.com/", [("Cookie", "z=9"), ("User-Agent", "Other/1")]),
    )
    assert read(text) == Login(cookies={"a": "3", "c": "x=y"}, user_agent="New/1", authorization="Bearer t")


def test_a_later_request_that_carries_less_takes_nothing_back():
    text = har(entry("https://pi.ai/", [("Cookie", "a=1"), ("User-Agent", "B/1")]), entry("https://pi.ai/logo.png"))
    assert read(text) == Login(cookies={"a": "1"}, user_agent="B/1")


def test_the_list_of_cookies_stands_in_for_a_missing_header():
    assert read(har(entry("https://pi.ai/", cookies=[{"name": "a", "value": "1"}]))).cookies == {"a": "1"}


@pytest.mark.parametrize(
    "broken", [None, {}, {"request": []}, entry("http://["), entry(7), {"request": {"url": "https://pi.ai"}}]
)
def test_a_broken_entry_is_passed_over(broken):
    assert read(har(broken, entry("https://pi.ai/", [("Cookie", "a=1")]))).cookies == {"a": "1"}


# Anything.

_words = st.sampled_from(
    [
        "log",
        "entries",
        "request",
        "headers",
        "cookies",
        "name",
        "value",
        "domain",
        "url",
        "expires",
        "hostOnly",
        "user_agent",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_words, inner),
)
_lines = st.lists(
    st.lists(st.text(max_size=5) | st.sampled_from(["pi.ai", "#HttpOnly_", "TRUE", "0"]), max_size=8).map("\t".join)
)


@given(
    st.binary()
    | _json.map(lambda value: json.dumps(value).encode())
    | _lines.map(lambda text: "\n".join(text).encode())
)
def test_any_bytes_are_read_or_refused(data):
    try:
        login = read(data)
    except InvalidSetting:
        return
    for name, value in login.cookies.items():
        assert name
        assert value.isprintable()
        assert ";" not in f"{name}{value}"


def test_no_secret_is_shown():
    login = Login(cookies={"a": "s3cr3t"}, authorization="Bearer s3cr3t", user_agent="Browser/1")
    assert "s3cr3t" not in repr(login)
    with pytest.raises(InvalidSetting) as caught:
        read("pi.ai s3cr3t")
    assert "s3cr3t" not in str(caught.value)
