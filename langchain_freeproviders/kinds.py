"""The kinds of words that pydantic does not see: those of a call, and of a copy with changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from freeproviders.errors import InvalidSetting

__all__ = ["check_kinds", "stops_of"]

_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "max_retries": (int, "a whole number"),
    "max_tokens": (int, "a whole number"),
    "model": (str, "the name of a model"),
    "model_kwargs": (Mapping, "a mapping of fields to their values"),
    "provider": (str, "the name of a provider"),
    "proxy": (str, "the URL of a proxy, such as http://127.0.0.1:8080"),
    "settings": (Mapping, "a mapping of names to values"),
    "temperature": ((int, float), "a number"),
    "timeout": ((int, float), "a number of seconds"),
    "tools": ((list, tuple), "a list of tools"),
}


def check_kinds(words: Mapping[str, Any], provider: str) -> None:
    """Checks that words are of the kind they must be, where they are given at all.

    Args:
        words: Words by name; those that are not known here pass.
        provider: Name of the service, for the error.

    Raises:
        InvalidSetting: If one is not; its value is not quoted, as it may be a secret.
    """
    for name, value in words.items():
        kind, wanted = _KINDS.get(name, (object, ""))
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not object)):
            raise InvalidSetting(f"{name} must be {wanted}, not a {type(value).__name__}", provider=provider)


def stops_of(given: str | Sequence[str] | None, provider: str) -> tuple[str, ...]:
    """Stop sequences as a tuple; a text is one.

    Raises:
        InvalidSetting: If they are no texts.
    """
    stops = (given,) if isinstance(given, str) else given or ()
    if not isinstance(stops, list | tuple) or not all(isinstance(one, str) for one in stops):
        raise InvalidSetting("stop must be a list of texts", provider=provider)
    return tuple(stops)
