"""What a service may do to a call, and what must come of it: the tables behind the storm's oracle.

Written from ``docs/wire`` and the error tree's documentation, independently of the client's code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from freeproviders import errors
from freeproviders.sandbox import Scenario
from freeproviders.sandbox.notices import notice

__all__ = ["ALL", "CHALLENGES", "FAULTS", "ODDITIES", "STREAMING", "Fault"]

ALL = ("aichats", "flowgpt", "pi", "pizzagpt", "yqcloud")
STREAMING = ("aichats", "flowgpt", "pi", "yqcloud")

Kind = type[errors.ProviderError]
Make = Callable[[tuple[str, ...], Random], Scenario]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way for an answer to go wrong, or to come in an odd form that must be read all the same.

    Attributes:
        name: In reports.
        make: The scenario, from the answer's pieces and a source of chance.
        error: Class of the error by service; ``""`` for all others. None: the answer must come, exactly.
        breaks: It may strike after the first piece, so a stream may end with ``StreamInterrupted`` instead.
        hasty: The call needs short time limits.
        core: Only the core lets a caller set what the fault needs.
        says: What the service says in the place of the answer.
        echo: The answer is the sandbox's echo, as the scenario is for another request than the answer's.
        providers: Services that have it.
        settings: Settings of the call.
        status: HTTP status that the error carries.
        retry_after: Seconds that the error carries.
    """

    name: str
    make: Make
    error: Mapping[str, Kind] | None = None
    breaks: bool = False
    hasty: bool = False
    core: bool = False
    says: str = ""
    echo: bool = False
    providers: tuple[str, ...] = ALL
    settings: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = None
    retry_after: float | None = None


def _plain(pieces: tuple[str, ...], _: Random, **words: Any) -> Scenario:
    return Scenario(pieces=pieces, **words)


def _at_a_byte(pieces: tuple[str, ...], chance: Random, *, what: str) -> Scenario:
    # A body holds at least the answer's own bytes, so this is never past its end.
    place = chance.randint(0, len("".join(pieces).encode()))
    # With a pause the reader has seen what comes before it.
    return Scenario(pieces=pieces, pause=chance.choice((0.0, 0.01)), **{what: place})  # type: ignore[arg-type]


def _fragmented(pieces: tuple[str, ...], chance: Random) -> Scenario:
    return Scenario(pieces=pieces, fragment=chance.randint(1, 9))


def _slow(pieces: tuple[str, ...], chance: Random) -> Scenario:
    before, between, after = chance.choices((0.0, 0.01, 0.05), k=3)
    return Scenario(pieces=pieces, delay=before, first_byte_delay=between, pause=after)


def _odd(name: str, *providers: str, echo: bool = False, **words: Any) -> Fault:
    return Fault(name=name, make=partial(_plain, **words), providers=providers or ALL, echo=echo)


def _bad(name: str, error: Kind | Mapping[str, Kind], *providers: str, breaks: bool = False, **words: Any) -> Fault:
    kinds = error if isinstance(error, Mapping) else {"": error}
    return Fault(name=name, make=partial(_plain, **words), error=kinds, providers=providers or ALL, breaks=breaks)


ODDITIES: tuple[Fault, ...] = (
    Fault(name="fragments", make=_fragmented),
    Fault(name="slow", make=_slow),
    _odd("byte order mark", bom=True),
    _odd("CRLF", crlf=True),
    *(_odd(f"charset {name}", charset=name) for name in ("gb2312", "iso-8859-1", "utf-16")),
    *(_odd(f"compressed by {name}", compress=name) for name in ("gzip", "deflate", "br")),
    *(_odd(f"content type {kind!r}", content_type=kind) for kind in ("", "text/html", "application/octet-stream")),
    _odd("foreign cookies", set_cookies={"foreign": "1", "session": "another's"}),
    _odd("answer of 30,000 letters", long_line=30_000),
    *(
        _odd(f"pi, {name}", "pi", variant=name)
        for name in ("two_objects", "title_first", "title_last", "text_not_first_key", "multi_line_data", "v1_gone")
    ),
    *(
        _odd(f"pi, {name}", "pi", echo=True, on="start", variant=name)
        for name in ("sid_conversations", "sid_main", "sid_top")
    ),
    *(
        _odd(f"pizzagpt, {name}", "pizzagpt", variant=name)
        for name in ("old_shape", "new_shape", "citations", "text_plain")
    ),
    *(_odd(f"aichats, {name}", "aichats", variant=name) for name in ("empty_lines", "no_data_lines", "multi_line")),
    *(
        _odd(f"flowgpt, {name}", "flowgpt", variant=name)
        for name in ("other_events", "no_event_lines", "blank_lines", "no_final_newline")
    ),
)

# docs/wire: what a service means by a status where it means something of its own.
_LOGIN: Mapping[str, Kind] = {"": errors.LoginRequired}
_REJECTED: Mapping[str, Kind] = {"": errors.RequestRejected}
_STATUSES: Mapping[int, Mapping[str, Kind]] = {
    400: {**_REJECTED, "pi": errors.LoginRequired},
    401: {**_LOGIN, "pizzagpt": errors.RequestRejected},
    402: {"": errors.RateLimited},
    403: {**_REJECTED, "pi": errors.LoginRequired, "flowgpt": errors.LoginRequired},
    404: _REJECTED,
    408: {"": errors.TimedOut},
    413: {"": errors.PromptTooLong},
    429: {"": errors.RateLimited},
    **{status: {"": errors.ServerFailed} for status in (500, 502, 503, 504, 520)},
}
# Pi's dead sessions answer without text, so there it means that one has to sign in.
_EMPTY: Mapping[str, Kind] = {"": errors.EmptyAnswer, "pi": errors.LoginRequired}
_BINARY: Mapping[str, Kind] = {"": errors.BadReply, "pi": errors.LoginRequired}
_PAGES = (
    *(("cloudflare", status) for status in (None, 200, 503)),
    *(("cloudflare_blocked", status) for status in (None, 200)),
    *(("cloudfront", status) for status in (None, 200)),
    *(("waf", status) for status in (None, 202)),
)

