"""LangChain's own standard suites, unit and integration, for each of the five classes, over its own wire protocol.

The router runs them over two candidates, the first of which is broken.

The flags say what is true: tools and structured output by prompt, no usage numbers (no service sends any), no media in.
Where a service has no choice of models, the model override is the second name it is known under; Pi has only one.
"""

from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from freeproviders.sandbox import Sandbox, Scenario
from langchain_freeproviders import ChatAiChats, ChatFlowGpt, ChatFreeRouter, ChatPi, ChatPizzagpt, ChatYqcloud

# The suites pass temperature and max_tokens to every model, and ours say so where that has no effect.
pytestmark = pytest.mark.filterwarnings("ignore::freeproviders.notices.IgnoredParameterWarning")

OVERRIDES = {
    ChatPizzagpt: "gpt-3.5-turbo",
    ChatAiChats: "gpt-4o-mini",
    ChatYqcloud: "gpt-3.5-turbo",
    ChatFlowGpt: "claude-v2",
    ChatFreeRouter: "claude-v2",
}


class Unit(ChatModelUnitTests):
    chat_class: type[BaseChatModel]

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return self.chat_class

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        name = f"FREEPROVIDERS_{self.chat_class.provider_name.upper()}_BASE_URL"  # type: ignore[attr-defined]
        return {name: "http://127.0.0.1:1/x"}, {}, {"base_url": "http://127.0.0.1:1/x"}


class Integration(ChatModelIntegrationTests):
    chat_class: type[BaseChatModel]
    sandbox: Sandbox

    @pytest.fixture(autouse=True)
    def _over_the_sandbox(self, sandbox: Sandbox) -> None:
        type(self).sandbox = sandbox

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return self.chat_class

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"base_url": self.sandbox.url(self.chat_class.provider_name)}  # type: ignore[attr-defined]

    @property
    def supports_model_override(self) -> bool:
        return self.chat_class in OVERRIDES

    @property
    def model_override_value(self) -> str | None:
        return OVERRIDES.get(self.chat_class)

    @property
    def returns_usage_metadata(self) -> bool:
        return False

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True


class TestPiUnit(Unit):
    chat_class = ChatPi


class TestPizzagptUnit(Unit):
    chat_class = ChatPizzagpt


class TestAiChatsUnit(Unit):
    chat_class = ChatAiChats


class TestYqcloudUnit(Unit):
    chat_class = ChatYqcloud


class TestFlowGptUnit(Unit):
    chat_class = ChatFlowGpt


class TestRouterUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatFreeRouter

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"candidates": ["yqcloud", "flowgpt:claude-v2"]}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"FREEPROVIDERS_YQCLOUD_MODELS": "new"}, {"candidates": ["yqcloud:new"]}, {"model": None}


class TestPiIntegration(Integration):
    chat_class = ChatPi


class TestPizzagptIntegration(Integration):
    chat_class = ChatPizzagpt


class TestAiChatsIntegration(Integration):
    chat_class = ChatAiChats


class TestYqcloudIntegration(Integration):
    chat_class = ChatYqcloud


class TestFlowGptIntegration(Integration):
    chat_class = ChatFlowGpt


class TestRouterIntegration(Integration):
    chat_class = ChatFreeRouter

    @property
    def chat_model_params(self) -> dict[str, Any]:
        broken = ChatYqcloud(
            base_url=self.sandbox.url("yqcloud"),
            models=("claude-v2",),
            default_headers=Scenario(status=500).as_header(),
        )
        return {"candidates": [broken, ChatFlowGpt(base_url=self.sandbox.url("flowgpt"))]}
