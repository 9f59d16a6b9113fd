"""Texts joined into events, and halves of characters into characters."""

from hypothesis import given
from hypothesis import strategies as st

from freeproviders.merging import Merger
from freeproviders.wire import Fact, Text


def merged(*parts: str) -> str:
    """The text of parts that come one at a time."""
    merger, texts = Merger(), []
    for part in parts:
        merger.add(part)
        texts += merger.take()
    return "".join(event.text for event in [*texts, *merger.take(last=True)])


def test_adjacent_texts_become_one_event():
    merger = Merger()
    for part in ("a", "", "b", Fact("x", 1), "c"):
        merger.add(part)
    assert (merger.take(), merger.take()) == ([Text("ab"), Fact("x", 1), Text("c")], [])


def test_the_halves_of_a_character_are_joined():
    assert merged("a\ud83d", "\ude00b") == merged("a\ud83d\ude00b") == "a😀b"


def test_a_half_that_stays_alone_is_marked():
    assert merged("a\ud83d") == merged("a", "\ude00") == "a\ufffd"
    assert merged("\ud83d", "b") == "\ufffdb"


@given(st.lists(st.text(alphabet="ab\ud83d\ude00é😀", max_size=4), max_size=6))
def test_the_text_can_always_be_sent_and_does_not_depend_on_the_cuts(parts):
    text = merged(*parts)
    assert text == merged("".join(parts))
    text.encode()
