"""Event loops and processors: which loop a process runs, and where it runs."""

import asyncio
import importlib
import importlib.util
import os

__all__ = ["has_uvloop", "new_loop", "pin"]


def has_uvloop() -> bool:
    """Whether uvloop is installed."""
    return importlib.util.find_spec("uvloop") is not None


def new_loop(kind: str) -> asyncio.AbstractEventLoop:
    """A new event loop, set as the current one.

    Args:
        kind: ``"uvloop"`` where it is installed, anything else for asyncio's own.
    """
    if kind == "uvloop" and has_uvloop():
        loop: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def pin(number: int) -> None:
    """Keeps this process on one of its processors, where the system can do that.

    Args:
        number: Which of them, from 0; counted on from the first where there are fewer.
    """
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[number % len(allowed)]})
