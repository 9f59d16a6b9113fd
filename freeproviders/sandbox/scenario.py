"""How the sandbox should misbehave: the `Scenario` value, its checks and its JSON form. No server code lives here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

HEADER = "x-sandbox-scenario"
ENDPOINTS = ("answer", "start", "history", "voice", "image", "models", "any")
PAGES = ("cloudflare", "cloudflare_blocked", "cloudfront", "login", "waf")
ENCODINGS = ("gzip", "deflate", "br", "zstd")

_CHOICES = {"on": ENDPOINTS, "page": PAGES, "compress": ENCODINGS}
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "on": ((str,), "a string"),
    **dict.fromkeys(("delay", "first_byte_delay", "pause"), ((int, float), "a number of seconds")),
    **dict.fromkeys(
        ("hold_after", "fragment", "cut_at", "stall_at", "status", "long_line"), ((int,), "a whole number")
    ),
    **dict.fromkeys(
        ("cut_before_headers", "stall_before_headers", "empty", "bom", "crlf", "garbage"),
        ((bool,), "true or false"),
    ),
    **dict.fromkeys(("headers", "set_cookies"), ((Mapping,), "an object of strings")),
    **dict.fromkeys(
        ("content_type", "retry_after", "page", "charset", "compress", "answer", "variant"),
        ((str,), "a string"),
    ),
    "body": ((str, bytes), "a string"),
    "pieces": ((tuple,), "a list of strings"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way to answer a request, well or badly. Every field is optional; the default behaves well.

    Attributes:
        on: The endpoint it applies to: "answer", "start", "history", "voice", "image" (downloads), "models"
            or "any".
        delay: Seconds before the response headers.
        first_byte_delay: Seconds between the headers and the first body byte.
        pause: Seconds between pieces.
        hold_after: After so many pieces wait for `Sandbox.release()`; 0 waits after the headers.
        fragment: Write the body in network writes of exactly so many bytes.
        cut_at: Abort the connection after so many body bytes (as sent, i.e. compressed); 0 = after the headers.
        cut_before_headers: Abort the connection before any response byte.
        stall_at: Send nothing more after so many body bytes; 0 = headers only.
        stall_before_headers: Never send a response byte.
        status: HTTP status instead of the service's own; 400 and above replace the body too.
        body: Body instead of the service's own; text is sent as UTF-8, bytes as they are.
        content_type: Content-Type header, verbatim.
        headers: Further response headers; they replace those of the same name.
        retry_after: Retry-After header, verbatim: seconds or an HTTP date.
        page: One of `PAGES`, with its usual status unless `status` is given.
        empty: Status 200 (or `status`) with an empty body.
        bom: A UTF-8 byte order mark before the body.
        charset: A charset named in Content-Type; the body stays UTF-8.
        crlf: CRLF line ends, where the protocol has lines.
        compress: Content-Encoding of the body, whatever the client accepts: one of `ENCODINGS`.
        long_line: The answer is one piece of so many letters x.
        set_cookies: Cookies set by the response; Pi's `__Host-session` really changes to the new value.
        garbage: Bytes that are neither the protocol nor HTML.
        answer: The answer text instead of the brain's.
        pieces: The exact pieces the answer travels in; beats `answer`.
        variant: A deviation only one service knows; `sandbox.variants` lists them.

    Raises:
        TypeError: A field has a value of the wrong type.
        ValueError: A field has a value that is not one of its choices, or a negative number.
    """

    on: str = "answer"
    delay: float = 0.0
    first_byte_delay: float = 0.0
    pause: float = 0.0
    hold_after: int | None = None
    fragment: int | None = None
    cut_at: int | None = None
    cut_before_headers: bool = False
    stall_at: int | None = None
    stall_before_headers: bool = False
    status: int | None = None
    body: str | bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: str | None = None
    page: str | None = None
    empty: bool = False
    bom: bool = False
    charset: str | None = None
    crlf: bool = False
    compress: str | None = None
    long_line: int = 0
    set_cookies: Mapping[str, str] = field(default_factory=dict)
    garbage: bool = False
    answer: str | None = None
    pieces: tuple[str, ...] | None = None
    variant: str | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item.name, getattr(self, item.name), required=item.default is not None)

    @classmethod
    def from_json(cls, text: str) -> Scenario:
        """Read the JSON object of the `x-sandbox-scenario` header.

        Args:
            text: A JSON object whose keys are fields of this class.

        Returns:
            The scenario.

        Raises:
            ValueError: Not a JSON object, a key that is no field, or a value out of its choices.
            TypeError: A value of the wrong type.
        """
        try:
            given = json.loads(text)
        except ValueError as error:
            raise ValueError(f"the scenario is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise ValueError("the scenario must be a JSON object")  # noqa: TRY004  # one kind of error for bad JSON
        unknown = sorted(set(given) - set(_KINDS))
        if unknown:
            raise ValueError(f"unknown scenario fields: {', '.join(unknown)}; known: {', '.join(_KINDS)}")
        if isinstance(given.get("pieces"), list):
            given["pieces"] = tuple(given["pieces"])
        return cls(**given)

    def as_header(self) -> dict[str, str]:
        """Give the header that asks for this scenario on a single request.

        Returns:
            A mapping of one header; fields at their defaults are left out.

        Raises:
            TypeError: `body` is bytes, which JSON cannot carry.
        """
        plain = Scenario()
        changed: dict[str, Any] = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if getattr(self, item.name) != getattr(plain, item.name)
        }
        for name in ("headers", "set_cookies"):
            if name in changed:
                changed[name] = dict(changed[name])
        return {HEADER: json.dumps(changed)}

    def applies_to(self, endpoint: str) -> bool:
        """Tell whether requests of this endpoint are meant."""
        return self.on in (endpoint, "any")


def _check(name: str, value: object, *, required: bool) -> None:
    if value is None and not required:
        return
    types, wanted = _KINDS[name]
    # bool is an int in Python, but never a count of bytes or seconds
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise TypeError(f"scenario field {name} must be {wanted}, not {value!r}")
    if isinstance(value, (int, float)) and (value < 0 or (name == "fragment" and value == 0)):
        raise ValueError(f"scenario field {name} is too small: {value!r}")
    if isinstance(value, (Mapping, tuple)) and not all(isinstance(text, str) for text in _texts(value)):
        raise TypeError(f"scenario field {name} must be {wanted}, not {value!r}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"scenario field {name} is {value!r}; known: {', '.join(_CHOICES[name])}")


def _texts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return cast("tuple[object, ...]", value)
