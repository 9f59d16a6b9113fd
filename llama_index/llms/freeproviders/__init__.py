"""The LLMs of ``llamaindex_freeproviders``, under the name by which LlamaIndex's users look for integrations.

``llama_index`` and ``llama_index.llms`` are namespaces that many distributions share: neither may have a file of ours.
"""

from llamaindex_freeproviders import (
    AiChats,
    FlowGpt,
    FreeImageToolSpec,
    FreeProvider,
    FreeRouter,
    OpenAICompatible,
    Pi,
    Pizzagpt,
    Yqcloud,
)

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
