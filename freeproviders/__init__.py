"""Free chat services over their own wire protocols: values, providers and a client, independent of any framework.

``langchain_freeproviders`` and ``llamaindex_freeproviders`` build on it; it imports neither framework.
"""

from freeproviders import errors, providers
from freeproviders.candidates import Candidate
from freeproviders.limits import Limiter, Limits
from freeproviders.policy import Retry, Timeouts
from freeproviders.router import Router
from freeproviders.transport import Client
from freeproviders.wire import Answer, Done, Event, Fact, Image, Prompt, Restarted, Text, Turn

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
