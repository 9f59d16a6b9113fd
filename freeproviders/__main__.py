"""The `freeproviders` command: one function per subcommand, each of which imports what it needs when it runs."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import sys
import threading
from collections.abc import Sequence

_USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Words after the command's name; None takes those of the process.

    Returns:
        Exit code: 0 for success, 2 for wrong words or a port that is taken.
    """
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="freeproviders", description="Free chat services without an API key.")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_sandbox(commands)
    return parser


def _add_sandbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    words = "run a local server that speaks every service's wire protocol"
    parser = commands.add_parser("sandbox", help=words, description=words)
    parser.add_argument("--host", default="127.0.0.1", help="loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8787, help="0 takes a free one (default: %(default)s)")
    parser.set_defaults(run=_sandbox)


def _sandbox(options: argparse.Namespace) -> int:
    from freeproviders.sandbox import Sandbox

    if not _is_loopback(options.host):
        return _fail(f"the sandbox is a test tool and listens on loopback addresses only, not on {options.host}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Sandbox(host=options.host, port=options.port) as sandbox:
            url = sandbox.url()
            sys.stdout.write(f"sandbox on {url} — export FREEPROVIDERS_SANDBOX={url}\n")
            sys.stdout.flush()
            stop.wait()
    except (OSError, OverflowError) as error:
        return _fail(f"cannot listen on {options.host}:{options.port}: {error}")
    return 0


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fail(message: str) -> int:
    sys.stderr.write(f"freeproviders: {message}\n")
    return _USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
