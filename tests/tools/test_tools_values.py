r"""Rows 61 to 89 of the catalogue, values as models write them: each with an example of our own.

A value that was not plain JSON carries the words of its repairs, so that nothing is repaired in silence.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeproviders.errors import BadReply
from freeproviders.tools import UnreadableValue, parse_value

VALUES = [
    ("61-object", '{"a": 1,}', {"a": 1}),
    ("61-array", "[1, 2,]", [1, 2]),
    ("62-line", '{"a": 1, // one }\n "b": 2}', {"a": 1, "b": 2}),
    ("62-block", '{"a": /* a } in here */ 1}', {"a": 1}),
    ("62-hash", '{"a": 1, # also ] this\n "b": 2}', {"a": 1, "b": 2}),
    ("63-keys", "{a: 1, b_c: 2}", {"a": 1, "b_c": 2}),
    ("63-values", "{title: two words here, n: 3}", {"title": "two words here", "n": 3}),
    ("64-smart", "{“a”: “b”}", {"a": "b"}),
    ("64-backtick", "{`a`: `b`}", {"a": "b"}),
    ("64-kept", '{"a": "she said “no” and ‘yes’"}', {"a": "she said “no” and ‘yes’"}),
    ("65", '{"a": "one\ntwo\tthree"}', {"a": "one\ntwo\tthree"}),
    ("66-attribute", '{"a": "<p class="x">hi</p>", "b": 1}', {"a": '<p class="x">hi</p>', "b": 1}),
    ("66-inch", '{"a": "a 24" screen", "b": 1}', {"a": 'a 24" screen', "b": 1}),
    ("67", '{"a": "first, "b": "second"}', {"a": "first", "b": "second"}),
    ("68", '{""a"": ""b c"", "d": 1}', {"a": "b c", "d": 1}),
    ("69-members", '{"a": 1 "b": 2}', {"a": 1, "b": 2}),
    ("69-items", '["a" "b"\n"c"]', ["a", "b", "c"]),
    ("70", '{"a" true, "b": 1}', {"a": True, "b": 1}),
    ("71", '{"a":, "b": 1}', {"a": None, "b": 1}),
    ("72", '{"a": [1, 2, ...], "b": 3, ...}', {"a": [1, 2], "b": 3}),
    ("73-swapped", '{"a": [1, 2}}', {"a": [1, 2]}),
    ("73-surplus", '{"a": [1, 2]]}', {"a": [1, 2]}),
    ("74", '{"a": """one "two"\nthree"""}', {"a": 'one "two"\nthree'}),
    ("75-tuple", "{'a': (1, 2)}", {"a": [1, 2]}),
    ("75-numbers", "[1_000, .5, 5., +3]", [1000, 0.5, 5.0, 3]),
    ("77", '{"id": 12ab-34, "version": 1.2.3, "code": 05}', {"id": "12ab-34", "version": "1.2.3", "code": "05"}),
    ("78", '{"a": "one" + " two"}', {"a": "one two"}),
    ("79-fence", '```json\n{"a": "```x```"}\n```', {"a": "```x```"}),
    ("80", 'Use `{name}` or [1] like this: {"a": {"b": 1}}', [1]),
    ("81", '{"a": 1}, {"b": 2}', [{"a": 1}, {"b": 2}]),
    ("82", 'The list: [{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
    ("83", r'{"a": "C:\path\_x", "b": "\d+", "c": "it\'s"}', {"a": r"C:\path\_x", "b": r"\d+", "c": "it's"}),
    ("84", '{\\n "a": 1,\\n "b": 2\\n}', {"a": 1, "b": 2}),
    ("85", '{"code": "a = 1\\\\nb = 2"}', {"code": "a = 1\\nb = 2"}),
    ("86", '{"a": "caf\\u00é"}', {"a": "café"}),
    ("87", '{"a": "x\\ud83dy"}', {"a": "x\ufffdy"}),
    ("88", '{"a": 1, "a": 2}', {"a": 2}),
    ("python", "{'a': True, 'b': None, 'c': r'\\d'}", {"a": True, "b": None, "c": r"\d"}),
    ("callback", 'callback({"a": 1});', {"a": 1}),
    ("prose", 'Here you are:\n{"a": 1}\nThat is all.', {"a": 1}),
    ("pair", '{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
]
PLAIN = ("pair", "64-kept")


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_the_value_is_read(text, wanted):
    value, repairs = parse_value(text)
    assert value == wanted
    assert json.dumps(value) == json.dumps(wanted), "types differ"
    assert repairs or text in [row[1] for row in VALUES if row[0] in PLAIN]


def test_what_was_cut_off_is_flagged():
    for text in ('{"a": [1, 2', '{"a": "b', '["x", "y'):
        assert "truncated" in parse_value(text)[1]


def test_plain_json_needs_no_repair():
    assert parse_value('{"a": [1, 2.5, "x", null, true]}') == ({"a": [1, 2.5, "x", None, True]}, ())


@pytest.mark.parametrize("text", ["", "   ", "no value here", "[" * 500, '{"a":' * 300, "{" * 90 + "}" * 90, '[b"x"]'])
def test_what_is_no_value_is_refused_with_a_typed_error(text):
    with pytest.raises(UnreadableValue) as caught:
        parse_value(text)
    assert isinstance(caught.value, BadReply)


def test_76_separators_are_no_guess_work():
    assert parse_value('{"a": "12,111"}')[0] == {"a": "12,111"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_every_json_value_is_read_as_it_is(value):
    assert parse_value(json.dumps(value))[0] == value


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_every_python_literal_is_read_as_it_is(value):
    assert parse_value(repr(value))[0] == value


@given(st.text(alphabet="{}[]()\"'`:,\\ab1 \n#/.…“”-+e", max_size=60))
def test_any_text_gives_a_value_or_a_typed_error(text):
    try:
        value, _ = parse_value(text)
    except UnreadableValue:
        return
    json.dumps(value).encode()
