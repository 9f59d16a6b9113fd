"""What is known of one hosted or local service that speaks OpenAI's protocol, and how its entry in a file is read."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from freeproviders.errors import InvalidSetting
from freeproviders.settings import check_types, nearest

__all__ = ["Preset", "Published", "age_of", "is_stale", "preset_of"]

# Free offers change within weeks; nobody should rely on what is older.
_STALE_DAYS = 180
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"https?://(?:[^\s{}/?#]|\{[A-Z0-9_]+\})+(?:[^\s{}]|\{[A-Z0-9_]+\})*")
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_PERIODS = ("", "minute", "hour", "day", "week", "month")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "status": ("stable", "legacy", "trial", "retired", "local"),
    "json": ("", "object", "schema"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The limits that a service publishes for free use; 0 where it names none.

    Attributes:
        rps: Requests in a second.
        rpm: Requests in a minute.
        rpd: Requests in a day.
        tpm: Tokens in a minute.
        tpd: Tokens in a day.
        per_period: Requests in a period, where that is neither of these.
        period: After which the longest limit begins anew: ``"minute"``, ``"hour"``, ``"day"``, ``"week"``, ``"month"``.
        scope: Who shares the limits, e.g. ``"account"``.
        reset_time_zone: Where the day of the limits begins at midnight.
    """

    rps: int = 0
    rpm: int = 0
    rpd: int = 0
    tpm: int = 0
    tpd: int = 0
    per_period: int = 0
    period: str = ""
    scope: str = ""
    reset_time_zone: str = ""

    def __post_init__(self) -> None:
        check_types(self, "limits")
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, str) and (isinstance(value, bool) or value < 0):
                raise InvalidSetting(f"limits.{item.name} must be a whole number, 0 for none")
        if self.period not in _PERIODS:
            raise InvalidSetting(f"limits.period must be one of {', '.join(map(repr, _PERIODS))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A service.

    Attributes:
        name: Name in the registry; a word of small letters, digits and underscores.
        title: Name for people.
        site: Its web site.
        status: ``"stable"``, ``"legacy"`` (may end any day), ``"trial"``, ``"retired"`` or ``"local"``.
        base_url: Where its paths begin; names in braces stand for environment variables.
        model: Name of the default model.
        models_path: Of the list of models; empty where there is none.
        key_variables: Environment variables that hold its key.
        key_needed: Whether it answers nobody without a key.
        key_url: Where to get a key.
        tools: Whether the default model takes tools as data.
        json: How it is told to answer in JSON: ``"schema"``, ``"object"``, or empty for in words.
        images: Whether the default model sees images.
        stream_usage: Whether it takes the field that asks for token counts.
        context_window: A cautious estimate in tokens.
        limits: What it publishes for free use.
        data_use: What it says about the use of prompts; empty where that is not known.
        note: What else to know.
        replaced_by: Names of presets that stand in for it.
        sources: What all this comes from.
        verified_on: Date (ISO; the month where only that is known) of the newest of the sources.
    """

    name: str
    title: str
    site: str
    status: str
    base_url: str
    model: str
    models_path: str = "/models"
    key_variables: tuple[str, ...] = ()
    key_needed: bool = False
    key_url: str = ""
    tools: bool = False
    json: str = ""
    images: bool = False
    stream_usage: bool = True
    context_window: int = 8192
    limits: Published = field(default_factory=Published)
    data_use: str = ""
    note: str = ""
    replaced_by: tuple[str, ...] = ()
    sources: tuple[str, ...]
    verified_on: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise _invalid(str(self.name), "a name is a word of small letters, digits and underscores")
        _check_kinds(self, self.name)
        for name in ("key_variables", "replaced_by", "sources"):
            object.__setattr__(self, name, _texts(self.name, name, getattr(self, name)))
        wrong = [name for name, known in _CHOICES.items() if getattr(self, name) not in known]
        if wrong:
            raise _invalid(self.name, f"{wrong[0]} must be one of {', '.join(map(repr, _CHOICES[wrong[0]]))}")
        if told := _wrong(self):
            raise _invalid(self.name, told)

    def _repr_html_(self) -> str:
        from freeproviders.notebook.views import preset_html  # loaded by who looks at it in a notebook

        return preset_html(self)


def preset_of(name: str, entry: Mapping[str, Any]) -> Preset:
    """The preset that an entry of a file describes.

    Raises:
        InvalidSetting: If a field is unknown, missing or malformed.
    """
    try:
        limits = _limits_of(name, entry.get("limits", {}))
        return Preset(**{**_checked(name, entry, Preset), "name": name, "limits": limits})
    except TypeError as error:
        missing = str(error).partition("argument")[2].lstrip("s: ")
        raise _invalid(name, f"missing: {missing}") from error


def _limits_of(name: str, entry: Any) -> Published:
    try:
        return Published(**_checked(name, entry, Published, "limits."))
    except InvalidSetting as error:
        raise _invalid(name, error.message) from None


def _check_kinds(preset: Preset, name: str) -> None:
    try:
        check_types(preset, name)
    except InvalidSetting as error:
        raise _invalid(name, error.message) from None


def _texts(preset: str, name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(text, str) and text for text in value):
        raise _invalid(preset, f"{name} must be a list of texts")
    return tuple(value)


def _wrong(preset: Preset) -> str:
    """What is wrong with a preset whose values are of the right kinds; empty for nothing."""
    base_url = "base_url must be http:// or https:// and a host; names in braces are variables in capital letters"
    rules = {
        "title, model and sources must not be empty": all((preset.title, preset.model, preset.sources)),
        base_url: _ADDRESS.fullmatch(preset.base_url),
        "models_path must begin with /, or be empty": (preset.models_path or "/").startswith("/"),
        "key_variables must be names of environment variables": all(map(_VARIABLE.fullmatch, preset.key_variables)),
        "a service that needs a key needs key_variables and key_url": not preset.key_needed
        or (preset.key_variables and preset.key_url),
        "context_window must be a number of tokens": type(preset.context_window) is int and preset.context_window > 0,
        "verified_on must be a date such as 2026-10-17, or a month": _is_day(preset.verified_on),
    }
    return next((rule for rule, kept in rules.items() if not kept), "")


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and dt.date.fromisoformat(f"{text}-01"[:10]) is not None
    except ValueError:
        return False


def age_of(verified: str, today: dt.date) -> int:
    """Days since a date, or since the first of a month."""
    year, month, *day = map(int, verified.split("-"))
    return (today - dt.date(year, month, *day or (1,))).days


def is_stale(age: int) -> bool:
    """Whether what was verified so many days ago is too old to rely on."""
    return age > _STALE_DAYS


def _checked(name: str, entry: Any, kind: type, place: str = "") -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise _invalid(name, f"{place.rstrip('.') or 'its entry'} must be an object")
    known = [item.name for item in fields(kind) if item.name != "name"]  # that is the entry's key
    for word in entry:
        if word not in known:
            raise _invalid(name, f"unknown field {place}{word}.{nearest(word, known)}")
    return dict(entry)


def _invalid(name: str, message: str) -> InvalidSetting:
    return InvalidSetting(f"preset {name!r}: {message}")
