"""Free chat services as LlamaIndex LLMs: no API key, true streaming, true async.

``Yqcloud()`` goes where LlamaIndex takes an LLM. Message conversion lives in ``messages``, the calls in ``base``.
"""

from llamaindex_freeproviders.image_tool import FreeImageToolSpec
from llamaindex_freeproviders.llms import AiChats, FlowGpt, FreeProvider, OpenAICompatible, Pi, Pizzagpt, Yqcloud
from llamaindex_freeproviders.router import FreeRouter

__all__ = [
    "AiChats",
    "FlowGpt",
    "FreeImageToolSpec",
    "FreeProvider",
    "FreeRouter",
    "OpenAICompatible",
    "Pi",
    "Pizzagpt",
    "Yqcloud",
]
