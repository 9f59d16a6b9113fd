"""Headers, cookies and variables of any content: read, or refused with an error that names no secret."""

import math
import os

import pytest
from fuzz_kit import BODIES, JSON, tried
from hypothesis import example, given, settings
from hypothesis import strategies as st

from freeproviders import errors, providers
from freeproviders.logins.formats import cookies_within, read_login
from freeproviders.settings import cookie_mapping, variable
from freeproviders.status import failure, message_in, retry_after_seconds, said
from freeproviders.wire import Reply

NAMES = providers.names()
DATES = st.lists(
    st.sampled_from(
        ["Wed,", "01", "31", "Jan", "2098", "00:00:00", "99:99:99", "GMT", "-0000", "+9999", "EST", ":", "-"]
    ),
    max_size=8,
).map(" ".join)
NUMBERS = st.sampled_from(["0", "7", "٣", "²", "9" * 5000, "-1", "1.5", "inf", "nan", " 5 ", "1e3", "0x10"])
# What may stand in an environment variable.
PLAIN = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
HEADER = st.lists(st.sampled_from(["a", "=", ";", " ", "b=1", "c==", '"q"', "é", "\t", "{", "}"]), max_size=10).map(
    "".join
)


@given(value=st.none() | DATES | NUMBERS | st.text(max_size=20))
@example(value="Thu, 01 Jan 99999 00:00:00 GMT")
@example(value="0, 0 Jan 0 0:0:0")
def test_a_retry_after_is_seconds_or_nothing(value):
    seconds = retry_after_seconds(value, now=lambda: 0.0)
    assert seconds is None or (seconds >= 0 and not math.isnan(seconds))


@given(
    status=st.integers(min_value=100, max_value=999),
    body=BODIES,
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "location", "cf-mitigated"]), st.text(max_size=9), max_size=3
    ),
)
def test_any_status_is_good_or_a_typed_error(status, body, headers):
    reply = Reply(status=status, headers=headers, body=body)
    error = failure("any", reply, {})
    assert isinstance(error, errors.ProviderError) or (error is None and 200 <= status < 300)
    assert len(said(reply)) <= 200


@given(value=JSON)
def test_the_words_of_an_error_object_are_text(value):
    assert isinstance(message_in(value), str)


@given(text=HEADER | st.text(max_size=20))
def test_a_cookie_header_is_read_or_refused(text):
    cookies, error = tried(lambda: cookie_mapping(text))
    assert error in (None, errors.InvalidSetting)
    assert all(cookies or {})  # no name is empty


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(cookies=HEADER | PLAIN | st.dictionaries(PLAIN, PLAIN, max_size=3))
def test_cookies_of_any_content_are_taken_or_refused(name, cookies):
    _, error = tried(lambda: providers.get(name).configure({"cookies": cookies}))
    assert error in (None, errors.InvalidSetting)


@given(
    data=BODIES
    | st.lists(
        st.sampled_from(
            [
                "pi.ai",
                ".pi.ai",
                "\t",
                "\n",
                "#HttpOnly_",
                "TRUE",
                "0",
                "1e400",
                "name",
                "#",
                '{"cookies": [',
                "{}",
                "]}",
            ]
        ),
        max_size=16,
    ).map(lambda words: "".join(words).encode())
)
@example(data=b'{"cookies":' * 2000)
def test_a_file_of_cookies_is_read_or_refused(data):
    login, error = tried(lambda: read_login(data, {"pi.ai"}, 1.7e9))
    assert error in (None, errors.InvalidSetting)
    assert login is None or all(login.cookies)


@given(exported=st.lists(JSON, max_size=3))
def test_exported_cookies_are_read_or_refused(exported):
    _, error = tried(lambda: cookies_within(exported, {"pi.ai"}, 0.0))
    assert error in (None, errors.InvalidSetting)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(data=st.data())
def test_variables_of_any_content_are_taken_or_refused(name, data):
    kind = providers.get(name)
    setting = data.draw(st.sampled_from(sorted(kind.setting_names())))
    text = data.draw(
        PLAIN | HEADER | st.sampled_from(['{"a":' * 2000, '{"a": [1]}', "[]", "9" * 5000, "true", "-1", "{"])
    )
    os.environ[variable(name, setting)] = text
    try:
        _, error = tried(lambda: kind.configure({}))
    finally:
        del os.environ[variable(name, setting)]
    assert error in (None, errors.InvalidSetting)
