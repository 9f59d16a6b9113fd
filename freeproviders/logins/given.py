"""What the setting ``cookies`` may be, and the login it stands for.

A mapping; the text of a ``Cookie`` header; ``"stored"``; a path; or a text that names an existing file. A text is never
tried as one and then as another: one that reads as a header is a header, any other is the name of a file.
"""

import os
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from freeproviders.errors import InvalidSetting
from freeproviders.logins.formats import FORMATS, Login, read_login
from freeproviders.logins.store import StoredCookies, load

__all__ = ["login_of"]

_STORED = "stored"
_MAX_BYTES = 256 * 1024 * 1024


def login_of(cookies: "Mapping[str, str] | str | os.PathLike[str]", *, service: str, hosts: Collection[str]) -> Login:
    """The login that a value of the setting ``cookies`` stands for.

    Args:
        cookies: As in this module's docstring.
        service: Name of the provider.
        hosts: The service's hosts; of a file or a stored login, the cookies of others are left out.

    Raises:
        InvalidSetting: If it is none of these, or the file cannot be read. A text that is no file is not quoted: it
            may be a secret.
        LoginRequired: If no valid login is stored.
    """
    if isinstance(cookies, Mapping):
        return Login(cookies=cookies if isinstance(cookies, StoredCookies) else dict(cookies))
    if cookies == _STORED:
        return load(service, hosts)
    pairs = _header(cookies) if isinstance(cookies, str) else None
    path = Path(os.path.expanduser(cookies))  # noqa: PTH111  # Path.expanduser raises for what is no path
    if pairs is None:
        if isinstance(cookies, str) and not _is_file(path):
            raise InvalidSetting(
                "cookies must look like 'name=value; other=value', be a mapping, the name of a file that exists "
                '(without "=" in it, or as a Path), or "stored"'
            )
        return _from_file(path, hosts)
    if pairs and _is_file(path):
        raise InvalidSetting("cookies is both a text of cookies and the name of a file: pass a Path or a mapping")
    return Login(cookies=pairs)


def _header(text: str) -> dict[str, str] | None:
    """The cookies of a ``Cookie`` header, or None for any other text."""
    pairs = [part.strip().partition("=") for part in text.split(";") if part.strip()]
    # A slash or space is in no cookie's name, but may well come before an equals sign in a path.
    if not all(name and equals and not set(name) & set("/\\ \t") for name, equals, _ in pairs):
        return None
    return {name: value for name, _, value in pairs}


def _is_file(path: Path) -> bool:
    """Whether a file is there; a device or pipe, which may have no end, is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text of cookies is no name, or too long for one
        return False


def _from_file(path: Path, hosts: Collection[str]) -> Login:
    if not _is_file(path):
        raise InvalidSetting(f"cookies: {str(path)!r} is no file; read are {FORMATS}")
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InvalidSetting(f"cookies: {str(path)!r} cannot be read: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise InvalidSetting(f"cookies: {str(path)!r} has more than {_MAX_BYTES} bytes")
    try:
        login = read_login(data, hosts, time.time())
    except InvalidSetting as error:
        raise InvalidSetting(f"cookies: {str(path)!r}: {error.message}") from None
    if not login.cookies and not login.authorization:
        raise InvalidSetting(
            f"cookies: {str(path)!r} has no valid cookie of {' or '.join(sorted(hosts))}. Sign in with the browser and "
            "export them again (a browser leaves cookies out of a HAR unless told to save sensitive data)"
        )
    return login
