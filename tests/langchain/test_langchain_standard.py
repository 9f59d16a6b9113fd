"""LangChain's own standard suites, unit and integration, for each class, over its own wire protocol.

The router runs them over two candidates, the first of which is broken.

The flags say what is true. The five services: tools and structured output by prompt, no usage numbers (none sends any),
no media in. Where one has no choice of models, the model override is the second name it is known under; Pi has only
one. OpenAI-compatible servers: tools and structured output as data, usage, images in; a preset stands for all presets.
"""

import base64
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.proxy_servers import HttpProxy, served
from langchain_freeproviders import (
    ChatAiChats,
    ChatFlowGpt,
    ChatFreeProvider,
    ChatFreeRouter,
    ChatOpenAICompatible,
    ChatPi,
    ChatPizzagpt,
    ChatYqcloud,
)

# The suites pass temperature and max_tokens to every model, and ours say so where that has no effect.
pytestmark = pytest.mark.filterwarnings("ignore::freeproviders.notices.IgnoredParameterWarning")

OVERRIDES = {
    ChatPizzagpt: "gpt-3.5-turbo",
    ChatAiChats: "gpt-4o-mini",
    ChatYqcloud: "gpt-3.5-turbo",
    ChatFlowGpt: "claude-v2",
    ChatFreeRouter: "claude-v2",
    ChatOpenAICompatible: "qwen3:8b",
    ChatFreeProvider: "qwen/qwen3-32b",
}

PICTURE_HOST = "raw.githubusercontent.com"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def _give_picture(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE)
    await writer.drain()


@pytest.fixture(scope="module")
def picture_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The host that the suite downloads its picture from, on this machine; gives the environment that leads there."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate of the picture's host")
    key, certificate = (tmp_path_factory.mktemp("tls") / name for name in ("key.pem", "certificate.pem"))
    words = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={PICTURE_HOST}"
    more = ("-addext", f"subjectAltName=DNS:{PICTURE_HOST}", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([openssl, *words.split(), *more], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with served(_give_picture, context) as port, HttpProxy(target=port).running() as proxy:
        yield {"HTTPS_PROXY": f"http://{proxy}", "SSL_CERT_FILE": str(certificate)}


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


class Native(Integration):
    """Servers that take tools, schemas and images as data, and count tokens."""

    @pytest.fixture(autouse=True)
    def _picture(self, picture_host: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in picture_host.items():
            monkeypatch.setenv(name, value)

    @property
    def returns_usage_metadata(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
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


class TestOpenAICompatibleUnit(Unit):
    chat_class = ChatOpenAICompatible


class TestPresetUnit(Unit):
    chat_class = ChatFreeProvider

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"provider": "gemini"}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        variables = {"FREEPROVIDERS_GEMINI_BASE_URL": "http://127.0.0.1:1/x"}
        return variables, {"provider": "gemini"}, {"base_url": "http://127.0.0.1:1/x"}


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


class TestOpenAICompatibleIntegration(Native):
    chat_class = ChatOpenAICompatible


class TestOpenAICompatiblePromptedIntegration(Native):
    """The same server, told of tools and schemas in words."""

    chat_class = ChatOpenAICompatible

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "tool_mode": "prompted"}


class TestPresetIntegration(Native):
    chat_class = ChatFreeProvider

    @property
    def chat_model_params(self) -> dict[str, Any]:
        self.sandbox.settings.openai_keys = {"key-of-the-suite"}
        url = self.sandbox.url("openai_compatible")
        return {"provider": "gemini", "base_url": url, "api_key": "key-of-the-suite"}


class TestMixedRouterIntegration(Native):
    """A service that is told of tools in words and is broken, and a server that takes them as data."""

    chat_class = ChatFreeRouter

    @property
    def chat_model_params(self) -> dict[str, Any]:
        broken = ChatYqcloud(
            base_url=self.sandbox.url("yqcloud"),
            models=("claude-v2",),
            default_headers=Scenario(status=500).as_header(),
        )
        return {"candidates": [broken, ChatOpenAICompatible(base_url=self.sandbox.url("openai_compatible"))]}
