"""What is known of an answer, at the places where LangChain looks for it; the same for whole answers and streams."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata

__all__ = ["Known", "known_of"]

Known = dict[str, Any]

_NAMES = {"provider": "model_provider", "model": "model_name"}
_COUNTED = ("prompt_tokens", "completion_tokens")


def known_of(facts: Mapping[str, Any]) -> Known:
    """The arguments of a message that say what is known of it.

    Token counts become ``usage_metadata``, and the model's reasoning ``additional_kwargs["reasoning_content"]``, as in
    other LangChain packages: ``content_blocks`` shows it from there. All else is ``response_metadata``.

    Args:
        facts: The metadata of an answer.
    """
    rest = dict(facts)
    known: Known = {}
    if "reasoning" in rest:
        known["additional_kwargs"] = {"reasoning_content": rest.pop("reasoning")}
    if set(_COUNTED) <= rest.get("usage", {}).keys():
        known["usage_metadata"] = _usage(rest.pop("usage"))
    known["response_metadata"] = {_NAMES.get(name, name): value for name, value in rest.items()}
    return known


def _usage(counted: Mapping[str, int]) -> UsageMetadata:
    asked, said = (counted[name] for name in _COUNTED)
    usage = UsageMetadata(
        input_tokens=asked, output_tokens=said, total_tokens=counted.get("total_tokens", asked + said)
    )
    if "cached_tokens" in counted:
        usage["input_token_details"] = InputTokenDetails(cache_read=counted["cached_tokens"])
    if "reasoning_tokens" in counted:
        usage["output_token_details"] = OutputTokenDetails(reasoning=counted["reasoning_tokens"])
    return usage
