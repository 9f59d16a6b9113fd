"""Checks of a request that all services share: JSON bodies field by field, media types, origins. No service's facts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from freeproviders.sandbox.answer import Refusal
from freeproviders.sandbox.received import Received

Check = Callable[[Any], bool]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def text(value: Any) -> bool:
    """Accept a string."""
    return isinstance(value, str)


def flag(value: Any) -> bool:
    """Accept true or false."""
    return isinstance(value, bool)


def number(value: Any) -> bool:
    """Accept a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def empty_list(value: Any) -> bool:
    """Accept an empty list."""
    return value == [] and isinstance(value, list)


def uuid(value: Any) -> bool:
    """Accept the usual text form of a UUID."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def refuse(message: str, status: int = 400) -> Refusal:
    """Make the error of a request that breaks the protocol."""
    return Refusal(status, f"sandbox: {message}")


def json_object(received: Received, *, typed: bool = True) -> dict[str, Any]:
    """Read the body as a JSON object.

    Args:
        received: The request.
        typed: A JSON Content-Type is needed.

    Returns:
        The object.

    Raises:
        Refusal: 415 for another type, 400 for another body.
    """
    kind = received.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if typed and kind != "application/json":
        raise refuse(f"Content-Type must be application/json, not {kind!r}", 415)
    try:
        value = json.loads(received.body.decode())
    except ValueError as error:
        raise refuse(f"the body is not JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise refuse("the body must be a JSON object")
    return value


def fields(value: Any, needed: Mapping[str, Check], optional: Mapping[str, Check], *, where: str = "the body") -> None:
    """Check a JSON object field by field.

    Args:
        value: The JSON value.
        needed: Fields which must be there, with their checks.
        optional: Fields which may be there.
        where: What the value is, for the message.

    Raises:
        Refusal: 400 that names the field.
    """
    if not isinstance(value, dict):
        raise refuse(f"{where} must be a JSON object")
    known = {**needed, **optional}
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise refuse(f"unknown fields in {where}: {', '.join(unknown)}")
    missing = [name for name in needed if name not in value]
    if missing:
        raise refuse(f"missing fields in {where}: {', '.join(missing)}")
    for name, content in value.items():
        if not known[name](content):
            raise refuse(f"field {name} of {where} has a wrong type or value: {content!r:.80}")


def accepts(received: Received, *kinds: str) -> None:
    """Require that Accept names one of the media types.

    Raises:
        Refusal: 406.
    """
    offered = {part.partition(";")[0].strip().lower() for part in received.headers.get("Accept", "").split(",")}
    if not offered & set(kinds):
        raise refuse(f"Accept must name {' or '.join(kinds)}", 406)


def comes_from(received: Received, origins: Collection[str], *, referer: str = "") -> None:
    """Require Origin and Referer of the service's own site.

    Args:
        received: The request.
        origins: Accepted Origins; none accepts any.
        referer: Path the Referer must begin with, e.g. "/chat/".

    Raises:
        Refusal: 403.
    """
    origin = received.headers.get("Origin", "")
    if origins and origin not in origins:
        raise refuse(f"Origin {origin!r} is not one of {', '.join(sorted(origins))}", 403)
    given = received.headers.get("Referer", "")
    if origins and not _below(given, origin + referer):
        raise refuse(f"Referer {given!r} does not begin with {origin + referer}", 403)


def query(received: Received, *known: str) -> None:
    """Refuse query parameters the service does not know.

    Raises:
        Refusal: 400.
    """
    unknown = sorted(set(received.query) - set(known))
    if unknown:
        raise refuse(f"unknown query parameters: {', '.join(unknown)}")


def _below(address: str, base: str) -> bool:
    # a plain prefix would accept https://pi.ai.example
    return address == base or address.startswith(base if base.endswith("/") else base + "/")
