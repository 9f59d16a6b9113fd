"""Logins on this machine: one file a service, in the user's configuration folder, for the user's eyes alone.

A file has Playwright's storage state and beside it ``user_agent`` and ``authorization``. It is replaced as a whole, so
that a reader never meets half of one; without a lock, so the last of two writers wins. Links are not followed.
"""

import errno
import json
import logging
import os
import shlex
import stat
import sys
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from freeproviders.errors import InvalidSetting, LoginRequired, ProviderError
from freeproviders.logins.formats import Login, read_login
from freeproviders.private_files import write_privately

__all__ = ["StoredCookies", "config_folder", "finish_writing", "load", "path_of", "save"]

CONFIG_VARIABLE = "FREEPROVIDERS_CONFIG"
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # neither is known on Windows
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

_logger = logging.getLogger("freeproviders")


class StoredCookies(dict[str, str]):
    """The cookies of a stored login, kept up to date: here at once, in their file by a thread.

    Args:
        cookies: By name.
        path: Their file.
    """

    path: str = ""

    def __init__(self, cookies: Mapping[str, str] | Iterable[tuple[str, str]] = (), path: str = "") -> None:
        super().__init__(cookies)
        self.path = path

    def __repr__(self) -> str:
        return f"<{len(self)} stored cookies>"

    def rotate(self, changed: Mapping[str, str]) -> None:
        """Takes over cookies that the service has changed. Writing them down neither blocks nor fails."""
        self.update(changed)
        _in_turn(Path(self.path), dict(changed))


def path_of(service: str) -> Path:
    """Where the login of a service is, or would be: below ``FREEPROVIDERS_CONFIG``, or the platform's own place."""
    return config_folder() / "logins" / f"{service}.json"


def load(service: str, hosts: Collection[str]) -> Login:
    """The stored login of a service; its cookies are ``StoredCookies``.

    Args:
        service: Name of the provider.
        hosts: Cookies of other hosts are left out.

    Raises:
        LoginRequired: If there is none, or it has expired.
        InvalidSetting: If its file is open to others, a link, or not one of ours.
    """
    finish_writing()
    path = path_of(service)
    try:
        login = read_login(_read(path), hosts, time.time())
    except FileNotFoundError:
        raise LoginRequired(f"no login is stored. Run `freeproviders login {service}`", provider=service) from None
    except InvalidSetting as error:
        raise InvalidSetting(f"the stored login {path}: {error.message}", provider=service) from None
    except OSError as error:
        raise InvalidSetting(f"the stored login {path}: {error.strerror}", provider=service) from error
    if not login.cookies and not login.authorization:
        raise LoginRequired(
            f"no stored cookie is valid at {' or '.join(sorted(hosts))} now. Run `freeproviders login {service}`",
            provider=service,
        )
    return Login(
        cookies=StoredCookies(login.cookies, str(path)), user_agent=login.user_agent, authorization=login.authorization
    )


def save(service: str, state: Mapping[str, Any]) -> Path:
    """Stores a login, over the one before.

    Args:
        service: Name of the provider.
        state: ``cookies`` as a browser exports them, ``user_agent`` and ``authorization``.

    Returns:
        Its file.

    Raises:
        InvalidSetting: If the folder is open to others or cannot be written to.
    """
    finish_writing()
    path = path_of(service)
    try:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, state)
    except OSError as error:
        raise InvalidSetting(f"the login cannot be stored as {path}: {error.strerror}", provider=service) from error
    return path


def config_folder() -> Path:
    """Where settings of the user are kept: ``FREEPROVIDERS_CONFIG``, or the platform's own place."""
    if given := os.environ.get(CONFIG_VARIABLE):
        return Path(given).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "freeproviders"
    if os.name == "nt":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "freeproviders"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "freeproviders"


# Files.


def _read(path: Path) -> bytes:
    _check_folder(path.parent)
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NO_LINKS)) as file:
            _check_private(path, os.fstat(file.fileno()))
            return file.read()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InvalidSetting("it is a link, which is not followed. Remove it and log in again") from None
        raise


def _check_private(path: Path, found: os.stat_result) -> None:
    if os.name != "posix":  # elsewhere the user's profile folder is what keeps others out
        return
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise InvalidSetting("it is not a file of yours. Remove it and log in again")
    if found.st_mode & _OTHERS:
        raise InvalidSetting(f"it is open to others. Run: chmod 600 {shlex.quote(str(path))}")


def _check_folder(folder: Path) -> None:
    if os.name == "posix" and folder.stat().st_mode & _OTHERS_WRITE:
        raise InvalidSetting(f"others may write to its folder. Run: chmod 700 {shlex.quote(str(folder))}")


def _write(path: Path, state: Mapping[str, Any]) -> None:
    _check_folder(path.parent)
    write_privately(path, json.dumps(state))


# Writing back, one at a time and in order.

_last: threading.Thread | None = None
_turn = threading.Lock()


def finish_writing() -> None:
    """Waits until what has been rotated so far is in its file. A program that ends does so by itself."""
    with _turn:
        last = _last
    if last is not None:
        last.join()


def _in_turn(path: Path, changed: Mapping[str, str]) -> None:
    global _last  # noqa: PLW0603  # the queue of this process is the order of its threads
    with _turn:
        previous = _last

        def work() -> None:
            if previous is not None:
                previous.join()
            _merge(path, changed)

        # A program that ends waits for it; it would be a daemon if the thread that starts it is one.
        _last = threading.Thread(target=work, name="freeproviders-login", daemon=False)
        _last.start()


def _merge(path: Path, changed: Mapping[str, str]) -> None:
    """Puts changed values into a login's file; a login that was removed meanwhile stays removed."""
    try:
        state = json.loads(_read(path))
        for cookie in state["cookies"]:
            if cookie["name"] in changed:
                # How long the new value is good for is not known here: the service will tell.
                cookie.update(value=changed[cookie["name"]], expires=-1)
        _write(path, state)
    except (ProviderError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        _logger.warning("the renewed login in %s could not be written: %s", path, type(error).__name__)
