"""A browser window in which a person signs in; what the site then knows them by is taken over.

The window is an installed Chromium or Chrome with an empty profile that is thrown away afterwards, driven by Playwright
(extra ``browser``). It says of itself that it is under control, and nothing here solves a check: a person does.
"""

import asyncio
import importlib.util
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freeproviders.errors import ConnectionFailed, InvalidSetting, LoginRequired
from freeproviders.logins.formats import cookies_within, host_of
from freeproviders.provider import Provider

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Request

__all__ = ["BROWSER_VARIABLE", "Window", "find_browser", "sign_in"]

BROWSER_VARIABLE = "FREEPROVIDERS_BROWSER"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    *(
        os.path.expandvars(rf"{folder}\Google\Chrome\Application\chrome.exe")
        for folder in ("%ProgramFiles%", "%ProgramFiles(x86)%", "%LocalAppData%")
    ),
)
# A browser that lives for one login has no business of its own on the network.
_QUIET = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
_NO_TOKEN = ("", "null", "undefined")
_LOOK_EVERY = 0.25

Act = Callable[["Page"], Awaitable[None]]
"""Does in the page what a person would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The window to open.

    Attributes:
        executable: The browser.
        url: What it opens.
        timeout: Seconds until the login must be complete.
        headless: Show no window; for tests.
        confined: Use the browser's own sandbox, which it cannot as root.

    Raises:
        InvalidSetting: If Playwright or a display is missing.
    """

    executable: str
    url: str
    timeout: float = 600.0
    headless: bool = False
    confined: bool = True

    def __post_init__(self) -> None:
        if importlib.util.find_spec("playwright") is None:
            raise InvalidSetting("a login needs Playwright. Run: pip install 'freeproviders[browser]'")
        if sys.platform == "linux" and not self.headless and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
            raise InvalidSetting(
                "there is no display to open a window on. Log in on a desktop, or export the cookies of a browser "
                "there and pass the file as cookies="
            )


def find_browser(named: str | None = None) -> str:
    """The browser to use: the one named, else that of ``FREEPROVIDERS_BROWSER``, else an installed Chromium or Chrome.

    Raises:
        InvalidSetting: If there is none, or none of that name.
    """
    wanted = named or os.environ.get(BROWSER_VARIABLE)
    found = (shutil.which(name) for name in ((wanted,) if wanted else (*_NAMES, *_PLACES)))
    browser = next(filter(None, found), None)
    if browser is None:
        missing = f"there is no browser {wanted!r}" if wanted else "no Chromium or Chrome was found"
        raise InvalidSetting(
            f"{missing}. Install one (e.g. apt install chromium, brew install --cask google-chrome), or name its "
            f"program by --browser or {BROWSER_VARIABLE}"
        )
    return browser


async def sign_in(
    provider: Provider, window: Window, *, pressed: asyncio.Event | None = None, act: Act | None = None
) -> dict[str, Any]:
    """Opens the site and waits until the browser has what the service's card and settings name, or a person says so.

    Args:
        provider: The service.
        window: The window.
        pressed: Set when the person says that they are done.
        act: Does in the page what the person would do; for tests.

    Returns:
        What ``freeproviders.logins.store.save`` takes: the cookies of the service's hosts and of the page that was
        opened, the browser's User-Agent, and the ``Authorization`` its pages sent, where the service has that setting.

    Raises:
        LoginRequired: If the person closed the window, the time ran out, or the site left nothing to store.
        InvalidSetting: If the browser does not start.
        ConnectionFailed: If the site cannot be opened.
    """
    async with _opened(window) as context:
        watch = _Watch(provider, window, context)
        page = context.pages[0] if context.pages else await context.new_page()
        watch.user_agent = await _go(page, window.url)
        if act is not None:
            await act(page)
        try:
            return await asyncio.wait_for(watch.state(pressed or asyncio.Event()), window.timeout)
        except asyncio.TimeoutError:
            raise LoginRequired(f"nobody has signed in within {window.timeout:g} s; nothing was stored") from None


class _Watch:
    """What the browser has by now."""

    def __init__(self, provider: Provider, window: Window, context: "BrowserContext") -> None:
        self.user_agent = ""
        self._authorization = ""
        self._context = context
        self._hosts = {*provider.hosts, host_of(window.url) or ""}
        self._wanted = set(provider.card.login_cookies)
        self._wants_token = "authorization" in provider.setting_names()
        context.on("request", self._see)

    def _see(self, request: "Request") -> None:
        token = request.headers.get("authorization", "")
        known = host_of(request.url) in self._hosts
        if self._wants_token and known and token.partition(" ")[2].strip() not in _NO_TOKEN:
            self._authorization = token

    async def state(self, pressed: asyncio.Event) -> dict[str, Any]:
        while True:
            last_look = pressed.is_set()
            cookies = await self._cookies()
            if self._complete({cookie["name"] for cookie in cookies}) or last_look:
                break
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(pressed.wait(), _LOOK_EVERY)
        if not cookies and not self._authorization:
            raise LoginRequired(f"the site has left nothing for {' or '.join(sorted(self._hosts))}; nothing was stored")
        return {"cookies": cookies, "user_agent": self.user_agent, "authorization": self._authorization}

    def _complete(self, names: set[str]) -> bool:
        known = bool(self._wanted) or self._wants_token
        return known and self._wanted <= names and (bool(self._authorization) or not self._wants_token)

    async def _cookies(self) -> list[Any]:
        from playwright.async_api import Error

        closed = LoginRequired("the window was closed before the login was complete; nothing was stored")
        if not self._context.pages:
            raise closed
        try:
            return cookies_within(await self._context.cookies(), self._hosts, now=0)
        except Error:
            raise closed from None


async def _go(page: "Page", url: str) -> str:
    """Opens the site; gives the browser's ``User-Agent``."""
    from playwright.async_api import Error

    try:
        user_agent = await page.evaluate("navigator.userAgent")
        await page.goto(url, wait_until="commit")
    except Error as error:
        raise ConnectionFailed(f"{url} cannot be opened: {error.message.splitlines()[0]}") from None
    return str(user_agent)


@asynccontextmanager
async def _opened(window: Window) -> AsyncGenerator["BrowserContext", None]:
    """The open window. The end of Playwright's driver closes it, and waits for that half a minute at most."""
    from playwright.async_api import Error, async_playwright

    async with async_playwright() as playwright:
        try:
            context = await playwright.chromium.launch_persistent_context(
                "",  # a new folder, removed with the window
                executable_path=window.executable,
                headless=window.headless,
                chromium_sandbox=window.confined,
                handle_sigint=False,  # Ctrl-C reaches the driver too, which must stay until we end it
                no_viewport=True,
                args=_QUIET,
            )
        except Error as error:
            raise InvalidSetting(
                f"{window.executable} does not start: {error.message.splitlines()[0]} (as root it needs --no-sandbox)"
            ) from None
        yield context
