"""Whatever a service sends over the network, with whatever status and headers: an answer or a typed error."""

import pytest
from fuzz_kit import BODIES, tried
from hypothesis import given, settings
from hypothesis import strategies as st

from freeproviders import Client, Prompt, Retry, Text, Timeouts, errors, providers
from freeproviders.sandbox import Sandbox, Scenario

NAMES = providers.names()
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Location", "X-Note", "cf-mitigated", "Server"]),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
    max_size=2,
)
SCENARIOS = st.builds(
    Scenario,
    on=st.sampled_from(["answer", "answer", "start", "any"]),
    body=BODIES,
    status=st.none()
    | st.sampled_from([200, 201, 206, 299, 301, 302, 307, 400, 401, 403, 404, 418, 422, 429, 451, 500, 599]),
    headers=HEADERS,
    content_type=st.sampled_from(
        ["text/plain", "application/json; charset=utf-16", "text/event-stream", "nonsense", ""]
    ),
    fragment=st.none() | st.integers(min_value=1, max_value=64),
)


@pytest.fixture(scope="module")
def service():
    with Sandbox() as running:
        yield running


def _client(service: Sandbox, name: str) -> Client:
    return Client(name, base_url=service.url(name), retry=Retry(attempts=1), timeouts=Timeouts(idle=20, first_byte=20))


def _streamed(client: Client) -> tuple[str, type[errors.ProviderError] | None]:
    """The text of a stream, or the error that ended it; an interruption counts as what has caused it."""
    try:
        return "".join([event.text for event in client.stream("hello") if isinstance(event, Text)]), None
    except errors.StreamInterrupted as broken:
        return "", type(broken.__cause__)
    except errors.ProviderError as error:
        return "", type(error)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(scenario=SCENARIOS)
def test_anything_a_service_sends_is_an_answer_or_a_typed_error(service, name, scenario):
    service.scenario = scenario
    client = _client(service, name)
    answer, error = tried(lambda: client.complete("hello"))
    assert _streamed(client) == (answer.text if answer else "", error)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(body=BODIES, size=st.integers(min_value=1, max_value=64))
def test_the_networks_cuts_change_no_outcome(service, name, body, size):
    client = _client(service, name)
    outcomes = []
    for fragment in (None, size):
        service.scenario = Scenario(body=body, fragment=fragment)
        answer, error = tried(lambda: client.complete("hello"))
        outcomes.append((answer.text if answer else "", error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(text=st.text(max_size=40))
def test_any_text_can_be_asked(service, name, text):
    service.scenario = Scenario(answer="Well.")
    answer, error = tried(lambda: _client(service, name).complete(Prompt.of(text)))
    assert (answer.text, error) == ("Well.", None) if text.strip() else error is errors.UnsupportedContent
