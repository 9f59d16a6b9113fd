"""Whatever bytes a service sends, its decoder gives text or a typed error, and the network's cuts change nothing."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from freeproviders import registry
from freeproviders.errors import ProviderError
from freeproviders.testing.kit import text_of
from freeproviders.testing.promises.base import Contract
from freeproviders.wire import Decoder, Event, Prompt, Reply

__all__ = ["AnyBytes"]

FRAGMENTS = (
    *(b"\n", b"\n\n", b"\r\n", b"\r", b" ", b"data: ", b"data:", b"event: message\n", b": x\n", b"data: [DONE]\n\n"),
    *(b'{"text": "a"}', b'{"content": "c"}', b'{"content": 1}', b'{"error": "e"}', b'{"text": "\\ud83d"}'),
    *(b"{", b"}", b"[]", b"null", b'"', b"1", b"\\ud83d"),
    *("é".encode(), "😀".encode(), b"\xff", b"\x00", b"\xef\xbb\xbf"),
)
PLACES = st.lists(st.integers(min_value=0, max_value=200), max_size=5)


class AnyBytes(Contract):
    """No bytes whatever make a decoder fail in another way than by a typed error."""

    def test_the_outcome_is_typed_and_does_not_depend_on_the_cuts(self) -> None:
        pieces = st.sampled_from((*FRAGMENTS, *self.fragments)) | st.binary(max_size=6)
        bodies = st.lists(pieces, max_size=12).map(b"".join)

        # the same examples on every machine, however busy it is, and no folder left behind
        @settings(deadline=None, database=None, derandomize=True)
        @given(body=bodies, where=PLACES)
        def check(body: bytes, where: list[int]) -> None:
            edges = [0, *sorted(place % (len(body) + 1) for place in where), len(body)]
            parts = [body[begin:end] for begin, end in itertools.pairwise(edges)]
            text, error = self._ending(parts)
            whole_text, whole_error = self._ending([body])
            assert error == whole_error
            if error is None:
                assert text == whole_text
            text.encode()

        check()

    def test_no_body_at_all_gives_no_text(self) -> None:
        assert self._ending([]) == self._ending([b""])
        assert self._ending([])[0] == ""

    def _decoder(self) -> Decoder:
        """The decoder of a fresh answer; whatever comes before it in the exchange succeeds."""
        exchange = registry.get(self.provider)().exchange(Prompt.of("hello"))
        request = next(exchange)
        while request.decoder is None:
            request = exchange.send(Reply(status=200, body=self.first_reply))
        return request.decoder

    def _ending(self, parts: list[bytes]) -> tuple[str, type[ProviderError] | None]:
        """The text and the class of the error in which a body ends."""
        decoder, events = self._decoder(), list[Event]()
        try:
            for part in parts:
                events += decoder.feed(part)
            while last := decoder.finish():
                events += last
        except ProviderError as error:
            return text_of(events), type(error)
        return text_of(events), None
