"""Free chat services as LangChain chat models: streaming, asynchronous, without an API key.

The services themselves are ``freeproviders``; this package turns LangChain's messages into its turns and its events
into LangChain's chunks.
"""

from langchain_freeproviders.chat_models import (
    ChatAiChats,
    ChatFlowGpt,
    ChatFreeProvider,
    ChatPi,
    ChatPizzagpt,
    ChatYqcloud,
    init_free_chat_model,
)
from langchain_freeproviders.image_tool import FreeImageTool
from langchain_freeproviders.llms import FreeProviderLLM
from langchain_freeproviders.router import ChatFreeRouter

__all__ = [
    "ChatAiChats",
    "ChatFlowGpt",
    "ChatFreeProvider",
    "ChatFreeRouter",
    "ChatPi",
    "ChatPizzagpt",
    "ChatYqcloud",
    "FreeImageTool",
    "FreeProviderLLM",
    "init_free_chat_model",
]
