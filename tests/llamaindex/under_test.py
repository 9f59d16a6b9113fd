"""The five LLMs, for parametrised tests."""

from typing import Any

from llamaindex_freeproviders import AiChats, FlowGpt, Pi, Pizzagpt, Yqcloud

LLM_CLASSES = [Pi, Pizzagpt, AiChats, Yqcloud, FlowGpt]


def service_of(cls: Any) -> str:
    return cls.class_name().removeprefix("freeproviders_")
