"""The files of presets: the one of this package, and the user's, whose entries win field by field."""

import functools
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from freeproviders import registry
from freeproviders.errors import InvalidSetting
from freeproviders.logins.store import config_folder
from freeproviders.presets.preset import Preset, preset_of

__all__ = ["presets", "user_file"]


def user_file() -> Path:
    """Where the user's presets are, or would be: ``presets.json`` in the folder of settings."""
    return config_folder() / "presets.json"


def presets() -> Mapping[str, Preset]:
    """All presets by name, read when they are asked for first.

    Raises:
        InvalidSetting: If a file cannot be read, or describes a preset wrongly.
    """
    path = user_file()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = "{}"
    except (OSError, ValueError) as error:
        raise InvalidSetting(f"{str(path)!r} cannot be read: {error}") from error
    return _read(text, str(path))


@functools.lru_cache(maxsize=4)  # by its text, so that a file that has changed is read anew
def _read(users: str, path: str) -> Mapping[str, Preset]:
    own = json.loads(resources.files(__package__).joinpath("presets.json").read_text(encoding="utf-8"))
    theirs = _entries(users, path)
    if taken := [name for name in theirs if name not in own and name in (*registry.names(), "openai_compatible")]:
        raise InvalidSetting(f"{path}: {taken[0]!r} is the name of a provider that is no preset: give yours another")
    merged = {name: {**own.get(name, {}), **theirs.get(name, {})} for name in (*own, *theirs)}
    try:
        return {name: preset_of(name, entry) for name, entry in merged.items()}
    except InvalidSetting as error:  # what this package brings is right, so it is the user's
        raise InvalidSetting(f"{path}: {error.message}") from None


def _entries(text: str, path: str) -> Mapping[str, Mapping[str, Any]]:
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise InvalidSetting(f"{path!r} is not JSON: {error}") from error
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise InvalidSetting(f"{path!r} must hold an object of objects, one a preset")
    return entries
