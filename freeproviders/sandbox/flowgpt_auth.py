"""Simulated FlowGpt, who may ask: the request signature and the device ids."""

from __future__ import annotations

import hashlib
import re
import time

from freeproviders.sandbox import checks
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.settings import Settings

ANONYMOUS = "Bearer null"
_NONCE = re.compile(r"[0-9a-f]{32}")
_DEVICE = re.compile(r"[A-Za-z0-9_-]{21}")
_STAMP = re.compile(r"\d{10}")


class Devices:
    """The device ids seen since the last reset."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def check(self, received: Received, settings: Settings) -> None:
        """Require a well-formed device id, and not too many different ones.

        Raises:
            Refusal: 400 for a malformed id, 403 for one too many.
        """
        device = received.headers.get("x-flow-device-id", "")
        if not _DEVICE.fullmatch(device) and not checks.uuid(device):
            raise checks.refuse("x-flow-device-id must be 21 characters of A-Z a-z 0-9 _ - or a UUID")
        self._seen.add(device)
        most = settings.flowgpt_max_devices
        if most is not None and len(self._seen) > most:
            raise checks.refuse(f"{len(self._seen)} device ids where {most} are accepted", 403)

    def clear(self) -> None:
        """Forget all ids."""
        self._seen.clear()


def check_signature(received: Received, settings: Settings, *, anonymous: bool) -> None:
    """Require a known Authorization and the site's signature over time, nonce and that very header.

    Args:
        received: The request.
        settings: Tokens and clock tolerance.
        anonymous: The route takes visitors without an account.

    Raises:
        Refusal: 401 for the authorization, 400 for malformed headers, 403 for a stale or wrong signature.
    """
    authorization = received.headers.get("Authorization", "")
    known = {f"Bearer {token.removeprefix('Bearer ')}" for token in settings.flowgpt_tokens}
    if authorization not in (known | {ANONYMOUS} if anonymous else known):
        raise checks.refuse("Authorization is neither 'Bearer null' nor a known token for this route", 401)
    stamp, nonce = received.headers.get("x-timestamp", ""), received.headers.get("x-nonce", "")
    if not _STAMP.fullmatch(stamp):
        raise checks.refuse("x-timestamp must be the unix time in whole seconds")
    if not _NONCE.fullmatch(nonce) and not checks.uuid(nonce):
        raise checks.refuse("x-nonce must be 32 lower-case hexadecimal digits or a UUID")
    if abs(time.time() - int(stamp)) > settings.flowgpt_skew:
        raise checks.refuse(f"x-timestamp is more than {settings.flowgpt_skew:g} seconds off", 403)
    if received.headers.get("x-signature") != sign(stamp, nonce, authorization):
        raise checks.refuse("x-signature is not the MD5 of timestamp-nonce-authorization", 403)


def sign(stamp: str, nonce: str, authorization: str) -> str:
    """Compute the site's signature.

    Args:
        stamp: The `x-timestamp` header.
        nonce: The `x-nonce` header.
        authorization: The whole Authorization header, the word Bearer included.

    Returns:
        Lower-case hexadecimal digits.
    """
    return hashlib.md5(f"{stamp}-{nonce}-{authorization}".encode()).hexdigest()  # noqa: S324  # the site's choice
