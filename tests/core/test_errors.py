"""The error tree: one root, no builtin relatives, and nothing lost on the way to another process."""

import copy
import pickle

import pytest

from freeproviders import errors

KINDS = [kind for kind in map(errors.__dict__.get, errors.__all__) if kind is not errors.Tried]
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_every_error_derives_from_the_root_and_from_no_builtin_one(kind):
    assert issubclass(kind, errors.ProviderError)
    assert not issubclass(kind, (ValueError, TypeError, RuntimeError, OSError, LookupError))


@pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
@every_kind
def test_a_copy_says_the_same(kind, copied):
    words = {"partial": "so far"} if kind is errors.StreamInterrupted else {}
    if kind is errors.AllProvidersFailed:
        tried = errors.Tried(candidate="pi", seconds=0.5, opens_in=1.0)
        error = kind("message", retry_after=1.5, attempts=(tried,))
    else:
        error = kind("message", provider="pi", status=500, retry_after=1.5, **words)
    twin = copied(error)
    assert (type(twin), str(twin), twin.args, vars(twin)) == (kind, str(error), error.args, vars(error))


def test_a_subclass_with_its_own_constructor_can_be_copied():
    class Own(errors.RateLimited):
        def __init__(self, one: int, two: int) -> None:
            super().__init__(f"{one} {two}", provider="x")
            self.two = two

    assert vars(copy.copy(Own(1, 2))) == vars(Own(1, 2))


def test_the_text_names_the_service_and_the_status():
    assert str(errors.RateLimited("Wait.", provider="pi", status=429)) == "[pi] Wait. (HTTP 429)"
    assert str(errors.InvalidSetting("Wrong.")) == "Wrong."


def test_only_passing_failures_are_retryable():
    retryable = {kind.__name__ for kind in KINDS if kind.retryable}
    assert retryable == {"ConnectionFailed", "TimedOut", "RateLimited", "ServerFailed", "BadReply", "EmptyAnswer"}
