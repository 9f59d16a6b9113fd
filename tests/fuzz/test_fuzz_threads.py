"""Thread objects of any content: a caller stores them anywhere, and may hand in what was never one."""

import copy

import pytest
from fuzz_kit import JSON, KEYS, tried
from hypothesis import given, settings
from hypothesis import strategies as st

from freeproviders import Client, Prompt, Retry, Turn, errors, providers
from freeproviders.sandbox import Sandbox, Scenario

THREADED = [name for name in providers.names() if providers.get(name).card.threads]
OWN_KEYS = st.sampled_from(["conversation", "cookies", "userId", "tools", "candidate"]) | KEYS
THREADS = st.dictionaries(OWN_KEYS, JSON, max_size=4)
# A header that aiohttp refuses to write, a name that ends one.
AWKWARD = st.sampled_from(
    [
        {"conversation": "s\r\nX: 1"},
        {"conversation": "é😀", "cookies": {"a": "b\n"}},
        {"conversation": "s", "cookies": {"a\r\nX": "1"}},
        {"conversation": "s", "cookies": {"a": 1}},
        {"conversation": "s", "cookies": {"a": None, "é": "😀"}},
        {"conversation": "\ud800", "cookies": {"a": "\ud800"}},
        {"userId": "#/chat/\n"},
        {"userId": "\ud800"},
    ]
)


@pytest.fixture(scope="module")
def service():
    with Sandbox() as running:
        running.scenario = Scenario(answer="Well.")
        yield running


@pytest.mark.parametrize("name", THREADED)
@settings(max_examples=80)
@given(thread=THREADS | AWKWARD)
def test_a_thread_of_any_content_is_used_or_refused_and_never_changed(service, name, thread):
    before = copy.deepcopy(thread)
    prompt = Prompt(turns=(Turn(role="user", text="hello"),), thread=thread)
    client = Client(name, base_url=service.url(name), retry=Retry(attempts=1))
    answer, error = tried(lambda: client.complete(prompt))
    assert repr(thread) == repr(before)
    assert answer is None or answer.metadata["thread"] is not thread
    assert error not in (errors.ConnectionFailed, errors.ServerFailed, errors.TimedOut)
