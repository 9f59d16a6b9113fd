"""The chat models users type: one class a service, a generic one, and ``init_free_chat_model``."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from langchain_core.messages import AIMessage
from pydantic import Field

from freeproviders import registry
from freeproviders.blocking import portal
from freeproviders.wire import Exchange
from langchain_freeproviders.chat import FreeChatModel
from langchain_freeproviders.errors import translated
from langchain_freeproviders.kinds import check_kinds
from langchain_freeproviders.service import AnyProviderModel

if TYPE_CHECKING:
    from freeproviders.providers.openai_compatible import OpenAICompatible
    from freeproviders.providers.pi import Pi

__all__ = [
    "ChatAiChats",
    "ChatFlowGpt",
    "ChatFreeProvider",
    "ChatOpenAICompatible",
    "ChatPi",
    "ChatPizzagpt",
    "ChatYqcloud",
    "init_free_chat_model",
]


class ChatPi(FreeChatModel):
    """Pi (pi.ai) as a chat model.

    Setup:
        ``pip install "freeproviders[langchain]"``. No API key. The service is said to want a signed-in session today:
        pass ``cookies`` of a browser that is signed in at pi.ai, with its ``user_agent``.

    Key init args — completion:
        model: ``"pi"``, the only one.
        stop: Sequences the answer ends before; honoured on our side.
        stream_tool_args: Whether streams give the arguments of tool calls as they grow (default: whole).
        temperature, max_tokens: Accepted; Pi has no field for them, which is reported by a warning.

    Key init args — client:
        timeout: Seconds to the first byte (default 60). max_retries: Further attempts after the first (default 2).
        limits: Requests at once and in a time (``freeproviders.Limits``), or a ``Limiter`` that several models share.
        base_url, proxy, cookies, default_headers, user_agent, origin, extra_query, model_kwargs: See docs/settings.md.
        prompt_cap: Most characters sent (default 4000, Pi's own cap); more raises ``PromptTooLong`` before sending.
        route: ``"v1"``, ``"v2"`` or ``"auto"``: v1, and v2 where v1 is gone.
        start: ``"start"`` or ``"conversations"``: how a conversation begins.
        start_version, conversations_version, api_version, v2_api_version: ``X-Api-Version`` of each route.

    Instantiate and invoke:
        .. code-block:: python

            from langchain_freeproviders import ChatPi

            chat = ChatPi()
            chat.invoke("Hello!").text
            for chunk in chat.stream("Tell me a story."):
                print(chunk.text, end="", flush=True)

    Conversations kept by Pi:
        .. code-block:: python

            first = chat.invoke("My name is Ada.", thread={})
            chat.invoke("What is my name?", thread=first.response_metadata["thread"])

    Response metadata:
        ``model_name``, ``model_provider``, ``finish_reason``, ``attempts``, ``message_sid``, and ``thread`` where asked
        for. A thread of an anonymous session holds the key to that session: keep it as you keep the conversation.
    """

    provider_name: ClassVar[str] = "pi"

    route: str | None = None
    start: str | None = None
    start_version: str | None = None
    conversations_version: str | None = None
    api_version: str | None = None
    v2_api_version: str | None = None

    def history(self, thread: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All messages of a conversation, as Pi keeps them: ``sid``, ``text``, ``sentAt``.

        Args:
            thread: ``response_metadata["thread"]`` of an answer.

        Raises:
            LoginRequired: If the session is over.
        """
        return portal.call(lambda: self.ahistory(thread))

    async def ahistory(self, thread: Mapping[str, Any]) -> list[dict[str, Any]]:
        """As ``history``, awaited."""
        from freeproviders.providers.pi_archive import history  # a provider is loaded by who asks it for something

        result: list[dict[str, Any]] = await self._archive(lambda pi: history(pi, thread))
        return result

    def voice(self, message: AIMessage, name: str = "voice1") -> tuple[bytes, str]:
        """An answer, spoken: the audio's bytes and its content type.

        Args:
            message: The answer; it must carry a ``thread``, as only a thread's session may hear it.
            name: One of ``voice1`` to ``voice8``.
        """
        return portal.call(lambda: self.avoice(message, name))

    async def avoice(self, message: AIMessage, name: str = "voice1") -> tuple[bytes, str]:
        """As ``voice``, awaited."""
        from freeproviders.providers.pi_archive import spoken

        facts = message.response_metadata
        result: tuple[bytes, str] = await self._archive(lambda pi: spoken(pi, facts, name))
        return result

    async def _archive(self, exchange: "Callable[[Pi], Exchange]") -> Any:
        client = self._face
        pi = cast("Pi", client.provider)  # the registry's own class of that name
        with translated():
            return await client.arun(lambda: exchange(pi))


class ChatPizzagpt(FreeChatModel):
    """Pizzagpt (pizzagpt.it) as a chat model. It answers in one piece, so a stream has one text chunk.

    Setup:
        ``pip install "freeproviders[langchain]"``. No API key.

    Key init args — completion:
        model: ``"gpt-4o-mini"`` (default) or ``"gpt-3.5-turbo"``: names the service is known under; it chooses itself.
        stop: Sequences the answer ends before; honoured on our side.
        stream_tool_args: Whether streams give the arguments of tool calls as they grow (default: whole).
        temperature, max_tokens: Accepted; there is no field for them, which is reported by a warning.
        search_enabled: Lets the service search the web; its sources come as ``response_metadata["citations"]``.
        study_mode: The site's study mode.

    Key init args — client:
        timeout, max_retries, limits, base_url, proxy, cookies, default_headers, user_agent, origin, extra_query,
        model_kwargs.
        secret: The word of the ``x-secret`` header, which the site changes at times (also
            ``FREEPROVIDERS_PIZZAGPT_SECRET``).
        generation: Which form of body to send: ``"2025-09"`` (default), ``"2025-02"`` or ``"2024-01"``.
        path: Of the request.

    Instantiate and invoke:
        .. code-block:: python

            from langchain_freeproviders import ChatPizzagpt

            ChatPizzagpt().invoke("Hello!").text

    Response metadata:
        ``model_name``, ``model_provider``, ``finish_reason``, ``attempts``, and ``citations`` where there are any.
    """

    provider_name: ClassVar[str] = "pizzagpt"

    path: str | None = None
    secret: str | None = Field(default=None, exclude=True, repr=False)
    generation: str | None = None
    search_enabled: bool | None = None
    study_mode: bool | None = None


class ChatAiChats(FreeChatModel):
    """AiChats (ai-chats.org) as a chat model; its model ``dalle`` answers with an image.

    Setup:
        ``pip install "freeproviders[langchain]"``. No API key. The site is behind Cloudflare: expect ``Blocked`` unless
        you pass the ``cookies`` and ``user_agent`` of a browser that has passed its check.

    Key init args — completion:
        model: ``"gpt-4"`` (default), ``"gpt-4o-mini"``: names it is known under; or ``"dalle"`` for images.
        stop: Sequences the answer ends before; honoured on our side.
        stream_tool_args: Whether streams give the arguments of tool calls as they grow (default: whole).
        temperature, max_tokens: Accepted; there is no field for them, which is reported by a warning.
        image_format: ``"url"`` (default) or ``"bytes"``, which fetches the image at once, as such URLs expire.

    Key init args — client:
        timeout, max_retries, limits, base_url, proxy, cookies, default_headers, user_agent, origin, extra_query,
        model_kwargs.
        path: Of the request.

    Instantiate and invoke:
        .. code-block:: python

            from langchain_freeproviders import ChatAiChats

            answer = ChatAiChats(model="dalle", image_format="bytes").invoke("A lighthouse at dawn")
            image = next(block for block in answer.content_blocks if block["type"] == "image")

    Response metadata:
        ``model_name``, ``model_provider``, ``finish_reason``, ``attempts``.
    """

    provider_name: ClassVar[str] = "aichats"

    path: str | None = None


class ChatYqcloud(FreeChatModel):
    """Yqcloud (chat9.yqcloud.top) as a chat model: streams, has a system field, keeps conversations.

    Setup:
        ``pip install "freeproviders[langchain]"``. No API key. Addresses of data centres are often banned there
        (``Blocked``); ``proxy`` helps.

    Key init args — completion:
        model: ``"gpt-4"`` (default) or ``"gpt-3.5-turbo"``: names it is known under; it has no field for a model.
        stop: Sequences the answer ends before; honoured on our side.
        stream_tool_args: Whether streams give the arguments of tool calls as they grow (default: whole).
        temperature, max_tokens: Accepted; there is no field for them, which is reported by a warning.
        network: Lets the service search the web (default True).

    Key init args — client:
        timeout, max_retries, limits, base_url, proxy, cookies, default_headers, user_agent, extra_query, model_kwargs.
        origin: The service's current front end; it moves at times (also ``FREEPROVIDERS_YQCLOUD_ORIGIN``).
        path: Of the request.

    Instantiate and invoke:
        .. code-block:: python

            from langchain_freeproviders import ChatYqcloud

            chat = ChatYqcloud()
            for chunk in chat.stream("Tell me a story."):
                print(chunk.text, end="", flush=True)

    Conversations kept by the service:
        .. code-block:: python

            first = chat.invoke("My name is Ada.", thread={})
            chat.invoke("What is my name?", thread=first.response_metadata["thread"])

    Response metadata:
        ``model_name``, ``model_provider``, ``finish_reason``, ``attempts``, and ``thread`` where asked for.
    """

    provider_name: ClassVar[str] = "yqcloud"

    path: str | None = None
    network: bool | None = None


class ChatFlowGpt(FreeChatModel):
    """FlowGPT (flowgpt.com) as a chat model: the only one with model choice, temperature and native history.

    Setup:
        ``pip install "freeproviders[langchain]"``. No API key.

    Key init args — completion:
        model: One of the card's models (default ``"gpt-3.5-turbo"``), an alias such as ``"gemini"``, or one of
            ``models``.
        temperature: Sent; 0.7 where it is not given.
        stop: Sequences the answer ends before; honoured on our side.
        stream_tool_args: Whether streams give the arguments of tool calls as they grow (default: whole).
        max_tokens: Accepted; there is no field for it, which is reported by a warning.
        prompt_id: A character of the site instead of a plain model.
        default_system: The system prompt where the messages have none.

    Key init args — client:
        timeout, max_retries, limits, base_url, proxy, cookies, default_headers, user_agent, origin, extra_query,
        model_kwargs.
        authorization: The whole ``Authorization`` header (default ``"Bearer null"``, anonymous).
        device_id: One is made for each model object and stays; give one to keep it longer.
        greeting: The opening line of the assistant that the site puts before the history; ``""`` for none.
        models: Names the service has added since.
        nsfw, path: See docs/wire/flowgpt.md.

    Instantiate and invoke:
        .. code-block:: python

            from langchain_freeproviders import ChatFlowGpt

            ChatFlowGpt(model="claude-v2", temperature=0.2).invoke("Hello!").text

    Response metadata:
        ``model_name``, ``model_provider``, ``finish_reason``, ``attempts``.
    """

    provider_name: ClassVar[str] = "flowgpt"

    path: str | None = None
    authorization: str | None = Field(default=None, exclude=True, repr=False)
    device_id: str | None = Field(default=None, exclude=True, repr=False)
    prompt_id: str | None = None
    greeting: str | None = None
    default_system: str | None = None
    nsfw: bool | None = None


class ChatOpenAICompatible(FreeChatModel):
    """Any server that speaks OpenAI's protocol as a chat model: one on this machine, or a hosted one by its address.

    Hosted services that are known by name (``freeproviders list``) need no address:
    ``init_free_chat_model("groq:openai/gpt-oss-120b")`` or ``ChatFreeProvider(provider="groq")``.

    Setup:
        ``pip install "freeproviders[langchain]"``, and a server such as Ollama, llama.cpp or vLLM. A key where the
        server wants one: ``api_key``, or ``FREEPROVIDERS_OPENAI_COMPATIBLE_API_KEY``.

    Key init args — completion:
        model: A name of the server; by default the first of ``models``. None is checked here.
        temperature, max_tokens: Sent where given.
        stop: Sequences the answer ends before; honoured on our side.
        tool_mode: How tools and schemas are asked for: ``"native"`` by fields of the protocol, ``"prompted"`` in words,
            for models that cannot otherwise; ``"auto"`` (default) natively where the model is known to. Tools and a
            schema in one call always go in words.
        images: Whether the model is shown images: ``"yes"``, ``"no"``, or ``"auto"`` where it is known to see.
        stream_tool_args: Whether streams give the arguments of tool calls as they grow (default: whole).
        model_kwargs: Further fields of the request, e.g. ``{"top_p": 0.9, "reasoning_effort": "low"}``.

    Key init args — client:
        base_url: Up to and with ``/v1`` (default ``http://localhost:8000/v1``).
        api_key: Sent as ``Authorization: Bearer``; never shown.
        timeout, max_retries, limits, proxy, cookies, default_headers, user_agent, origin, extra_query.
        models: Names of models; the first is the default one.
        path, models_path: Of the requests, below ``base_url``.
        stream_usage: Whether the server is asked to count tokens (default True); a few refuse that.

    Instantiate and invoke:
        .. code-block:: python

            from langchain_freeproviders import ChatOpenAICompatible

            chat = ChatOpenAICompatible(base_url="http://localhost:11434/v1", model="qwen3:8b")
            chat.invoke("Hello!").text
            for chunk in chat.stream("Tell me a story."):
                print(chunk.text, end="", flush=True)

    Tools:
        .. code-block:: python

            class Weather(BaseModel):
                city: str

            chat.bind_tools([Weather]).invoke("How is the weather in Oslo?").tool_calls

    Structured output:
        .. code-block:: python

            class Person(BaseModel):
                name: str
                age: int

            chat.with_structured_output(Person).invoke("Ada is 36.")

    Images:
        .. code-block:: python

            question = {"type": "text", "text": "What is this?"}
            photo = {"type": "image", "base64": data, "mime_type": "image/jpeg"}  # or "url", or OpenAI's image_url
            chat.invoke([HumanMessage([question, photo])])

    Usage and reasoning:
        ``usage_metadata`` holds what the server has counted; nothing is estimated. A model's reasoning is
        ``additional_kwargs["reasoning_content"]``, which ``content_blocks`` shows as a block; it is not sent back. In a
        stream both come with the last chunk.

    Response metadata:
        ``model_name``, ``model_provider``, ``finish_reason``, ``attempts``, and ``served_model``: what the server calls
        the model that has answered.
    """

    provider_name: ClassVar[str] = "openai_compatible"

    path: str | None = None
    models_path: str | None = None
    tool_mode: str | None = None
    images: str | None = None
    stream_usage: bool | None = None

    def served_models(self) -> tuple[str, ...]:
        """Names of the models that the server has by now.

        Raises:
            ProviderError: Of the fitting class, if it does not say.
        """
        return portal.call(self.aserved_models)

    async def aserved_models(self) -> tuple[str, ...]:
        """As ``served_models``, awaited."""
        client = self._face
        provider = cast("OpenAICompatible", client.provider)  # the registry's own class of that name
        with translated():
            names: tuple[str, ...] = await client.arun(provider.served_models)
        return names


class ChatFreeProvider(AnyProviderModel, FreeChatModel):
    """Any provider as a chat model: presets of hosted services, and third parties' included.

    Args:
        provider: Its name, e.g. ``"yqcloud"`` or ``"groq"``; ``freeproviders list`` shows them.
        settings: Its settings by name; they may also be given as arguments of their own.

    A preset's key is ``api_key``, else an environment variable such as ``GROQ_API_KEY``; a call without one raises
    ``LoginRequired``, which names the variable. All else is as with ``ChatOpenAICompatible``.

    Example:
        .. code-block:: python

            ChatFreeProvider(provider="groq", model="openai/gpt-oss-120b", tool_mode="native").invoke("Hello!").text
    """


_CLASSES: Mapping[str, type[FreeChatModel]] = {
    cls.provider_name: cls
    for cls in (ChatPi, ChatPizzagpt, ChatAiChats, ChatYqcloud, ChatFlowGpt, ChatOpenAICompatible)
}


def init_free_chat_model(model: str, *, provider: str | None = None, **kwargs: Any) -> FreeChatModel:
    """A chat model from one word, in the manner of LangChain's ``init_chat_model``.

    Args:
        model: ``"yqcloud:gpt-4"``, ``"yqcloud"`` for its default model, or a bare model name with ``provider``. What
            follows the first colon is the model: ``"ollama:qwen3:8b"``, ``"groq:openai/gpt-oss-120b"``.
        provider: Name of the provider, where ``model`` does not say it.
        kwargs: Arguments of the model's class.

    Raises:
        InvalidSetting: If the provider or an argument is unknown.
        UnknownModel: If the provider does not know the model.

    Example:
        .. code-block:: python

            init_free_chat_model("flowgpt:claude-v2", temperature=0).invoke("Hello!").text
    """
    with translated():
        check_kinds({"model": model, "provider": provider}, "")
        name: str | None = model
        if provider is None:
            provider, _, name = (model or "").partition(":")
        registry.get(provider)
    if name:
        kwargs["model"] = name
    known = _CLASSES.get(provider)
    return known(**kwargs) if known is not None else ChatFreeProvider(provider=provider, **kwargs)
