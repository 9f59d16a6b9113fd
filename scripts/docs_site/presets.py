"""The page of the presets: what is known of each service that speaks OpenAI's protocol."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import PurePosixPath

from freeproviders.listing import Row, rows
from freeproviders.presets import Preset, Published, presets
from freeproviders.providers.openai_compatible import OpenAICompatible
from scripts.docs_site.services import settings
from scripts.docs_site.tables import code, codes, table, yes

__all__ = ["pages"]

_STATES = {
    "stable": "Hosted services",
    "legacy": "Hosted services that may end any day",
    "trial": "Trial offers",
    "local": "On your own machine",
    "retired": "Gone",
}
_UNITS = {
    "rps": "requests a second",
    "rpm": "requests a minute",
    "rpd": "requests a day",
    "tpm": "tokens a minute",
    "tpd": "tokens a day",
}


def pages() -> Iterator[tuple[PurePosixPath, str]]:
    """One page: a list, the generic provider, then a section for each preset by its state."""
    known = presets()
    states = {row.name: row for row in rows()}
    found = [states[name] for name in known]
    sections = [
        f"## {title}\n\n"
        + "\n".join(_section(preset, states[preset.name]) for preset in known.values() if preset.status == state)
        for state, title in _STATES.items()
    ]
    overview = [
        [f"[{row.title}](#{row.name})", code(row.name), row.status, _key(known[row.name]), _age(row)] for row in found
    ]
    yield (
        PurePosixPath("services/presets.md"),
        _INTRODUCTION.format(
            list=table(["Service", "Name", "State", "Key", "Known as of"], overview),
            settings=settings(OpenAICompatible),
            sections="\n".join(sections),
        ),
    )


_INTRODUCTION = """# OpenAI-compatible presets

Hosted and local services that speak OpenAI's protocol, by name. How to use them:
[OpenAI-compatible servers](../openai_compatible.md). The protocol: [its page](../wire/openai_compatible.md).

This page is made from the presets in the code. Free offers change within weeks. Each entry is as old as its date, and
none of these services was asked from here.

{list}

## Any other server

`openai_compatible` is the name for it, with `base_url`. These settings are its own, and every preset has them too,
under its own name in the variables.

{settings}

{sections}"""


def _key(preset: Preset) -> str:
    return "needed" if preset.key_needed else "optional" if preset.key_variables else "none"


def _age(row: Row) -> str:
    return f"{row.verified} (stale)" if row.stale else row.verified


def _section(preset: Preset, row: Row) -> str:
    where = f", from {preset.key_url}" if preset.key_url else ""
    facts = {
        "Address": code(preset.base_url),
        "Default model": code(preset.model),
        "Key": f"{codes(preset.key_variables)}{where}" if preset.key_variables else "none",
        "Tool calling": "yes" if preset.tools else "by prompt",
        "Structured output": {"schema": "by schema", "object": "any object, and by prompt", "": "by prompt"}[
            preset.json
        ],
        "Image input": yes(preset.images),
        "Context window": f"{preset.context_window} tokens, a cautious estimate",
        "Published limits": _limits(preset.limits),
        "Use of your data": preset.data_use or "not known here; read its terms",
        "Note": preset.note,
        "Instead": codes(preset.replaced_by),
        "Sources": "; ".join(preset.sources),
        "Known as of": f"{row.verified}, {row.age} days before this page was built",
    }
    lines = [[name, value] for name, value in facts.items() if value]
    return f"### {preset.title} {{ #{preset.name} }}\n\n{table([code(preset.name), preset.site], lines)}\n"


def _limits(limits: Published) -> str:
    given = [f"{getattr(limits, name)} {unit}" for name, unit in _UNITS.items() if getattr(limits, name)]
    if limits.per_period:
        given.append(f"{limits.per_period} requests a {limits.period}")
    known = {item.name for item in fields(limits)}
    assert known >= set(_UNITS), "the words are those of the fields"  # noqa: S101
    scope = f", for each {limits.scope}" if limits.scope and given else ""
    return ", ".join(given) + scope if given else "none that are known here"
