"""Every decoder, filter and splitter, with any bytes: a typed error or events, the same however the bytes are cut."""

import pytest
from fuzz_kit import BODIES, PLACES, parts_of, tried
from hypothesis import example, given
from hypothesis import strategies as st

from freeproviders.decode import Json, Lines, Mapped, Ndjson, PlainText, Sse, json_objects
from freeproviders.prompts import StopCut
from freeproviders.providers.aichats import TextEvents
from freeproviders.providers.pi_replies import conversation_sid, read_event
from freeproviders.screening import ChallengeFilter, Screened, notice
from freeproviders.status import challenged
from freeproviders.wire import Fact, Text


def _told(item):
    yield repr(item)


def _screened():
    def examine(head, complete):
        if head.startswith("data: x"):
            raise notice("any", head, "Ask another.")
        return complete or not "data: x".startswith(head)

    return Screened(Mapped(PlainText(), lambda piece: (piece,)), examine)


DECODERS = {
    "text": lambda: Mapped(PlainText(), lambda piece: (piece,)),
    "lines": lambda: Mapped(Lines(limit=4000), _told),
    "events": lambda: Mapped(Sse(4000), _told),
    "pi": lambda: Mapped(Sse(), read_event),
    "ndjson": lambda: Mapped(Ndjson(), _told),
    "json": lambda: Mapped(Json(), _told),
    "text events": lambda: TextEvents(4000),
    "screened": _screened,
}


def _outcome(make, parts):
    """Text, facts and the class of the error in which a body ends."""
    decoder, events = make(), []

    def read():
        for part in parts:
            events.extend(decoder.feed(part))
        while more := decoder.finish():
            events.extend(more)

    _, error = tried(read)
    text = "".join(event.text for event in events if isinstance(event, Text))
    facts = [event for event in events if isinstance(event, Fact)]
    return text, facts, error


@pytest.mark.parametrize("make", DECODERS.values(), ids=DECODERS)
@given(body=BODIES, where=PLACES)
@example(body=b"[" * 100_000, where=[])
@example(body=b"1" * 5000, where=[17])
def test_what_a_decoder_says_does_not_depend_on_the_cuts(make, body, where):
    (text, facts, error), whole = _outcome(make, parts_of(body, where)), _outcome(make, [body])
    if error is None:
        assert (text, facts, error) == whole
    else:
        # How much of it is handed on before it is known to be wrong is a matter of the cuts; that it is wrong, is not.
        assert error is whole[2]
        assert text.startswith(whole[0])


@pytest.mark.parametrize("make", DECODERS.values(), ids=DECODERS)
@given(body=BODIES)
def test_every_text_a_decoder_gives_can_be_sent_on(make, body):
    _outcome(make, [body])[0].encode()


@given(text=st.text(alphabet='{}[]",: 1aé\n', max_size=30))
def test_objects_in_a_row_are_read_or_refused(text):
    tried(lambda: list(json_objects(text)))


@given(
    value=st.recursive(
        st.none() | st.text(max_size=3),
        lambda one: (
            st.lists(one, max_size=2)
            | st.dictionaries(st.sampled_from(["conversations", "mainConversation", "sid"]), one, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_a_conversation_is_found_or_refused(value):
    sid, error = tried(lambda: conversation_sid(value))
    assert isinstance(sid, str) or error is not None


@given(body=BODIES, where=PLACES)
def test_the_challenge_filter_changes_no_byte_whatever_the_cuts(body, where):
    def passed(parts):
        screen = ChallengeFilter(lambda: challenged("any", 200))
        return b"".join([*map(screen.feed, parts), screen.finish()])

    whole, cut = tried(lambda: passed([body])), tried(lambda: passed(parts_of(body, where)))
    assert whole == cut
    assert whole[1] is not None or whole[0] == body


@given(
    text=st.text(alphabet="abc", max_size=20),
    stops=st.lists(st.text(alphabet="abc", max_size=4), max_size=3),
    where=PLACES,
)
def test_a_stop_sequence_ends_the_text_at_one_place_whatever_the_cuts(text, stops, where):
    cut = StopCut(stops)
    kept = "".join([*(cut.feed(part.decode()) for part in parts_of(text.encode(), where)), cut.finish()])
    assert kept == text[: min((at for stop in stops if stop and (at := text.find(stop)) >= 0), default=len(text))]
