"""The answer is the same whoever asks in which way, and however the network cuts, encodes or decorates it."""

from collections.abc import Callable

import pytest

from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.kit import ANSWER, HELD, PIECES, WAYS, collected, says, text_of
from freeproviders.testing.promises.base import Contract, streaming
from freeproviders.transport import Client
from freeproviders.wire import Done, Prompt, Turn

__all__ = ["SameAnswer"]

DECORATIONS = {
    "CRLF": Scenario(pieces=PIECES, crlf=True),
    "BOM": Scenario(pieces=PIECES, bom=True),
    "BOM in single bytes": Scenario(pieces=PIECES, bom=True, fragment=1),
    "wrong charset": Scenario(pieces=PIECES, charset="iso-8859-1"),
    "unknown charset": Scenario(pieces=PIECES, charset="klingon"),
    "wrong content type": Scenario(pieces=PIECES, content_type="image/png"),
    "gzip": Scenario(pieces=PIECES, compress="gzip"),
    "deflate": Scenario(pieces=PIECES, compress="deflate"),
    "brotli": Scenario(pieces=PIECES, compress="br"),
    "gzip in single bytes": Scenario(pieces=PIECES, compress="gzip", fragment=1),
    "CRLF in single bytes": Scenario(pieces=PIECES, crlf=True, fragment=1),
    "slow first byte": Scenario(pieces=PIECES, first_byte_delay=0.01),
}
HONEST = {
    "a field of an event stream": "Use data: {x} and data: y, event: z, id: 1",
    "JSON": '{"text": "no", "event": "text", "data": "x"}',
    "a role line": "User: hello\nAssistant: hi",
    "a page": "<!DOCTYPE html><html><head><title>Mine</title></head><body>Just a moment...</body></html>",
    "WeChat": "微信是一款应用程序，由腾讯开发。",
    "an announcement in the middle": "一条“系统公告”是系统发给用户的通知。",
    "apologies": "抱歉，我不知道。",
    "misuse in the middle": "The words 'Misuse detected' are a notice.",
    "a leading line break": "\n\nHello",
    "trailing blanks": "Hello  ",
    "leading blanks": "  indented",
    "quotes and backslashes": '"quoted" \\n \\u4f60 \t tab',
    "one letter": "x",
    "line breaks": "one\ntwo\n\nthree",
    "a replacement character inside": "a\ufffdb",
    "line separators": "a\u2028b\u2029c\x85d",
    "combined characters": "👩‍👩‍👧‍👦 é e\u0301",
}


class SameAnswer(Contract):
    """The answer is the same, whoever asks in which way."""

    @pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
    def test_every_way_of_asking_gives_the_same_text(self, sandbox: Sandbox, ask: Callable[[Client], str]) -> None:
        sandbox.scenario = says()
        assert ask(self.client(sandbox)) == ANSWER

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 97])
    async def test_every_fragmentation_gives_the_same_text(self, sandbox: Sandbox, size: int | None) -> None:
        sandbox.scenario = Scenario(pieces=PIECES, fragment=size)
        client = self.client(sandbox)
        assert (await collected(client), (await client.acomplete("hello")).text) == (ANSWER, ANSWER)

    @pytest.mark.parametrize("decoration", DECORATIONS.values(), ids=DECORATIONS)
    async def test_what_surrounds_the_text_does_not_change_it(self, sandbox: Sandbox, decoration: Scenario) -> None:
        sandbox.scenario = decoration
        assert await collected(self.client(sandbox)) == ANSWER

    @pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
    @pytest.mark.parametrize("size", [None, 1])
    async def test_an_honest_answer_passes_to_the_letter(self, sandbox: Sandbox, text: str, size: int | None) -> None:
        sandbox.scenario = says(text, fragment=size)
        assert await collected(self.client(sandbox)) == text

    async def test_a_large_answer_arrives_whole(self, sandbox: Sandbox) -> None:
        pieces = tuple(f"{number} é😀 " * 100 for number in range(2000))
        sandbox.scenario = Scenario(pieces=pieces)
        assert (await self.client(sandbox).acomplete("hello")).text == "".join(pieces)

    async def test_one_piece_of_two_megabytes_arrives_whole(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(long_line=2_000_000)
        assert await collected(self.client(sandbox)) == "x" * 2_000_000

    @streaming
    async def test_the_first_piece_arrives_before_the_last_is_sent(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        events = self.client(sandbox).astream("hello")
        first = await anext(events)
        assert (text_of([first]), sandbox.received[-1].outcome) == (PIECES[0], "open")
        sandbox.release()
        assert text_of([first, *[event async for event in events]]) == ANSWER

    @streaming
    def test_the_first_piece_reaches_a_blocking_caller_before_the_last_is_sent(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        events = self.client(sandbox).stream("hello")
        first = next(events)
        assert (text_of([first]), sandbox.received[-1].outcome) == (PIECES[0], "open")
        sandbox.release()
        assert text_of([first, *events]) == ANSWER

    async def test_no_empty_text_is_handed_on_and_done_comes_last(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(pieces=PIECES, fragment=1)
        *events, done = [event async for event in self.client(sandbox).astream("hello")]
        assert all(text_of([event]) for event in events)
        assert isinstance(done, Done)
        assert done.metadata["provider"] == self.provider

    async def test_the_metadata_of_whole_and_stream_agree(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox)
        *_, done = [event async for event in client.astream("hello")]
        whole = await client.acomplete("hello")
        assert isinstance(done, Done)
        assert done.metadata.keys() == whole.metadata.keys()
        assert {"provider", "model", "finish_reason", "attempts"} <= whole.metadata.keys()

    def test_the_callers_objects_stay_as_they_are(self, sandbox: Sandbox) -> None:
        cookies, headers, body = {"a": "1"}, {"X-Mine": "1"}, dict[str, str]()
        turns = (Turn(role="system", text="Be brief."), Turn(role="user", text="hello"))
        client = self.client(sandbox, cookies=cookies, default_headers=headers, extra_body=body)
        sandbox.scenario = says(set_cookies={"a": "2", "b": "3"})
        client.complete(Prompt(turns=turns, settings={"user_agent": "mine"}))
        assert (cookies, headers, body) == ({"a": "1"}, {"X-Mine": "1"}, {})
        assert turns == (Turn(role="system", text="Be brief."), Turn(role="user", text="hello"))
