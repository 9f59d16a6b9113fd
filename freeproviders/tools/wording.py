"""How arguments are written as JSON text."""

import json
from typing import Any

__all__ = ["dumped"]


def dumped(value: Any) -> str:
    """The value as JSON text, as ``json.dumps`` writes it, letters of all languages as they are."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False)  # made once: json.dumps makes one for each call
