"""Free chat services as LangChain chat models: streaming, asynchronous, without an API key.

The services themselves are ``freeproviders``; this package turns LangChain's messages into its turns and its events
into LangChain's chunks. Each name is loaded when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING

try:
    import langchain_core  # noqa: F401  # told here what to install, rather than by the first module that needs it
except ImportError as _missing:
    raise ImportError("langchain_freeproviders needs pip install 'freeproviders[langchain]'") from _missing

if TYPE_CHECKING:
    from langchain_freeproviders.chat_models import (
        ChatAiChats,
        ChatFlowGpt,
        ChatFreeProvider,
        ChatOpenAICompatible,
        ChatPi,
        ChatPizzagpt,
        ChatYqcloud,
        init_free_chat_model,
    )
    from langchain_freeproviders.image_tool import FreeImageTool
    from langchain_freeproviders.llms import FreeProviderLLM
    from langchain_freeproviders.router import ChatFreeRouter
else:  # a type checker must not see this, or it would take any name for one of ours
    _ELSEWHERE = {"ChatFreeRouter": "router", "FreeImageTool": "image_tool", "FreeProviderLLM": "llms"}

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'chat_models')}"), name)
        globals()[name] = found  # asked for once
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "ChatAiChats",
    "ChatFlowGpt",
    "ChatFreeProvider",
    "ChatFreeRouter",
    "ChatOpenAICompatible",
    "ChatPi",
    "ChatPizzagpt",
    "ChatYqcloud",
    "FreeImageTool",
    "FreeProviderLLM",
    "init_free_chat_model",
]
