"""Provider names and where their classes are. Third parties join by an entry point ``freeproviders.providers``."""

import functools
import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points

from freeproviders.errors import InvalidSetting
from freeproviders.provider import Card, Provider
from freeproviders.settings import nearest

__all__ = ["cards", "get", "names"]

_BUILT_IN: Mapping[str, str] = {
    "pi": "freeproviders.providers.pi:Pi",
    "pizzagpt": "freeproviders.providers.pizzagpt:Pizzagpt",
    "aichats": "freeproviders.providers.aichats:AiChats",
    "yqcloud": "freeproviders.providers.yqcloud:Yqcloud",
    "flowgpt": "freeproviders.providers.flowgpt:FlowGpt",
}


@functools.cache  # what is installed is looked through once; every call asks for its provider
def _known() -> Mapping[str, str]:
    others = {point.name: point.value for point in entry_points(group="freeproviders.providers")}
    return {**others, **_BUILT_IN}


def names() -> tuple[str, ...]:
    """Names of all providers, the built-in ones first."""
    return tuple(dict.fromkeys([*_BUILT_IN, *sorted(_known())]))


def get(name: str) -> type[Provider]:
    """The provider class of that name.

    Raises:
        InvalidSetting: If there is none; the message names the nearest.
    """
    place = _BUILT_IN.get(name) or _known().get(name)
    if place is None:
        raise InvalidSetting(f"unknown provider {name!r}.{nearest(name, _known())}")
    module, _, attribute = place.partition(":")
    found: type[Provider] = getattr(importlib.import_module(module), attribute)
    return found


def cards() -> tuple[Card, ...]:
    """What is known of each provider."""
    return tuple(get(name).card for name in names())
