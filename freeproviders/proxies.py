"""Which proxy a URL goes through. Sending is elsewhere."""

import urllib.request
from urllib.parse import urlsplit

from freeproviders.errors import InvalidSetting

__all__ = ["checked_proxy", "environment_proxy"]


def checked_proxy(proxy: str | None) -> str | None:
    """The proxy's URL.

    Raises:
        InvalidSetting: If it is of a kind that cannot be used; it is not quoted, as it may hold a password.
    """
    if proxy is not None and not proxy.lower().startswith(("http://", "https://")):
        raise InvalidSetting("proxy (or the environment's http_proxy, https_proxy) must be an http:// or https:// URL")
    return proxy


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL (``HTTPS_PROXY``, ``NO_PROXY``, ...); none for loopback.

    Raises:
        InvalidSetting: If it is of a kind that cannot be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy is None or urllib.request.proxy_bypass(host):
        return None
    # The environment may leave the scheme out, as it may for curl.
    return checked_proxy(proxy if "://" in proxy else f"http://{proxy}")
