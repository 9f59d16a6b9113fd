"""Status codes, Retry-After and error bodies."""

import pytest

from freeproviders import errors
from freeproviders.status import failure, message_in, retry_after_seconds, said
from freeproviders.wire import Reply


@pytest.mark.parametrize("status", [200, 201, 206, 299])
def test_a_good_status_is_no_failure(status):
    assert failure("x", Reply(status=status), {}) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, errors.RequestRejected),
        (400, errors.RequestRejected),
        (401, errors.LoginRequired),
        (402, errors.RateLimited),
        (404, errors.RequestRejected),
        (407, errors.RequestRejected),
        (408, errors.TimedOut),
        (413, errors.PromptTooLong),
        (418, errors.RequestRejected),
        (429, errors.RateLimited),
        (500, errors.ServerFailed),
        (599, errors.ServerFailed),
    ],
)
def test_a_status_has_its_class(status, kind):
    error = failure("x", Reply(status=status), {})
    assert (type(error), error.status, error.provider) == (kind, status, "x")


def test_a_hint_beats_the_usual_meaning():
    error = failure("x", Reply(status=401), {401: "Set secret."})
    assert (type(error), "Set secret." in str(error)) == (errors.RequestRejected, True)


@pytest.mark.parametrize("target", ["/login", "https://a/auth/x", "/SignIn"])
def test_a_redirect_to_a_login_asks_for_one(target):
    assert isinstance(failure("x", Reply(status=302, headers={"location": target}), {}), errors.LoginRequired)


@pytest.mark.parametrize("header", [{"cf-mitigated": "challenge"}, {"x-amzn-waf-action": "captcha"}])
def test_a_challenge_is_known_by_its_header_alone(header):
    assert isinstance(failure("x", Reply(status=403, headers=header), {403: "?"}), errors.Blocked)


NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10.0),
        ("Tue, 14 Nov 2023 22:13:30 -0000", 10.0),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("Tue, 99 Nov 2023 22:13:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after_seconds(value, now=lambda: NOW) == seconds


def test_an_endless_retry_after_is_still_a_number():
    assert retry_after_seconds("9" * 400) == float("inf")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"error": "a"}, "a"),
        ({"error": {"message": "a", "code": 1}}, "a"),
        ({"data": {"message": "d"}, "error": "e"}, "d"),
        ({"message": "", "error": "e"}, "e"),
        ({"code": 1}, ""),
        (["a"], ""),
        (None, ""),
        ("a", "a"),
    ],
)
def test_the_text_of_an_error_object_is_found(value, text):
    assert message_in(value) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"message": "no"}', "no"),
        (b"plain", "plain"),
        (b"", "nothing"),
        (b"x" * 500, "x" * 200),
        (b"\xff", "\ufffd"),
        (b"[" * 100_000, "[" * 200),
        (b'{"code": 1}', '{"code": 1}'),
    ],
)
def test_the_services_words_are_quoted(body, text):
    assert said(Reply(status=400, body=body)) == text
