"""Hosted and local services that speak OpenAI's protocol, as data: ``presets()``, and a provider class of each.

Nothing is read before it is asked for. The classes are found by ``freeproviders.registry.get``.
"""

from typing import Any

from freeproviders.presets.loading import presets, user_file
from freeproviders.presets.preset import Preset, Published, age_of, is_stale, preset_of

__all__ = ["Preset", "Published", "age_of", "is_stale", "preset_of", "presets", "user_file"]


def __getattr__(name: str) -> Any:
    """The provider class of a preset, for pickle, which looks classes up by name."""
    found = None if name.startswith("_") else presets().get(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from freeproviders.presets.services import provider_of  # it needs the provider, which this module does not

    return provider_of(found)
