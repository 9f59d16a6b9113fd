"""What services there are: the ones with a protocol of their own and the presets, as rows. Nobody is asked anything."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from freeproviders import registry
from freeproviders.presets import Preset, Published, age_of, is_stale, presets
from freeproviders.presets.services import card_of, has_key
from freeproviders.provider import Card

__all__ = ["Row", "rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One service.

    Attributes:
        name: Name in the registry.
        title: Name for people.
        status: ``"unofficial"`` for a service without a published interface, else the preset's.
        key: ``"none"``, ``"optional"``, ``"missing"`` or ``"present"``.
        verified: Date of the last evidence.
        age: Days since.
        stale: Whether that is too long ago to rely on.
        model: The default model.
        can: What it does by its protocol: ``"tools"``, ``"json"``, ``"images"``, ``"threads"``.
        note: What else to know.
        limits: What it publishes for free use, in a few words; empty where it publishes none.
        sources: What is known of it comes from.
    """

    name: str
    title: str
    status: str
    key: str
    verified: str
    age: int
    stale: bool
    model: str
    can: tuple[str, ...]
    note: str
    limits: str = ""
    sources: tuple[str, ...] = ()


def rows(today: dt.date | None = None) -> Iterator[Row]:
    """All services, those without a key first.

    Args:
        today: By default the system's day.

    Raises:
        InvalidSetting: If the user's file of presets is wrong.
    """
    today = today or dt.datetime.now(dt.timezone.utc).date()
    for card in registry.cards():
        yield replace(_row(card, "unofficial", "none", today), sources=(card.evidence,))
    for name, preset in presets().items():
        if name not in registry.names():  # else a plug-in of that name has taken its place
            row = _row(card_of(preset), preset.status, _key(preset), today)
            yield replace(row, note=_note(preset), limits=_limits(preset.limits), sources=preset.sources)


def _row(card: Card, status: str, key: str, today: dt.date) -> Row:
    age = age_of(card.verified, today)
    can = {
        "tools": card.native_tools,
        "json": bool(card.native_json),
        "images": card.images_in,
        "threads": card.threads,
    }
    return Row(
        name=card.name,
        title=card.title,
        status=status,
        key=key,
        verified=card.verified,
        age=age,
        stale=is_stale(age),
        model=card.models[0],
        can=tuple(word for word, does in can.items() if does),
        note="",
    )


def _key(preset: Preset) -> str:
    if has_key(preset):
        return "present"
    return "missing" if preset.key_needed else "optional" if preset.key_variables else "none"


def _limits(known: Published) -> str:
    requests = ((known.rps, "s"), (known.rpm, "min"), (known.rpd, "day"), (known.per_period, known.period))
    tokens = ((known.tpm, "min"), (known.tpd, "day"))
    told = [*(f"{count:,}/{time}" for count, time in requests if count)]
    told += [f"{count // 1000:,}K tok/{time}" for count, time in tokens if count]
    return ", ".join(told)


def _note(preset: Preset) -> str:
    shared = preset.limits.scope and f"Limits are for each {preset.limits.scope}."
    zone = preset.limits.reset_time_zone and f"Its day ends at midnight, {preset.limits.reset_time_zone}."
    instead = f"Instead: {', '.join(preset.replaced_by)}." if preset.replaced_by else ""
    key = f"Key: {' or '.join(preset.key_variables)}, from {preset.key_url}" if preset.key_variables else ""
    return " ".join(filter(None, (preset.note, instead, preset.data_use, shared, zone, key)))