CHALLENGES: tuple[Fault, ...] = tuple(
    _bad(f"{page} page with {status or 'its own status'}", errors.Blocked, page=page, status=status)
    for page, status in _PAGES
)

_REFUSALS: tuple[Fault, ...] = (
    *(
        Fault(name=f"HTTP {status}", make=partial(_plain, status=status), error=kinds, status=status)
        for status, kinds in _STATUSES.items()
    ),
    Fault(
        name="HTTP 429 with Retry-After",
        make=partial(_plain, status=429, retry_after="7"),
        error={"": errors.RateLimited},
        status=429,
        retry_after=7.0,
    ),
    _bad("HTTP 429 whose body breaks off", errors.RateLimited, status=429, cut_at=3),
    _bad("login page", errors.LoginRequired, page="login"),
    *(_bad(f"pi, {name}", errors.LoginRequired, "pi", variant=name) for name in ("trial", "expired_400")),
    *(_bad(f"pi, {name}", errors.LoginRequired, "pi", variant=name) for name in ("expired_401", "expired_403")),
    *(_bad(f"pi, {name}", errors.LoginRequired, "pi", variant=name) for name in ("expired_empty", "no_events")),
    _bad("flowgpt, expired_401", errors.LoginRequired, "flowgpt", variant="expired_401"),
    *(
        _bad(f"yqcloud, {name}", errors.Blocked, "yqcloud", variant=name)
        for name in ("ban", "ban_2026", "announcement", "apology", "moved")
    ),
    # It begins as any text may, so a stream may have shown a part of it before it is known.
    Fault(
        name="yqcloud, advert",
        make=partial(_plain, variant="advert"),
        error={"": errors.Blocked},
        breaks=True,
        says=notice("advert", "https://chat9.yqcloud.top"),
        providers=("yqcloud",),
    ),
    *(
        _bad(f"yqcloud, {name}", errors.PromptTooLong, "yqcloud", variant=name)
        for name in ("too_long_200", "too_long_429")
    ),
    *(
        _bad(f"pizzagpt, {name}", errors.Blocked, "pizzagpt", variant=name)
        for name in ("misuse", "misuse_lower", "misuse_upper", "checkbox")
    ),
)

_NONSENSE: tuple[Fault, ...] = (
    _bad("empty body", _EMPTY, empty=True),
    _bad("garbage", _BINARY, garbage=True),
    Fault(name="white space", make=lambda *_: Scenario(pieces=(" ", "\n")), error=_EMPTY),
    _bad("false gzip", errors.BadReply, headers={"Content-Encoding": "gzip"}),
    *(
        _bad(f"pizzagpt, {name}", errors.BadReply, "pizzagpt", variant=name)
        for name in ("unknown_shape", "null_content")
    ),
    _bad("flowgpt, error_200", errors.BadReply, "flowgpt", variant="error_200"),
    _bad("flowgpt, error_event", errors.BadReply, "flowgpt", breaks=True, variant="error_event"),
    _bad("flowgpt, invalid_line", errors.BadReply, "flowgpt", breaks=True, variant="invalid_line"),
    _bad("pi, no_sid", errors.BadReply, "pi", on="start", variant="no_sid"),
    _bad("pi, garbage at the start", errors.BadReply, "pi", on="start", garbage=True),
    _bad("pi, nothing at the start", errors.BadReply, "pi", on="start", empty=True),
    Fault(
        name="more than max_body_bytes",
        make=partial(_plain, long_line=6000),
        error={"": errors.BadReply},
        breaks=True,
        settings={"max_body_bytes": 3000},
    ),
)

_CONNECTION: Mapping[str, Kind] = {"": errors.ConnectionFailed}
_TIME: Mapping[str, Kind] = {"": errors.TimedOut}

_BREAKS: tuple[Fault, ...] = (
    *(Fault(name="cut at a byte", make=partial(_at_a_byte, what="cut_at"), error=_CONNECTION, breaks=True),) * 4,
    _bad("cut before the headers", _CONNECTION, cut_before_headers=True),
    _bad("pi, cut at the start", _CONNECTION, "pi", on="start", cut_at=5),
    _bad("pi, HTTP 500 at the start", errors.ServerFailed, "pi", on="start", status=500),
    _bad("pi, challenge at the start", errors.Blocked, "pi", on="start", page="cloudflare"),
)

_STALLS: tuple[Fault, ...] = (
    *(
        Fault(
            name="stall at a byte",
            make=partial(_at_a_byte, what="stall_at"),
            error=_TIME,
            breaks=True,
            hasty=True,
            core=True,
        ),
    )
    * 2,
    Fault(name="stall before the headers", make=partial(_plain, stall_before_headers=True), error=_TIME, hasty=True),
    Fault(name="stall after the headers", make=partial(_plain, stall_at=0), error=_TIME, hasty=True),
    Fault(
        name="pi, stall at the start",
        make=partial(_plain, on="start", stall_before_headers=True),
        error=_TIME,
        hasty=True,
        providers=("pi",),
    ),
)

FAULTS: Mapping[str, tuple[Fault, ...]] = {
    "refusal": _REFUSALS,
    "challenge": CHALLENGES,
    "nonsense": _NONSENSE,
    "break": _BREAKS,
    "stall": _STALLS,
}
