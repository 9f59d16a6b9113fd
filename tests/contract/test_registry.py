"""Every provider of the registry keeps the contract, and a contract asks for all that the card allows."""

import importlib
from pathlib import Path

import pytest

from freeproviders import providers
from freeproviders.testing import ProviderContract


def _contracts() -> dict[str, type[ProviderContract]]:
    """By provider, the contracts in this folder."""
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(path.stem)
    return {contract.provider: contract for contract in ProviderContract.__subclasses__()}


@pytest.mark.parametrize("name", providers.names())
def test_a_provider_of_the_registry_has_a_contract(name):
    assert name in _contracts()


def _tests(contract: type[ProviderContract]) -> set[str]:
    return {name for name in dir(contract) if name.startswith("test_") and callable(getattr(contract, name))}


def test_what_the_card_rules_out_is_not_collected_and_nothing_else():
    contracts = _contracts()
    every = _tests(ProviderContract)
    left_out = {name: every - _tests(contracts[name]) for name in ("pi", "yqcloud", "pizzagpt")}
    assert left_out["pi"] == {"test_a_thread_is_refused_where_the_service_keeps_none"}
    assert left_out["yqcloud"] == left_out["pi"]
    assert "test_the_first_piece_arrives_before_the_last_is_sent" in left_out["pizzagpt"]
    assert "test_no_message_can_forge_a_line_of_the_transcript" in left_out["pizzagpt"]


def test_no_promise_hides_another_of_its_name():
    kinds = ProviderContract.__bases__
    names = [name for kind in kinds for name in vars(kind) if not name.startswith("__")]
    assert sorted(names) == sorted(set(names))
