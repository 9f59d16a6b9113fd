"""Which proxy a URL goes through, and connections through SOCKS proxies. Sending is elsewhere."""

import base64
import urllib.request
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import aiohttp
from yarl import URL

from freeproviders.addresses import is_loopback_host
from freeproviders.errors import ConnectionFailed, InvalidSetting, ProviderError, TimedOut

__all__ = ["checked_proxy", "environment_proxy", "http_proxy", "is_socks", "proxy_failure", "socks_connector"]

C = TypeVar("C", bound=aiohttp.TCPConnector)

# Who resolves the service's name: as curl has it, the proxy with the spellings that end in h or a, else this machine.
_SOCKS = {"socks4": (4, False), "socks4a": (4, True), "socks5": (5, False), "socks5h": (5, True)}
_SOCKS_PORT = 1080


def checked_proxy(proxy: str | None) -> str | None:
    """The proxy's URL.

    Raises:
        InvalidSetting: If it cannot be used; it is not quoted, as it may hold a password.
    """
    if proxy is None:
        return None
    scheme = proxy.partition("://")[0].lower() if isinstance(proxy, str) else ""
    if scheme not in ("http", "https", *_SOCKS):
        kinds = ", ".join(f"{kind}://" for kind in ("http", "https", *_SOCKS))
        raise InvalidSetting(f"proxy (or the environment's http_proxy, https_proxy) must be a URL of {kinds}")
    try:
        complete = bool(urlsplit(proxy).hostname) and urlsplit(proxy).port != 0
    except ValueError:
        complete = False
    if not complete:
        raise InvalidSetting("proxy must name a host, as in http://user:password@host:8080")
    if scheme in _SOCKS:
        try:
            import aiohttp_socks  # noqa: F401  # told now, not in the first call
        except ImportError as error:
            raise InvalidSetting("a SOCKS proxy needs aiohttp-socks: pip install 'freeproviders[socks]'") from error
    return proxy


def is_socks(proxy: str | None) -> bool:
    """Whether connections must be made through the proxy, instead of requests sent to it."""
    return proxy is not None and proxy.lower().startswith("socks")


def http_proxy(proxy: str | None) -> tuple[URL | None, dict[str, str]]:
    """The proxy's address, and apart from it the header with its credentials: aiohttp's errors quote the address."""
    if proxy is None or is_socks(proxy):  # the connections go through a SOCKS proxy by themselves
        return None, {}
    url = URL(proxy)
    if url.user is None:
        return url, {}
    token = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
    return url.with_user(None), {"Proxy-Authorization": f"Basic {token}"}


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL (``HTTPS_PROXY``, ``NO_PROXY``, ...); none for loopback.

    Raises:
        InvalidSetting: If it is of a kind that cannot be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback_host(host):
        return None
    named = urllib.request.getproxies()
    proxy = named.get(parts.scheme) or named.get("all")
    # NO_PROXY may name a port; the one of an address in brackets cannot be told from the address there.
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    if proxy is None or urllib.request.proxy_bypass(host if ":" in host else f"{host}:{port}"):
        return None
    # The environment may leave the scheme out, as it may for curl.
    return checked_proxy(proxy if "://" in proxy else f"http://{proxy}")


def socks_connector(kind: type[C], url: str) -> aiohttp.BaseConnector:
    """A connector through a SOCKS proxy.

    Args:
        kind: Class whose ways it shares.
        url: The proxy's URL.
    """
    from aiohttp_socks import ProxyConnector
    from python_socks import ProxyType

    class Connector(kind, ProxyConnector):  # type: ignore[misc, valid-type]
        """One of both kinds."""

    parts = urlsplit(url)
    version, remote = _SOCKS[parts.scheme.lower()]
    arguments: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or _SOCKS_PORT,
        "proxy_type": ProxyType.SOCKS4 if version == 4 else ProxyType.SOCKS5,
        "username": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None,
        "rdns": remote,
        "limit": 0,
    }
    connector: aiohttp.BaseConnector = Connector(**arguments)
    return connector


def proxy_failure(error: Exception) -> ProviderError | None:
    """What an error of a SOCKS connection means; None for any other."""
    # By name, as those without a SOCKS proxy have no such package.
    kind = type(error)
    if not kind.__module__.startswith(("aiohttp_socks", "python_socks")):
        return None
    if kind.__name__ == "ProxyTimeoutError":
        return TimedOut("connecting through the SOCKS proxy took too long")
    return ConnectionFailed(f"the SOCKS proxy refused or failed: {error}. Check the proxy's address and credentials.")
