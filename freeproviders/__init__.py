"""Free chat services over their own wire protocols: values, providers and a client, independent of any framework.

``langchain_freeproviders`` and ``llamaindex_freeproviders`` build on it; it imports neither framework. Each name is
loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

from freeproviders.late import late_names

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

if TYPE_CHECKING:
    from freeproviders import errors, providers
    from freeproviders.candidates import Candidate
    from freeproviders.limits import Limiter, Limits
    from freeproviders.policy import Retry, Timeouts
    from freeproviders.router import Router
    from freeproviders.transport import Client
    from freeproviders.wire import Answer, Done, Event, Fact, Image, Prompt, Restarted, Text, Turn
else:  # type checkers must not see this, or they would take any name for one of ours
    _MODULES = {
        **dict.fromkeys(__all__, "wire"),
        "Candidate": "candidates",
        "Client": "transport",
        "Router": "router",
        **dict.fromkeys(("Limiter", "Limits"), "limits"),
        **dict.fromkeys(("Retry", "Timeouts"), "policy"),
        "errors": "errors",
        "providers": "providers",
    }
    __getattr__, __dir__ = late_names(__name__, _MODULES)
