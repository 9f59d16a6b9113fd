"""Free chat services as LangChain chat models: streaming, asynchronous, without an API key.

The services themselves are ``freeproviders``; this package turns LangChain's messages into its turns and its events
into LangChain's chunks. Each name is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

try:
    import langchain_core  # noqa: F401  # told here what to install, rather than by the first module that needs it
except ImportError as _missing:
    raise ImportError("langchain_freeproviders needs pip install 'freeproviders[langchain]'") from _missing

from freeproviders.late import late_names

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
else:  # type checkers must not see this, or they would take any name for one of ours
    _ELSEWHERE = {"ChatFreeRouter": "router", "FreeImageTool": "image_tool", "FreeProviderLLM": "llms"}
    __getattr__, __dir__ = late_names(__name__, {**dict.fromkeys(__all__, "chat_models"), **_ELSEWHERE})
