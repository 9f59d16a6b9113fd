"""What every provider has: its settings, its card, and the help its file needs to stay short. No I/O.

A provider is an immutable value. Its fields are its settings, its ``card`` says what the service can do, and
``exchange`` turns a prompt into requests. Everything with I/O in it belongs to the client.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from freeproviders.addresses import is_loopback_host
from freeproviders.errors import InvalidSetting, PromptTooLong, ProviderError, UnknownModel, UnsupportedContent
from freeproviders.limits import Limits
from freeproviders.logins.given import login_of
from freeproviders.settings import check_types, from_environment, nearest, variable, word_list
from freeproviders.status import failure
from freeproviders.wire import Exchange, Prompt, Reply

__all__ = ["Card", "Provider"]

# A current desktop browser; services refuse the library's own name. Replace it by the one your cookies come from.
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)

# No service publishes a limit; a few people chatting through one address would do no more.
_POLITE = Limits(concurrency=8, per_second=5)

# What a header or URL may never contain: it would end the header and begin another.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

P = TypeVar("P", bound="Provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of a service, as data.

    Attributes:
        name: Name in the registry, e.g. ``"yqcloud"``.
        title: Name for people.
        site: Its web site.
        models: Model names it takes or is known under; the first is the default.
        open_models: Whether it has others besides, so that an unknown name is the service's to refuse.
        aliases: Other names for them.
        image_models: Those of ``models`` that answer with an image.
        streaming: Whether the answer comes piece by piece.
        system: Whether it has a field for the system prompt; otherwise that goes into the text.
        history: Whether it has a field for earlier turns; otherwise they go into the text.
        threads: Whether it keeps conversations itself.
        temperature: Whether it has a field for it.
        max_tokens: Whether it has a field for the length of the answer.
        images_in: Whether its models are shown images.
        native_tools: Whether it takes tools and gives calls as data; otherwise both travel as text.
        native_json: How it is told to answer in JSON: ``"schema"``, ``"object"`` (any object), or empty for by words.
        login: Whether a signed-in session is said to be needed today.
        login_cookies: Cookies that a signed-in browser has; empty where none are known.
        context_window: A cautious estimate in tokens; the services publish none.
        tool_style: How its models are asked to write tool calls; one of ``freeproviders.tools.styles.STYLES``.
        verified: Date (ISO; the month where only that is known) of the last evidence that it answered somebody.
        evidence: What that evidence is.
        secrets: Settings that must not be shown.
        hints: By HTTP status, what went stale before and which setting repairs it.
        limits: What is polite towards the service: what it publishes, where it does.
        protocol: The wire protocol, and with it the name in a sandbox, where that is not the service's own.
    """

    name: str
    title: str
    site: str
    models: tuple[str, ...]
    open_models: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    image_models: tuple[str, ...] = ()
    streaming: bool = True
    system: bool = False
    history: bool = False
    threads: bool = False
    temperature: bool = False
    max_tokens: bool = False
    images_in: bool = False
    native_tools: bool = False
    native_json: str = ""
    login: bool = False
    login_cookies: tuple[str, ...] = ()
    context_window: int = 4096
    tool_style: str = "hermes"
    verified: str
    evidence: str
    secrets: tuple[str, ...] = ()
    hints: Mapping[int, str] = field(default_factory=dict)
    limits: Limits = _POLITE
    protocol: str = ""

    def _repr_html_(self) -> str:
        from freeproviders.notebook.views import card_html  # loaded by who looks at it in a notebook

        return card_html(self)


