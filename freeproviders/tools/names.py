"""Which tool a written name means, and which texts may become a tool's name.

Exact names win; then spelling that differs in case, separators or Markdown escapes; then known prefixes; then a unique
close name. A name that fits two tools equally well fits none.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

__all__ = ["NameBook", "fold", "respelled"]

_SEPARATORS = re.compile(r"[\s_.\-\\/:]+")
_PARTS = re.compile(r"[./:]")
_PREFIX = re.compile(r"(?:functions|function|tools|tool|default_api|api|multi_tool_use)[.:/]+", re.IGNORECASE)
_SPACES = ("functions.", "default_api.", "tools.")
_INDEX = re.compile(r":\d{1,4}$")
_MIN_CLOSE = 6
_MAX_NAME = 100


def fold(name: str) -> str:
    """The name without case, separators and Markdown escapes."""
    return _SEPARATORS.sub("", name).casefold()


def respelled(key: str, known: Iterable[str], given: Collection[str]) -> str | None:
    """The one known key that a written key spells in another way; None if there is none, or it is given as well."""
    folded = fold(key)
    alike = [name for name in known if fold(name) == folded and name not in given]
    return alike[0] if len(alike) == 1 else None


class NameBook:
    """The names of the tools of one request.

    Args:
        tools: JSON-schema function dicts with ``name`` and ``parameters``. Not changed, and not copied.
    """

    __slots__ = ("_folded", "_found", "_known", "_tails", "schemas")

    def __init__(self, tools: Sequence[Mapping[str, Any]]) -> None:
        self.schemas: dict[str, Mapping[str, Any]] = {}
        self._folded: dict[str, str] = {}
        self._tails: dict[str, str] = {}
        self._found: dict[str, tuple[str, str] | None] = {}
        for tool in tools:
            name = str(tool["name"])
            self.schemas[name] = tool.get("parameters") or {}
            _add(self._folded, fold(name), name)
            _add(self._tails, fold(_PARTS.split(name)[-1]), name)
        self._known = tuple(name for names in (self._folded, self._tails) for name, tool in names.items() if tool)

    @property
    def only(self) -> str:
        """The name of the sole tool, or an empty string."""
        return next(iter(self.schemas)) if len(self.schemas) == 1 else ""

    def resolve(self, written: str) -> tuple[str, str] | None:
        """The tool's name and the word of the repair (empty if none was needed), or None."""
        if written in self.schemas:
            return written, ""
        if written not in self._found:
            self._found[written] = self._repaired(written)
        return self._found[written]

    def _repaired(self, written: str) -> tuple[str, str] | None:
        if len(written) > _MAX_NAME:
            return None
        bare = _INDEX.sub("", written.strip(" \t\r\n\"'`*"))
        folded = fold(bare)
        if name := self._folded.get(folded):
            return name, "name_spelling"
        if (prefix := _PREFIX.match(bare)) and (name := self._folded.get(fold(bare[prefix.end() :]))):
            return name, "name_prefix"
        if (name := self._tails.get(folded)) or (name := self._folded.get(fold(_PARTS.split(bare)[-1]))):
            return name, "name_part"
        return self._close(folded)

    def _close(self, folded: str) -> tuple[str, str] | None:
        if len(folded) < _MIN_CLOSE:
            return None
        close = [name for other, name in self._folded.items() if name and within_two(folded, other)]
        return (close[0], "name_close") if len(close) == 1 else None

    def could_start(self, written: str) -> bool:
        """Whether more text could make this the spelling of a tool's name; an exact spelling counts as well."""
        for prefix in _SPACES:
            if prefix.startswith(written):
                return True
            written = written.removeprefix(prefix)
        folded = fold(written)
        return any(name.startswith(folded) for name in self._known)

    def spells(self, written: str) -> bool:
        """Whether this is the spelling of a tool's name, apart from case and separators."""
        return written in self.schemas or bool(self._folded.get(fold(written)))


def _add(names: dict[str, str], key: str, name: str) -> None:
    """Add a name; two tools under one key leave it without a meaning."""
    names[key] = name if names.get(key, name) == name else ""


def within_two(one: str, other: str) -> bool:
    """Whether at most two letters must be put in, taken out or changed to make two texts equal."""
    if abs(len(one) - len(other)) > 2:
        return False
    row = list(range(len(other) + 1))
    for line, letter in enumerate(one, 1):
        previous, row = row, [line]
        for column, wanted in enumerate(other, 1):
            row.append(min(previous[column] + 1, row[-1] + 1, previous[column - 1] + (letter != wanted)))
        if min(row) > 2:
            return False
    return row[-1] <= 2
