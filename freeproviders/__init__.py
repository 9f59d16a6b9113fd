"""Free chat services over their own wire protocols: values, providers and a client, independent of any framework.

``langchain_freeproviders`` and ``llamaindex_freeproviders`` build on it; it imports neither framework. Each name is
loaded when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freeproviders import errors, providers
    from freeproviders.candidates import Candidate
    from freeproviders.limits import Limiter, Limits
    from freeproviders.policy import Retry, Timeouts
    from freeproviders.router import Router
    from freeproviders.transport import Client
    from freeproviders.wire import Answer, Done, Event, Fact, Image, Prompt, Restarted, Text, Turn
else:  # a type checker must not see this, or it would take any name for one of ours
    _ELSEWHERE = {
        "Candidate": "candidates",
        "Client": "transport",
        "Router": "router",
        **dict.fromkeys(("Limiter", "Limits"), "limits"),
        **dict.fromkeys(("Retry", "Timeouts"), "policy"),
    }

    def __getattr__(name: str) -> object:
        if name in ("errors", "providers"):
            return importlib.import_module(f"{__name__}.{name}")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'wire')}"), name)
        globals()[name] = found  # asked for once
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


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
