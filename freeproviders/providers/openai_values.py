"""Single values: in what an OpenAI-compatible server sends, whatever else may stand in their place, and of settings."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from freeproviders.errors import BadReply
from freeproviders.wire import Reply

if TYPE_CHECKING:
    from freeproviders.providers.openai_compatible import OpenAICompatible

__all__ = ["model_names", "text_of", "usage_of", "wrong_setting"]

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_NO_USER = (
    "base_url would show a user name and password, and cannot hold them beside a key: give them by "
    "default_headers={'Authorization': 'Basic ...'}"
)
_DETAILS = {"cached_tokens": "prompt_tokens_details", "reasoning_tokens": "completion_tokens_details"}


def text_of(value: Any) -> str:
    """A text, or the texts of its parts; empty for anything else."""
    if isinstance(value, list):
        return "".join(text_of(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def usage_of(value: Any) -> dict[str, int]:
    """The counts in a usage object; empty unless both sides are counted."""
    if not isinstance(value, dict):
        return {}
    found = {name: value[name] for name in _COUNTS if type(value.get(name)) is int}
    if not found.keys() >= set(_COUNTS[:2]):
        return {}
    found.setdefault("total_tokens", found["prompt_tokens"] + found["completion_tokens"])
    for name, place in _DETAILS.items():
        details = value.get(place)
        if isinstance(details, dict) and type(details.get(name)) is int:
            found[name] = details[name]
    return found


def model_names(reply: Reply) -> tuple[str, ...]:
    """The names in a list of models; some servers send the list alone.

    Raises:
        BadReply: If it is no such list.
    """
    listed = reply.json()
    listed = listed.get("data") if isinstance(listed, dict) else listed
    if not isinstance(listed, list) or not all(isinstance(one, dict) and "id" in one for one in listed):
        raise BadReply(f"expected a list of models, got {reply.text[:120]!r}")
    return tuple(str(one["id"]) for one in listed)


def wrong_setting(provider: "OpenAICompatible") -> str:
    """What is wrong with one of a provider's settings; empty for nothing."""
    rules = {
        "path must begin with /": provider.path.startswith("/"),
        "models_path must begin with /, or be empty": (provider.models_path or "/").startswith("/"),
        "tool_mode must be auto, native or prompted": provider.tool_mode in ("auto", "native", "prompted"),
        "images must be auto, yes or no": provider.images in ("auto", "yes", "no"),
        _NO_USER: "@" not in urlsplit(provider.base_url).netloc,
    }
    return next((rule for rule, kept in rules.items() if not kept), "")
