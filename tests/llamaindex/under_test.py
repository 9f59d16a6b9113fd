"""The LLMs of one service each, for parametrised tests."""

import json
from typing import Any

from llamaindex_freeproviders import AiChats, FlowGpt, OpenAICompatible, Pi, Pizzagpt, Yqcloud

LLM_CLASSES = [Pi, Pizzagpt, AiChats, Yqcloud, FlowGpt, OpenAICompatible]


def service_of(cls: Any) -> str:
    return cls.class_name().removeprefix("freeproviders_")


def call_block(tool: str, **arguments: Any) -> str:
    """A call as the prompt asks for it."""
    body = json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{body}\n</tool_call>"


def result_block(tool: str, text: str) -> str:
    """A result as the prompt gives it."""
    return f'<tool_response name="{tool}">\n{text}\n</tool_response>'
