"""A call of a tool and what it gave, as an agent's conversation holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A call and what it gave.

    Attributes:
        name: Name of the tool.
        arguments: What it was called with.
        result: What it gave; None while that is not known.
        failed: The result is an error.
    """

    name: str
    arguments: dict[str, Any]
    result: str | None = None
    failed: bool = False
