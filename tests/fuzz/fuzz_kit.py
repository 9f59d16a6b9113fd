"""What the fuzz tests share: places to cut bytes at, values of JSON, and the one promise about whatever they meet."""

import itertools
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from freeproviders import errors

PLACES = st.lists(st.integers(min_value=0, max_value=10_000), max_size=6)

# Words that mean something to a parser, and bytes that are awkward for all of them.
WORDS = (
    *(
        b"data:",
        b"data: ",
        b"event: partial\n",
        b"event: message\n",
        b"id: 1\n",
        b"\n",
        b"\n\n",
        b"\r\n",
        b"\r",
        b": x\n",
    ),
    *(
        b'{"text": "a"}',
        b'{"event": "text", "data": "b"}',
        b'{"content": "c"}',
        b'{"answer": {"content": 1}}',
        b'{"sid": "s"}',
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b"null",
        b"true",
        b"NaN",
        b"1e999",
        b"-" + b"9" * 5000,
        b"[" * 3000,
        b'{"a":' * 3000,
    ),
    *(b"\xef\xbb\xbf", b"\xff", b"\x00", b"\x89PNG", "é".encode(), "😀".encode(), b"\\ud83d", b"\\ude00", b"\xf0\x9f"),
    *(b"<!DOCTYPE html>", b"<title>Just a moment...", b'id="cf-please-wait"', "系统公告".encode(), "文字过长".encode()),
)
BODIES = st.lists(st.sampled_from(WORDS) | st.binary(max_size=8), max_size=10).map(b"".join)

KEYS = st.sampled_from(["text", "data", "error", "message", "content", "sid", "id", "name", "args", "type"]) | st.text(
    max_size=4
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def parts_of(data: bytes, places: list[int]) -> list[bytes]:
    """The bytes, cut at these places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


def tried(action: Callable[[], Any]) -> tuple[Any, type[errors.ProviderError] | None]:
    """What an action gives, and the error of the tree it ends with; any other exception fails the test."""
    try:
        return action(), None
    except errors.ProviderError as error:
        return None, type(error)
