"""Whatever bytes a service sends, its decoder gives text or a typed error, and the network's cuts change nothing."""

import itertools

import pytest
from contract_kit import NAMES, every_provider
from hypothesis import given
from hypothesis import strategies as st

from freeproviders import Prompt, Text, errors, providers
from freeproviders.wire import Decoder, Reply

STARTED = Reply(status=200, body=b'{"sid": "abc"}')


def decoder_of(name: str) -> Decoder:
    """The decoder of a fresh answer; whatever comes before it in the exchange succeeds."""
    exchange = providers.get(name)().exchange(Prompt.of("hello"))
    request = next(exchange)
    while request.decoder is None:
        request = exchange.send(STARTED)
    return request.decoder


def outcome(name: str, parts: list[bytes]) -> tuple[str, type | None]:
    """The text and the class of the error in which a body ends."""
    decoder, texts = decoder_of(name), []
    try:
        for part in parts:
            texts += [event.text for event in decoder.feed(part) if isinstance(event, Text)]
        while events := decoder.finish():
            texts += [event.text for event in events if isinstance(event, Text)]
    except errors.ProviderError as error:
        return "".join(texts), type(error)
    return "".join(texts), None


FRAGMENTS = [
    *(b"\n", b"\n\n", b"\r\n", b"\r", b" ", b"data: ", b"data:", b"event: partial\n", b"event: message\n", b": x\n"),
    *(
        b'{"text": "a"}',
        b'{"sid": "s"}',
        b'{"event": "text", "data": "b"}',
        b'{"event": 1, "data": {}}',
        b'{"error": "e"}',
    ),
    *(b'{"content": "c"}', b'{"answer": {"content": "d"}}', b'{"content": 1}', b"{", b"}", b"[]", b"null", b'"', b"1"),
    *("é".encode(), "😀".encode(), b"\xff", b"\x00", b"\xef\xbb\xbf", b"\\ud83d", b'{"text": "\\ud83d"}'),
    *(b'event: partial\ndata: {"text": "\\ud83d"}\n\n', b'event: partial\ndata: {"text": "\\ude00"}\n\n'),
    *(b'{"event": "text", "data": "\\ud83d"}\n', b'{"event": "text", "data": "\\ude00"}\n', b'{"content": "\\ude00"}'),
    *("系统公告".encode(), "sorry, 您的ip".encode(), "微信".encode(), "文字过长".encode(), b"Misuse detected"),
]
bodies = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=6), max_size=12).map(b"".join)
places = st.lists(st.integers(min_value=0, max_value=200), max_size=5)


@pytest.mark.parametrize("name", NAMES)
@given(body=bodies, where=places)
def test_the_outcome_is_typed_and_does_not_depend_on_the_cuts(name, body, where):
    edges = [0, *sorted(place % (len(body) + 1) for place in where), len(body)]
    parts = [body[begin:end] for begin, end in itertools.pairwise(edges)]
    text, error = outcome(name, parts)
    whole_text, whole_error = outcome(name, [body])
    assert error == whole_error
    if error is None:
        assert text == whole_text
    text.encode()


@every_provider
def test_no_body_at_all_gives_no_text(name):
    assert outcome(name, []) == outcome(name, [b""])
    assert outcome(name, [])[0] == ""