@dataclass(frozen=True, kw_only=True)
class Provider(ABC):
    """A service, as settings and rules.

    Attributes:
        base_url: Scheme, host and optional port or path prefix; the service's own paths are appended.
        origin: Sent as ``Origin``.
        user_agent: Sent as ``User-Agent``; must be the browser's the cookies were copied from.
        cookies: Sent with every request: a mapping, the text of a ``Cookie`` header, a file of cookies (its path, or
            its name as text), or ``"stored"`` for what `freeproviders login` has stored.
        default_headers: Sent with every request, over all others.
        extra_body: Fields merged into the body of the answer's request.
        extra_query: Query parameters of the answer's request.
        models: Model names accepted besides the card's, for a service that has added some.
        prompt_cap: Most characters of the text sent; checked before sending. 0 for no check.
        tool_style: How the model is asked to write tool calls, in place of the card's; empty for the card's.
        max_line_bytes: Longest line of a framed answer.
        max_body_bytes: Largest answer.
    """

    card: ClassVar[Card]

    base_url: str = ""
    origin: str = ""
    user_agent: str = USER_AGENT
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    default_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    extra_query: Mapping[str, str] = field(default_factory=dict, repr=False)
    models: tuple[str, ...] = ()
    prompt_cap: int = 0
    tool_style: str = ""
    max_line_bytes: int = 8 * 1024 * 1024
    max_body_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        check_types(self, self.card.name)
        object.__setattr__(self, "models", word_list(self.models))
        if not _is_address(self.base_url):
            raise InvalidSetting("base_url must be http:// or https:// and a host", provider=self.card.name)
        self._take_login()
        for name in ("base_url", "origin", "user_agent"):
            self._check_line(name, getattr(self, name))
        for name in ("cookies", "default_headers"):
            for key, value in getattr(self, name).items():
                if not isinstance(key, str) or not isinstance(value, str):
                    raise InvalidSetting(f"{name}: {key!r} and its value must be texts", provider=self.card.name)
                self._check_line(name, f"{key}{value}")
        if self.tool_style:
            from freeproviders.tools.styles import style_named  # loaded where it is used: most programs use no tools

            style_named(self.tool_style, self.card.name)

    def _take_login(self) -> None:
        """Takes over what ``cookies`` stands for; what else a login says holds where the setting has its default."""
        login = login_of(self.cookies, service=self.card.name, hosts=self.hosts)
        object.__setattr__(self, "cookies", login.cookies)
        for name, value in login.settings.items():
            if name in self.setting_names() and getattr(self, name) == getattr(type(self), name):
                object.__setattr__(self, name, value)

    @property
    def hosts(self) -> frozenset[str]:
        """Where cookies may come from: the service's API and site, or the one host that ``base_url`` names instead."""
        host, *own = (urlsplit(url).hostname or "" for url in (self.base_url, type(self).base_url, self.card.site))
        return frozenset(own if host in own else (host,))

    @classmethod
    def configure(cls: type[P], given: Mapping[str, Any]) -> P:
        """A provider from arguments, the environment and defaults, in that order; None counts as not given.

        Raises:
            InvalidSetting: If a name is unknown or a value malformed.
        """
        cls._check_names(given)
        given = {name: value for name, value in given.items() if value is not None}
        return cls(**{**from_environment(cls.card.name, cls, given, protocol=cls.card.protocol), **given})

    @classmethod
    def _check_names(cls, words: Mapping[str, Any]) -> None:
        known = cls.setting_names()
        for word in words:
            if word not in known:
                raise InvalidSetting(f"unknown setting {word!r}.{nearest(word, known)}", provider=cls.card.name)

    @classmethod
    def setting_names(cls) -> tuple[str, ...]:
        """Names of all settings of this service."""
        return tuple(item.name for item in fields(cls))

    def with_settings(self: P, changes: Mapping[str, Any]) -> P:
        """The same provider with some settings replaced, for one call; None counts as not given."""
        if not changes:
            return self
        self._check_names(changes)
        return replace(self, **{name: value for name, value in changes.items() if value is not None})

    @abstractmethod
    def exchange(self, prompt: Prompt) -> Exchange:
        """The requests that get this prompt answered; see ``Exchange``."""

    def native(self, prompt: Prompt) -> bool:
        """Whether ``exchange`` takes the prompt's tools, calls and schema as they are, and its decoder gives calls.

        Otherwise it gets them in words, and the calls are read from the text of its answer.
        """
        del prompt
        return False

    def failure(self, reply: Reply) -> ProviderError | None:
        """The error a reply's status stands for, or None where it is good."""
        return failure(self.card.name, reply, self.card.hints)

    @property
    def sees_images(self) -> bool:
        """Whether images are shown to the model."""
        return self.card.images_in

    def polite_limits(self) -> Limits:
        """The card's limits; none where ``base_url`` is this machine, as a sandbox needs no politeness."""
        host = urlsplit(self.base_url).hostname or ""
        return Limits() if is_loopback_host(host) else self.card.limits

    # Help for the provider files.

    def model_name(self, prompt: Prompt) -> str:
        """The model a prompt asks for, its alias resolved.

        Raises:
            UnknownModel: If neither the card nor the ``models`` setting knows it.
        """
        if prompt.model is None:
            return self.card.models[0]
        known = (*self.card.models, *self.models)
        name = self.card.aliases.get(prompt.model, prompt.model)
        if name not in known and not self.card.open_models:
            raise UnknownModel(
                f"unknown model {prompt.model!r}.{nearest(prompt.model, known)} For a newer one, pass models=[...].",
                provider=self.card.name,
            )
        return name

    def thread_key(self, prompt: Prompt, name: str) -> str | None:
        """What a prompt's thread holds under this name, or None where no conversation has begun.

        Raises:
            InvalidSetting: If the thread is not one of this service.
        """
        if not prompt.thread:
            return None
        key = prompt.thread.get(name)
        if not isinstance(key, str) or not key:
            raise InvalidSetting(f"the thread is not one of this service: it has no {name!r}", provider=self.card.name)
        return key

    def headers(self, *, accept: str, referer: str) -> dict[str, str]:
        """The headers a browser on the service's site would send."""
        return {
            "Accept": accept,
            "Content-Type": "application/json",
            "Origin": self.origin,
            "Referer": referer,
            "User-Agent": self.user_agent,
        }

    def checked(self, text: str) -> str:
        """The text, unless the service cannot take it.

        Raises:
            UnsupportedContent: If there is none.
            PromptTooLong: If it has more than ``prompt_cap`` characters.
        """
        if not text.strip():
            raise UnsupportedContent("there is no text to send", provider=self.card.name)
        if 0 < self.prompt_cap < len(text):
            raise PromptTooLong(
                f"the text to send has {len(text)} characters, the service takes {self.prompt_cap}. Shorten it, "
                f"or raise prompt_cap ({variable(self.card.name, 'prompt_cap')}) if the service takes more now",
                provider=self.card.name,
            )
        return text

    def _check_line(self, name: str, value: str) -> None:
        if _CONTROL.search(value):
            raise InvalidSetting(f"{name} must not contain control characters", provider=self.card.name)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and not re.search(r"\s", text)
        )
    except ValueError:
        return False
