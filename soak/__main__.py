"""Runs a storm: ``python -m soak``; see ``soak.command``."""

import os
import sys

_VARIABLE = "GLIBC_TUNABLES"
# What a thread has freed stays in a cache of its own and counts as memory in use. With hundreds of threads these caches
# fill for tens of thousands of calls, and look like a leak; so the storm runs without them.
_ONE_HEAP = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"


def _run() -> int:
    if _VARIABLE not in os.environ:  # it counts only where it is set before a program begins
        arguments = [sys.executable, *(f"-W{word}" for word in sys.warnoptions), "-m", "soak", *sys.argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, _VARIABLE: _ONE_HEAP})  # noqa: S606  # this very program
    from soak.command import main

    return main()


if __name__ == "__main__":
    sys.exit(_run())
