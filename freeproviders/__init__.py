"""Free chat services over their own wire protocols: values, providers and a client, independent of any framework.

``langchain_freeproviders`` and ``llamaindex_freeproviders`` build on it; it imports neither framework.
"""

from typing import TYPE_CHECKING

from freeproviders import errors, providers
from freeproviders.limits import Limiter, Limits
from freeproviders.policy import Retry, Timeouts
from freeproviders.transport import Client
from freeproviders.wire import Answer, Done, Event, Fact, Image, Prompt, Restarted, Text, Turn

if TYPE_CHECKING:
    from freeproviders.candidates import Candidate
    from freeproviders.router import Router
else:  # loaded by who asks for one; a type checker must not see this, or it would take any name for one of ours
    _MODULES = {"Candidate": "candidates", "Router": "router"}

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULES})


__all__ = [
    "Answer",
    "Candidate",
    "Client",
    "Done",
    "Event",
    "Fact",
    "Image",
    "Limiter",
    "Limits",
    "Prompt",
    "Restarted",
    "Retry",
    "Router",
    "Text",
    "Timeouts",
    "Turn",
    "errors",
    "providers",
]
