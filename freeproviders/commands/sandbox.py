"""`freeproviders sandbox`: a local server that speaks every service's wire protocol."""

import argparse
import errno
import signal
import threading
from typing import Any

from freeproviders.addresses import is_loopback_host
from freeproviders.commands import fail, say
from freeproviders.commands.parsing import examples

__all__ = ["add"]


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the subcommand."""
    words = "run a local server that speaks every service's wire protocol"
    parser = commands.add_parser(
        "sandbox",
        help=words,
        description=f"{words}. With FREEPROVIDERS_SANDBOX set to its address, programs and these commands ask it.",
        epilog=examples("freeproviders sandbox", "freeproviders sandbox --port 0"),
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8787, help="0 takes a free one (default: %(default)s)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from freeproviders.sandbox import Sandbox

    if not is_loopback_host(options.host):
        return fail(f"the sandbox is a test tool and listens on loopback addresses only, not on {options.host}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Sandbox(host=options.host, port=options.port) as sandbox:
            url = sandbox.url()
            say(f"sandbox on {url} — export FREEPROVIDERS_SANDBOX={url}")
            stop.wait()
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            return fail(f"port {options.port} is taken, by another sandbox perhaps: --port 0 takes a free one")
        return fail(f"cannot listen on {options.host}:{options.port}: {error}")
    return 0
