"""The kit's own guard: a subclass that takes a test away is caught."""

import pytest
from kit import LLMIntegrationTests, LLMUnitTests


class Honest(LLMUnitTests):
    supports_streaming = False


class Overriding(LLMUnitTests):
    def test_no_dump_shows_a_secret(self) -> None: ...


class Deleting(LLMIntegrationTests):
    test_stop_ends_the_answer = None


def test_describing_is_allowed() -> None:
    Honest().test_no_test_of_the_kit_is_overridden_or_deleted()


@pytest.mark.parametrize("cls", [Overriding, Deleting])
def test_taking_a_test_away_is_caught(cls: type[LLMUnitTests]) -> None:
    with pytest.raises(AssertionError, match="test_"):
        cls().test_no_test_of_the_kit_is_overridden_or_deleted()
