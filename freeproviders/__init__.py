"""Free chat services over their own wire protocols: values, providers and a client, independent of any framework.

``langchain_freeproviders`` and ``llamaindex_freeproviders`` build on it; it imports neither framework.
"""

from freeproviders import errors, providers
from freeproviders.policy import Retry, Timeouts
from freeproviders.transport import Client
from freeproviders.wire import Answer, Done, Event, Fact, Image, Prompt, Text, Turn

__all__ = [
    "Answer",
    "Client",
    "Done",
    "Event",
    "Fact",
    "Image",
    "Prompt",
    "Retry",
    "Text",
    "Timeouts",
    "Turn",
    "errors",
    "providers",
]
