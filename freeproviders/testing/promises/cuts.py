"""The answer cut at every byte: a typed error or an interrupted stream, never a wrong or silently short answer."""

from freeproviders import errors
from freeproviders.policy import Retry
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.kit import ANSWER, PIECES
from freeproviders.testing.promises.base import Contract
from freeproviders.transport import Client
from freeproviders.wire import Text

__all__ = ["Cuts"]

TWICE = Retry(attempts=2)
CUT = (errors.ConnectionFailed, errors.BadReply, errors.LoginRequired)


async def _every_cut(sandbox: Sandbox, client: Client) -> range:
    sandbox.scenario = Scenario(pieces=PIECES)
    await client.acomplete("hello")
    return range(sandbox.received[-1].sent + 1)


async def _streamed(client: Client) -> tuple[str, errors.ProviderError | None]:
    passed: list[str] = []
    try:
        async for event in client.astream("hello"):
            if isinstance(event, Text):
                passed.append(event.text)
    except errors.ProviderError as error:
        return "".join(passed), error
    return "".join(passed), None


class Cuts(Contract):
    """A cut answer is never taken for a whole one."""

    async def test_a_cut_stream_ends_in_an_error_that_holds_what_was_handed_on(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox)
        for cut in await _every_cut(sandbox, client):
            sandbox.scenario = Scenario(pieces=PIECES, cut_at=cut)
            passed, error = await _streamed(client)
            assert ANSWER.startswith(passed), cut
            if passed:
                assert isinstance(error, errors.StreamInterrupted), cut
                assert error.partial == passed, cut
            else:
                assert isinstance(error, CUT), cut

    async def test_a_whole_answer_that_is_cut_is_never_returned(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox)
        for cut in await _every_cut(sandbox, client):
            sandbox.scenario = Scenario(pieces=PIECES, cut_at=cut)
            try:
                answer = await client.acomplete("hello")
            except CUT:
                continue
            raise AssertionError(f"cut at {cut}: {answer}")

    async def test_a_whole_answer_that_is_cut_is_asked_for_again(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox, retry=TWICE)
        for cut in await _every_cut(sandbox, client):
            sandbox.scenario = None
            sandbox.script(Scenario(pieces=PIECES, cut_at=cut), Scenario(pieces=PIECES))
            answer = await client.acomplete("hello")
            assert (answer.text, answer.metadata["attempts"]) == (ANSWER, 2), cut

    async def test_a_stream_that_is_cut_never_repeats_text(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox, retry=TWICE)
        for cut in await _every_cut(sandbox, client):
            sandbox.reset()
            sandbox.script(Scenario(pieces=PIECES, cut_at=cut), Scenario(pieces=PIECES))
            passed, error = await _streamed(client)
            if error is None:
                assert passed == ANSWER, cut
            else:
                assert isinstance(error, errors.StreamInterrupted), cut
                assert (ANSWER.startswith(passed), error.partial) == (True, passed), cut
                assert len([item for item in sandbox.received if item.endpoint == "answer"]) == 1, cut

    async def test_a_compressed_answer_that_is_cut_is_never_returned(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox)
        sandbox.scenario = Scenario(pieces=PIECES, compress="gzip")
        await client.acomplete("hello")
        for cut in range(0, sandbox.received[-1].sent, 5):
            sandbox.scenario = Scenario(pieces=PIECES, compress="gzip", cut_at=cut)
            passed, error = await _streamed(client)
            if error is None:  # ids that differ from call to call may compress to fewer bytes than the cut is at
                assert (passed, sandbox.received[-1].sent < cut) == (ANSWER, True), cut
            else:
                assert ANSWER.startswith(passed), cut
                assert isinstance(error, (*CUT, errors.StreamInterrupted)), cut
