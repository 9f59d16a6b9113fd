"""Provider names and where their classes are. Third parties join by an entry point ``freeproviders.providers``.

``names`` are the services that need nothing set up. Besides, ``get`` knows ``openai_compatible``, for a server of one's
own, and the presets (``freeproviders.presets``), most of which need a key.
"""

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
_GENERIC: Mapping[str, str] = {
    "openai_compatible": "freeproviders.providers.openai_compatible:OpenAICompatible",
}


@functools.cache  # what is installed is looked through once; every call asks for its provider
def _known() -> Mapping[str, str]:
    others = {point.name: point.value for point in entry_points(group="freeproviders.providers")}
    return {**others, **_BUILT_IN}


def names() -> tuple[str, ...]:
    """Names of the providers that need nothing set up, the built-in ones first."""
    return tuple(dict.fromkeys([*_BUILT_IN, *sorted(_known())]))


def get(name: str) -> type[Provider]:
    """The provider class of that name.

    Raises:
        InvalidSetting: If there is none; the message names the nearest. Or if it was retired.
    """
    if not isinstance(name, str):
        raise InvalidSetting("a provider is named by a text, as in 'yqcloud'; `freeproviders list` shows all names")
    place = _BUILT_IN.get(name) or _GENERIC.get(name) or _known().get(name)
    if place is None:
        return _preset(name)
    module, _, attribute = place.partition(":")
    found: type[Provider] = getattr(importlib.import_module(module), attribute)
    return found


def _preset(name: str) -> type[Provider]:
    from freeproviders.presets import presets  # read when a name is neither of the services': most programs need none

    known = presets()
    preset = known.get(name)
    if preset is None:
        raise InvalidSetting(f"unknown provider {name!r}.{nearest(name, (*_known(), *_GENERIC, *known))}")
    if preset.status == "retired":
        instead = f" Instead: {' or '.join(preset.replaced_by)}." if preset.replaced_by else ""
        raise InvalidSetting(f"{preset.title} exists no more. {preset.note}{instead}", provider=name)
    from freeproviders.presets.services import provider_of

    return provider_of(preset)


def cards() -> tuple[Card, ...]:
    """What is known of each provider that needs nothing set up."""
    return tuple(get(name).card for name in names())
