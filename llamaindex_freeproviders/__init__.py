"""Free chat services as LlamaIndex LLMs: no API key, true streaming, true async.

``Yqcloud()`` goes where LlamaIndex takes an LLM. Message conversion lives in ``messages``, the calls in ``base``. Each
name is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

try:
    import llama_index.core.llms  # noqa: F401  # told here what to install, rather than by the first module that needs it
except ImportError as _missing:
    raise ImportError("llamaindex_freeproviders needs pip install 'freeproviders[llamaindex]'") from _missing

from freeproviders.late import late_names

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

if TYPE_CHECKING:
    from llamaindex_freeproviders.image_tool import FreeImageToolSpec
    from llamaindex_freeproviders.llms import AiChats, FlowGpt, FreeProvider, OpenAICompatible, Pi, Pizzagpt, Yqcloud
    from llamaindex_freeproviders.router import FreeRouter
else:  # type checkers must not see this, or they would take any name for one of ours
    _ELSEWHERE = {"FreeImageToolSpec": "image_tool", "FreeRouter": "router"}
    __getattr__, __dir__ = late_names(__name__, {**dict.fromkeys(__all__, "llms"), **_ELSEWHERE})
