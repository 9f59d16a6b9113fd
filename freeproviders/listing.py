"""What services there are: the ones with a protocol of their own and the presets, as rows. Nobody is asked anything."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from freeproviders import registry
from freeproviders.presets import Preset, age_of, is_stale, presets
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


def rows(today: dt.date | None = None) -> Iterator[Row]:
    """All services, those without a key first.

    Args:
        today: By default the system's day.

    Raises:
        InvalidSetting: If the user's file of presets is wrong.
    """
    today = today or dt.datetime.now(dt.timezone.utc).date()
    for card in registry.cards():
        yield _row(card, "unofficial", "none", card.evidence, today)
    for preset in presets().values():
        yield _row(card_of(preset), preset.status, _key(preset), _note(preset), today)


def _row(card: Card, status: str, key: str, note: str, today: dt.date) -> Row:
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
        note=note,
    )


def _key(preset: Preset) -> str:
    if has_key(preset):
        return "present"
    return "missing" if preset.key_needed else "optional" if preset.key_variables else "none"


def _note(preset: Preset) -> str:
    instead = f"Instead: {', '.join(preset.replaced_by)}." if preset.replaced_by else ""
    key = f"{preset.key_variables[0]}, from {preset.key_url}." if preset.key_variables else ""
    return " ".join(filter(None, (preset.note, instead, preset.data_use, key)))
