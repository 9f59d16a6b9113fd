"""Files that hold cookies, read into a ``Login``. No I/O, and no word of a file's contents in an error.

Any bytes give a ``Login`` or ``InvalidSetting``, in time that grows with their number alone:

- ``cookies.txt``: Netscape's format, as curl and browser extensions write it: https://curl.se/docs/http-cookies.html
- a JSON list of cookies, as browser extensions export it
- a JSON object with such a list at ``cookies``: Playwright's storage state, and what ``freeproviders.logins.store`` has
- HAR, as a browser's network panel saves it: http://www.softwareishard.com/blog/har-12-spec/
"""

import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from freeproviders.errors import InvalidSetting

__all__ = ["FORMATS", "Login", "cookies_within", "host_of", "read_login"]

FORMATS = "cookies.txt (Netscape), a browser extension's JSON export, Playwright's storage state, or HAR"

_HTTP_ONLY = "#HttpOnly_"
_COLUMNS = 7
# A name or value outside of these would end its cookie and begin another one.
_NAME = re.compile(r"[^\s=;,\x00-\x1f\x7f]+")
_EXPIRIES = ("expirationDate", "expires", "expiry")
# A moment as seconds is below this until the year 5138, one as milliseconds above it since 1973.
_MILLISECONDS_FROM = 1e11


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What signs a browser in.

    Attributes:
        cookies: By name.
        user_agent: The browser's ``User-Agent``; empty where it is not known.
        authorization: The ``Authorization`` header its page sent; empty where there was none.
    """

    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    user_agent: str = ""
    authorization: str = field(default="", repr=False)

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings of a provider that belong to the cookies."""
        found = {"user_agent": self.user_agent, "authorization": self.authorization}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cookie:
    """A cookie; a ``domain`` with a dot in front holds for the hosts below it too, an empty one for any."""

    name: str
    value: str
    domain: str = ""
    expires: float | None = None

    def fits(self, hosts: Collection[str], now: float) -> bool:
        """Whether a browser would send it to one of the hosts now."""
        bare, below = self.domain.removeprefix("."), self.domain.startswith(".")
        meant = not self.domain or any(host == bare or (below and host.endswith(f".{bare}")) for host in hosts)
        sound = _NAME.fullmatch(self.name) and self.value.isprintable() and ";" not in self.value
        return bool(sound) and meant and (self.expires is None or self.expires > now)


def read_login(data: bytes, hosts: Collection[str], now: float) -> Login:
    """What a file says about a login at some hosts; empty where it says nothing about them.

    Args:
        data: The file's bytes.
        hosts: Names of hosts, in lower case. Cookies of others are left out.
        now: Unix time in seconds; cookies that have expired by then are left out.

    Raises:
        InvalidSetting: If the file is in none of ``FORMATS``.
    """
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text) if text.lstrip()[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        raise InvalidSetting(f"the file is neither valid JSON nor text; read are {FORMATS}") from None
    if value is None:
        return Login(cookies=_usable(_netscape(text), hosts, now))
    if isinstance(value, dict) and isinstance(value.get("log"), dict):
        return _har(_list(value["log"], "entries"), hosts)
    state = value if isinstance(value, dict) else {"cookies": value}
    if not isinstance(state.get("cookies"), list):
        raise InvalidSetting(f"the JSON of the file has no list of cookies; read are {FORMATS}")
    return Login(
        cookies=_usable(map(_exported, state["cookies"]), hosts, now),
        user_agent=_line(state.get("user_agent")),
        authorization=_line(state.get("authorization")),
    )


def cookies_within(exported: Iterable[Any], hosts: Collection[str], now: float) -> list[Any]:
    """The cookies, as a browser exports them, that belong to one of the hosts and have not expired."""
    return [item for item in exported if _exported(item).fits(hosts, now)]


def _usable(cookies: Iterable[_Cookie], hosts: Collection[str], now: float) -> dict[str, str]:
    return {cookie.name: cookie.value for cookie in cookies if cookie.fits(hosts, now)}


def _netscape(text: str) -> Iterator[_Cookie]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or (line.startswith("#") and not line.startswith(_HTTP_ONLY)):
            continue
        # An editor that strips lines takes the last tab of an empty value away.
        columns = (line.removeprefix(_HTTP_ONLY) + "\t" * (line.count("\t") == _COLUMNS - 2)).split("\t")
        if len(columns) != _COLUMNS or not columns[0].strip("."):
            raise InvalidSetting(f"line {number} of the file is no line of a cookies.txt; read are {FORMATS}")
        domain, below, _, _, expires, name, value = columns
        yield _Cookie(name=name, value=value, domain=_domain(domain, below=below == "TRUE"), expires=_moment(expires))


def _exported(item: Any) -> _Cookie:
    name, value, domain = (item.get(key, "") if isinstance(item, dict) else None for key in ("name", "value", "domain"))
    if not isinstance(name, str) or not isinstance(value, str) or not isinstance(domain, str):
        raise InvalidSetting(f"an entry of the file is no cookie with name and value; read are {FORMATS}")
    expires = next((item[key] for key in _EXPIRIES if key in item), None)
    below = item.get("hostOnly") is False
    return _Cookie(name=name, value=value, domain=_domain(domain, below=below), expires=_moment(expires))


def _domain(domain: str, *, below: bool) -> str:
    return f".{domain.removeprefix('.')}".lower() if below and domain else domain.lower()


def _moment(expires: Any) -> float | None:
    """Unix time in seconds; None for a cookie of the session, and where nothing readable is said."""
    try:
        seconds = float(expires)
    except (TypeError, ValueError, OverflowError):
        return None
    if not 0 < seconds < math.inf:
        return None
    return seconds / 1000 if seconds > _MILLISECONDS_FROM else seconds


def _har(entries: Iterable[Any], hosts: Collection[str]) -> Login:
    """What the last requests to the hosts said; a later request that carries less does not take it back."""
    login = Login()
    for entry in entries:
        request = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(request, dict) or host_of(request.get("url")) not in hosts:
            continue
        cookies = [_Cookie(name=name, value=value) for name, value in _sent(request)]
        login = Login(
            cookies=_usable(cookies, hosts, 0) or login.cookies,
            user_agent=_line(_header(request, "user-agent")) or login.user_agent,
            authorization=_line(_header(request, "authorization")) or login.authorization,
        )
    return login


def _sent(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # The header is what was sent; the list beside it is some browsers' decoding of it.
    if header := _header(request, "cookie"):
        pairs = (part.strip().partition("=") for part in header.split(";"))
        return ((name, value) for name, _, value in pairs)
    listed = map(_exported, _list(request, "cookies"))
    return ((cookie.name, cookie.value) for cookie in listed)


def _header(request: Mapping[str, Any], name: str) -> str:
    headers = [(item.get("name"), item.get("value")) for item in _list(request, "headers") if isinstance(item, dict)]
    texts = [(key, value) for key, value in headers if isinstance(key, str) and isinstance(value, str)]
    return "; ".join(value for key, value in texts if key.lower() == name)


def host_of(url: Any) -> str | None:
    """The host of a URL, in lower case; None for anything without one."""
    try:
        return urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return None


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _line(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else ""
