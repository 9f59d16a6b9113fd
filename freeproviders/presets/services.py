"""Presets as providers: each is a class of its own, so that its card, its settings and its variables are its own."""

import functools
import os
from dataclasses import field, make_dataclass

from freeproviders.limits import Limits
from freeproviders.presets.preset import Preset
from freeproviders.provider import Card
from freeproviders.providers.openai_compatible import OpenAICompatible
from freeproviders.settings import variable

__all__ = ["card_of", "has_key", "provider_of"]

_MODULE = "freeproviders.presets"
_AT_ONCE = 8


def card_of(preset: Preset) -> Card:
    """The card of a preset."""
    generic = OpenAICompatible.card
    return Card(
        name=preset.name,
        title=preset.title,
        site=preset.site,
        models=(preset.model,),
        open_models=True,
        system=True,
        history=True,
        temperature=True,
        max_tokens=True,
        images_in=preset.images,
        native_tools=preset.tools,
        native_json=preset.json,
        login=preset.key_needed,
        context_window=preset.context_window,
        verified=preset.verified_on,
        evidence="; ".join(preset.sources),
        secrets=generic.secrets,
        limits=_limits(preset),
        protocol=generic.name,
    )


def _limits(preset: Preset) -> Limits:
    if preset.status == "local":
        return Limits()
    known = preset.limits
    return Limits(
        concurrency=_AT_ONCE,
        per_second=known.rps or 5,
        per_minute=known.rpm,
        per_day=known.rpd,
        tokens_per_minute=known.tpm,
        tokens_per_day=known.tpd,
    )


@functools.cache
def provider_of(preset: Preset) -> type[OpenAICompatible]:
    """The provider class of a preset; the same one for the same preset.

    It is an attribute of ``freeproviders.presets`` under the preset's name, where pickle finds it.
    """
    made = make_dataclass(
        preset.name,
        [
            ("base_url", str, field(default=preset.base_url)),
            ("models_path", str, field(default=preset.models_path)),
            ("stream_usage", bool, field(default=preset.stream_usage)),
        ],
        bases=(OpenAICompatible,),
        namespace={
            "__doc__": f"{preset.title}, by its preset.",
            "card": card_of(preset),
            "key_variables": preset.key_variables,
            "key_needed": preset.key_needed,
            "key_url": preset.key_url,
        },
        frozen=True,
        kw_only=True,
    )
    assert issubclass(made, OpenAICompatible), "as its bases say"  # noqa: S101
    made.__module__ = _MODULE  # Python 3.12 and later name this module, whatever the namespace says
    return made


def has_key(preset: Preset) -> bool:
    """Whether the environment holds a key for it."""
    return any(os.environ.get(name, "").strip() for name in (*preset.key_variables, variable(preset.name, "api_key")))
