"""The answer cut at every byte: a typed error or an interrupted stream, never a wrong or silently short answer."""

from contract_kit import ANSWER, PIECES, client_of, every_provider

from freeproviders import Retry, Text, errors
from freeproviders.sandbox import Scenario

TWICE = Retry(attempts=2)
CUT = (errors.ConnectionFailed, errors.BadReply, errors.LoginRequired)


async def _every_cut(sandbox, name: str) -> range:
    sandbox.scenario = Scenario(pieces=PIECES)
    await client_of(sandbox, name).acomplete("hello")
    return range(sandbox.received[-1].sent + 1)


async def _streamed(client) -> tuple[str, errors.ProviderError | None]:
    passed: list[str] = []
    try:
        async for event in client.astream("hello"):
            if isinstance(event, Text):
                passed.append(event.text)
    except errors.ProviderError as error:
        return "".join(passed), error
    return "".join(passed), None


@every_provider
async def test_a_cut_stream_ends_in_an_error_that_holds_what_was_handed_on(sandbox, name):
    client = client_of(sandbox, name)
    for cut in await _every_cut(sandbox, name):
        sandbox.scenario = Scenario(pieces=PIECES, cut_at=cut)
        passed, error = await _streamed(client)
        assert ANSWER.startswith(passed), cut
        if passed:
            assert isinstance(error, errors.StreamInterrupted), cut
            assert error.partial == passed, cut
        else:
            assert isinstance(error, CUT), cut


@every_provider
async def test_a_whole_answer_that_is_cut_is_never_returned(sandbox, name):
    client = client_of(sandbox, name)
    for cut in await _every_cut(sandbox, name):
        sandbox.scenario = Scenario(pieces=PIECES, cut_at=cut)
        try:
            answer = await client.acomplete("hello")
        except CUT:
            continue
        raise AssertionError(f"cut at {cut}: {answer}")


@every_provider
async def test_a_whole_answer_that_is_cut_is_asked_for_again(sandbox, name):
    client = client_of(sandbox, name, retry=TWICE)
    for cut in await _every_cut(sandbox, name):
        sandbox.scenario = None
        sandbox.script(Scenario(pieces=PIECES, cut_at=cut), Scenario(pieces=PIECES))
        answer = await client.acomplete("hello")
        assert (answer.text, answer.metadata["attempts"]) == (ANSWER, 2), cut


@every_provider
async def test_a_stream_that_is_cut_never_repeats_text(sandbox, name):
    client = client_of(sandbox, name, retry=TWICE)
    for cut in await _every_cut(sandbox, name):
        sandbox.reset()
        sandbox.script(Scenario(pieces=PIECES, cut_at=cut), Scenario(pieces=PIECES))
        passed, error = await _streamed(client)
        if error is None:
            assert passed == ANSWER, cut
        else:
            assert isinstance(error, errors.StreamInterrupted), cut
            assert (ANSWER.startswith(passed), error.partial) == (True, passed), cut
            assert len([item for item in sandbox.received if item.endpoint == "answer"]) == 1, cut


@every_provider
async def test_a_compressed_answer_that_is_cut_is_never_returned(sandbox, name):
    client = client_of(sandbox, name)
    sandbox.scenario = Scenario(pieces=PIECES, compress="gzip")
    await client.acomplete("hello")
    for cut in range(0, sandbox.received[-1].sent, 5):
        sandbox.scenario = Scenario(pieces=PIECES, compress="gzip", cut_at=cut)
        passed, error = await _streamed(client)
        assert ANSWER.startswith(passed), cut
        assert isinstance(error, (*CUT, errors.StreamInterrupted)), cut
