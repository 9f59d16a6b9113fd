"""Decoders: the same items whatever the cuts, and errors only after what stood before them."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeproviders.decode import Json, Lines, Mapped, Ndjson, PlainText, ServerSentEvent, Sse, json_objects
from freeproviders.errors import BadReply
from freeproviders.wire import Fact, Text


def run(splitter, parts):
    items = [item for part in parts for item in splitter.feed(part)]
    while more := list(splitter.finish()):
        items += more
    return items


def every_cut(data: bytes):
    """Both halves at every offset, and every byte alone."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(len(data) + 1):
        yield [data[:at], data[at:]]


def cuts(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


places = st.lists(st.integers(min_value=0, max_value=10_000), max_size=8)

LINES = {
    b"a\nb\n": ["a", "b"],
    b"a\r\nb\r\n": ["a", "b"],
    b"a\rb\r": ["a", "b"],
    b"a\n\nb": ["a", "", "b"],
    b"a\r\n\r\nb": ["a", "", "b"],
    b"a\n\r\nb": ["a", "", "b"],
    b"\xef\xbb\xbfa\n\xef\xbb\xbfb": ["a", "\ufeffb"],
    "é😀\u2028x\n你".encode(): ["é😀\u2028x", "你"],
    b"": [],
    b"\n": [""],
    b"\xff\n": ["\ufffd"],
}


@pytest.mark.parametrize(("data", "lines"), LINES.items())
def test_lines_do_not_depend_on_the_cuts(data, lines):
    assert [run(Lines(), parts) for parts in every_cut(data)] == [lines] * (len(data) + 3)


@given(st.text(alphabet="ab\r\né😀", max_size=40), places)
def test_lines_of_any_text_do_not_depend_on_the_cuts(text, where):
    data = text.encode()
    assert run(Lines(), cuts(data, where)) == run(Lines(), [data])


@given(st.lists(st.text(alphabet="abé", max_size=5), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_lines_come_back_as_they_were_joined(lines, end):
    data = "".join(line + end for line in lines).encode()
    assert run(Lines(), [data]) == lines


def test_a_line_as_long_as_the_limit_passes():
    assert run(Lines(limit=3), [b"abc\nab", b"c\n"]) == ["abc", "abc"]


@pytest.mark.parametrize("parts", list(every_cut(b"ok\nabcd\n")))
def test_lines_before_one_that_is_too_long_still_come(parts):
    lines, items = Lines(limit=3), []
    with pytest.raises(BadReply, match="3 bytes"):
        for part in parts:
            for line in lines.feed(part):
                items.append(line)  # noqa: PERF402  # an error in extend would drop what it has taken
    assert items == ["ok"]


def test_an_endless_line_is_not_kept():
    lines = Lines(limit=10)
    with pytest.raises(BadReply):
        for _ in range(11):
            list(lines.feed(b"x"))


SSE = {
    b"data: a\n\n": [ServerSentEvent("message", "a")],
    b"data:a\n\n": [ServerSentEvent("message", "a")],
    b"data:  a\n\n": [ServerSentEvent("message", " a")],
    b"event: x\ndata: a\ndata: b\n\n": [ServerSentEvent("x", "a\nb")],
    b"event: x\n\ndata: a\n\n": [ServerSentEvent("message", "a")],
    b": comment\ndata\n\n": [ServerSentEvent("message", "")],
    b"data: a\r\n\r\ndata: b": [ServerSentEvent("message", "a"), ServerSentEvent("message", "b")],
    b"id: 1\nretry: 2\n\n": [],
    b"data: data: x\n\n": [ServerSentEvent("message", "data: x")],
    b"\xef\xbb\xbfdata: a\n\n": [ServerSentEvent("message", "a")],
    "data: 你😀\n\n".encode(): [ServerSentEvent("message", "你😀")],
}


@pytest.mark.parametrize(("data", "events"), SSE.items())
def test_events_do_not_depend_on_the_cuts(data, events):
    assert [run(Sse(), parts) for parts in every_cut(data)] == [events] * (len(data) + 3)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_do_not_depend_on_the_line_ends(end):
    data = b"event: x\ndata: a\ndata: b\n\ndata: c\n\n".replace(b"\n", end)
    assert run(Sse(), [data]) == [ServerSentEvent("x", "a\nb"), ServerSentEvent("message", "c")]


values = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3))


@given(st.lists(values, max_size=6), places, st.booleans())
def test_json_lines_do_not_depend_on_the_cuts(items, where, ended):
    data = "\n".join(json.dumps(item, ensure_ascii=False) for item in items).encode() + b"\n" * ended
    assert run(Ndjson(), cuts(data, where)) == items


def test_blank_json_lines_are_skipped():
    assert run(Ndjson(), [b"\n 1 \n\t\n\r\n2"]) == [1, 2]


@given(values, places)
def test_a_json_body_does_not_depend_on_the_cuts(value, where):
    data = b"\xef\xbb\xbf" + json.dumps(value).encode()
    assert run(Json(), cuts(data, where)) == [value]


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_json_body_has_no_value(data):
    assert run(Json(), [data]) == []


NO_JSON = [b"{", b"nope", b"[" * 100_000, b"9" * 5000, b"{'a': 1}", b"1 2"]


@pytest.mark.parametrize("data", NO_JSON)
@pytest.mark.parametrize("splitter", [Json, Ndjson])
def test_what_is_no_json_is_a_bad_reply_that_quotes_it(splitter, data):
    with pytest.raises(BadReply, match="expected JSON, got"):
        run(splitter(), [data])


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffd")), places)
def test_text_does_not_depend_on_the_cuts(text, where):
    assert "".join(run(PlainText(), cuts(text.encode(), where))) == text


def test_text_that_ends_in_half_a_character_says_so():
    assert "".join(run(PlainText(), ["é".encode() + "é".encode()[:1]])) == "é\ufffd"


def test_text_is_handed_on_at_once():
    assert list(PlainText().feed(b"x")) == ["x"]


@pytest.mark.parametrize("data", [b"\x89PNG\r\n", b"\x1f\x8b\x08", b"\x00\x01", b"  \xff\xfe", b"%PDF\x00"[4:]])
def test_binary_data_is_no_text(data):
    for parts in every_cut(data):
        with pytest.raises(BadReply, match="expected text"):
            run(PlainText(), parts)


def test_bytes_that_are_no_text_later_on_are_marked():
    assert "".join(run(PlainText(), [b"abc\xffdef"])) == "abc\ufffddef"


@given(st.lists(values, min_size=1, max_size=5), st.sampled_from(["", " ", "\n\n"]))
def test_json_values_stand_one_after_another(items, between):
    objects = [{"value": item} for item in items]
    assert list(json_objects(between.join(map(json.dumps, objects)))) == objects


def test_json_values_before_a_broken_one_still_come():
    found = json_objects('{"a": 1} nope')
    assert next(found) == {"a": 1}
    with pytest.raises(BadReply, match="nope"):
        next(found)


def test_an_item_that_cannot_be_read_raises_after_what_came_before_it():
    decoder = Mapped(Ndjson(), lambda item: (str(item),))
    assert decoder.feed(b"1\n2\nnope\n3\n") == [Text("12")]
    with pytest.raises(BadReply):
        decoder.feed(b"")
    with pytest.raises(BadReply):
        decoder.finish()


@pytest.mark.parametrize("parts", list(every_cut(b"1\nx\n2\n")))
def test_what_comes_before_an_error_does_not_depend_on_the_cuts(parts):
    decoder, texts = Mapped(Ndjson(), lambda item: (str(item),)), []
    with pytest.raises(BadReply):
        for step in [*(lambda part=part: decoder.feed(part) for part in parts), decoder.finish]:
            texts += [event.text for event in step()]
    assert texts == ["1"]


def test_a_line_that_is_too_long_does_not_swallow_the_one_before():
    decoder = Mapped(Ndjson(limit=4), lambda item: (str(item),))
    assert decoder.feed(b"1\n" + b"2" * 5) == [Text("1")]
    with pytest.raises(BadReply, match="max_line_bytes"):
        decoder.finish()


def test_texts_are_joined_around_other_events():
    fact = Fact("a", 1)
    decoder = Mapped(Ndjson(), lambda item: (fact,) if item is None else (item, ""))
    assert decoder.feed(b'"a"\n"b"\nnull\n"c"\n') == [Text("ab"), fact, Text("c")]
