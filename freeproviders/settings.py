"""Where a provider's settings come from: the argument, then the environment, then the default.

Every constant that a service has rotated is a field of its provider class. ``FREEPROVIDERS_<NAME>_<SETTING>`` sets
one from the environment, ``FREEPROVIDERS_SANDBOX`` sends every provider to a running sandbox.
"""

import difflib
import functools
import json
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from freeproviders.errors import InvalidSetting

__all__ = ["SANDBOX_VARIABLE", "check_types", "cookie_mapping", "from_environment", "nearest", "variable", "word_list"]

SANDBOX_VARIABLE = "FREEPROVIDERS_SANDBOX"


def variable(provider: str, setting: str) -> str:
    """Name of the environment variable of a setting, e.g. ``FREEPROVIDERS_PIZZAGPT_SECRET``."""
    return f"FREEPROVIDERS_{provider}_{setting}".upper()


def from_environment(provider: str, cls: type, given: Iterable[str] = (), *, protocol: str = "") -> dict[str, Any]:
    """The settings of a provider class that the environment holds.

    Args:
        provider: Name of the provider.
        cls: Its dataclass.
        given: Settings that were passed as arguments; their variables are not read.
        protocol: Its name in a sandbox, if that is another.

    Raises:
        InvalidSetting: If a variable's text does not fit its field, or the sandbox's is no address.
    """
    found = {}
    for name, read in _readers(cls).items():
        text = os.environ.get(variable(provider, name))
        if text is not None and name not in given:
            found[name] = _read(variable(provider, name), text, read)
    sandbox = os.environ.get(SANDBOX_VARIABLE)
    if sandbox and "base_url" not in found and "base_url" not in given:
        if not sandbox.startswith(("http://", "https://")):
            raise InvalidSetting(
                f"{SANDBOX_VARIABLE} must be the address that the sandbox prints, http://127.0.0.1:8787"
            )
        found["base_url"] = f"{sandbox.rstrip('/')}/{protocol or provider}"
    return found


def _read(name: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSetting(f"environment variable {name}: {error}") from error


@functools.cache
def _readers(cls: type) -> Mapping[str, Callable[[str], Any]]:
    return {name: _cookies if name == "cookies" else _reader(kind) for name, kind in _hints(cls).items()}


@functools.cache
def _hints(cls: type) -> Mapping[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _reader(kind: Any) -> Callable[[str], Any]:
    if isinstance(kind, types.UnionType):
        optional = next(part for part in kind.__args__ if part is not type(None))
        return lambda text: None if text.lower() in ("", "none") else _reader(optional)(text)
    if typing.get_origin(kind) is tuple:
        return word_list
    if kind is bool:
        return _boolean
    if kind in (int, float):
        return typing.cast("Callable[[str], Any]", kind)
    return _mapping if typing.get_origin(kind) in (Mapping, dict) else str


# Kinds of fields and what fits them; a field of any other kind is its provider's business.
_ALLOWED: Mapping[Any, tuple[type, ...]] = {
    **{kind: (kind,) for kind in (str, int, bool, Mapping, dict)},
    float: (float, int),
    tuple: (tuple, list, str),
}


def check_types(settings: Any, provider: str) -> None:
    """Checks the values of a provider's settings against its fields.

    Raises:
        InvalidSetting: If one is of another type; its value is not quoted, as it may be a secret.
    """
    for name, kind in _hints(settings.__class__).items():
        known = typing.get_origin(kind) or kind
        allowed = (Mapping, str, os.PathLike) if name == "cookies" else _ALLOWED.get(known, (object,))
        if not isinstance(getattr(settings, name), allowed):
            raise InvalidSetting(f"{name} must be a {known.__name__.lower()}", provider=provider)


def word_list(words: str | Iterable[str]) -> tuple[str, ...]:
    """Words as a tuple; a text holds them separated by commas."""
    return tuple(filter(None, map(str.strip, words.split(",")))) if isinstance(words, str) else tuple(words)


def _boolean(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.strip().lower() not in known:
        raise ValueError(f"expected true or false, got {text!r}")
    return known[text.strip().lower()]


def _cookies(text: str) -> Any:
    # What else the text may stand for is known where it is used: see ``freeproviders.logins.given``.
    return _mapping(text) if text.lstrip().startswith("{") else text


def _mapping(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return dict(cookie_mapping(text))
    value = json.loads(text)
    return dict(value)


def cookie_mapping(cookies: str | Mapping[str, str]) -> Mapping[str, str]:
    """Cookies as a mapping; a ``Cookie`` header copied from a browser (``a=1; b=2``) is taken apart.

    Raises:
        InvalidSetting: If a part has no ``=``.
    """
    if not isinstance(cookies, str):
        return dict(cookies)
    pairs = [part.strip().partition("=") for part in cookies.split(";") if part.strip()]
    if not all(name and equals for name, equals, _ in pairs):
        raise InvalidSetting("cookies must look like 'name=value; other=value', or be a mapping")
    return {name: value for name, _, value in pairs}


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint such as ``" Did you mean 'temperature'?"``, followed by what is known."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Known: {', '.join(known)}."
