"""`freeproviders login NAME`: a browser window to sign in with, and the login stored for ``cookies="stored"``."""

import argparse
import asyncio
import os
import sys
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from freeproviders.commands import say
from freeproviders.commands.parsing import completed, examples, service_words

__all__ = ["add"]

_READ_BYTES = 4096


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the subcommand."""
    words = "sign in to a service in a browser window and store the login on this machine"
    parser = commands.add_parser(
        "login",
        help=words,
        description=f'{words}. The commands chat and ask use it by themselves, models by cookies="stored".',
        epilog=examples("freeproviders login pi", "freeproviders login aichats --timeout 120"),
    )
    completed(parser.add_argument("name", metavar="SERVICE", help="the service, e.g. pi"), service_words)
    parser.add_argument("--url", help="page to open (default: the service's site)")
    parser.add_argument("--browser", metavar="PATH", help="Chromium or Chrome (default: the one installed)")
    parser.add_argument(
        "--timeout", type=float, default=600.0, metavar="SECONDS", help="how long to wait (default: %(default)g)"
    )
    parser.add_argument("--headless", action="store_true", help="open no window; for tests")
    parser.add_argument(
        "--no-sandbox", action="store_true", help="start the browser without its own sandbox; for tests as root"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from freeproviders import registry
    from freeproviders.logins.browser import Window, find_browser, sign_in
    from freeproviders.logins.store import save

    # Without cookies: those of the environment may stand for the login that is yet to come.
    provider = registry.get(options.name).configure({"cookies": {}})
    # Where base_url is not the service's own (a sandbox, say), its login page is below that.
    its_own = urlsplit(provider.card.site).hostname in provider.hosts
    here = provider.card.site if its_own else f"{provider.base_url.rstrip('/')}/login"
    window = Window(
        executable=find_browser(options.browser),
        url=options.url or here,
        timeout=options.timeout,
        headless=options.headless,
        confined=not options.no_sandbox,
    )

    async def wait() -> dict[str, object]:
        return await sign_in(provider, window, pressed=_pressed_enter())

    say(f"Opening {window.url}. Sign in there, or pass its check.")
    say("It ends by itself once the login is complete; or press Enter here to store what there is.")
    state = asyncio.run(wait())
    path = save(options.name, state)
    say(f'Stored in {path}. Use it with cookies="stored".')
    return 0


def _pressed_enter() -> asyncio.Event:
    """Set once a line comes in; the end of the input is no line."""
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        # The file descriptor itself: a thread that ends with the program may hold no lock of sys.stdin.
        with suppress(OSError, ValueError, AttributeError, RuntimeError):
            while data := os.read(sys.stdin.fileno(), _READ_BYTES):
                if b"\n" in data:
                    loop.call_soon_threadsafe(pressed.set)
                    return

    threading.Thread(target=read, name="freeproviders-enter", daemon=True).start()
    return pressed
