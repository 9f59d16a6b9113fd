"""Free chat services as LlamaIndex LLMs: no API key, true streaming, true async.

``Yqcloud()`` goes where LlamaIndex takes an LLM. Message conversion lives in ``messages``, the calls in ``base``. Each
name is loaded when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING

try:
    import llama_index.core.llms  # noqa: F401  # told here what to install, rather than by the first module that needs it
except ImportError as _missing:
    raise ImportError("llamaindex_freeproviders needs pip install 'freeproviders[llamaindex]'") from _missing

if TYPE_CHECKING:
    from llamaindex_freeproviders.image_tool import FreeImageToolSpec
    from llamaindex_freeproviders.llms import AiChats, FlowGpt, FreeProvider, OpenAICompatible, Pi, Pizzagpt, Yqcloud
    from llamaindex_freeproviders.router import FreeRouter
else:  # a type checker must not see this, or it would take any name for one of ours
    _ELSEWHERE = {"FreeImageToolSpec": "image_tool", "FreeRouter": "router"}

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'llms')}"), name)
        globals()[name] = found  # asked for once
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


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
