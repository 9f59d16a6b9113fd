"""The services a router may ask: each a client, with what it is asked for where a call does not say. No I/O."""

import itertools
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from freeproviders.errors import InvalidSetting, UnknownModel
from freeproviders.provider import Provider
from freeproviders.transport import Client
from freeproviders.wire import Prompt

__all__ = ["Candidate", "named"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A service that a router may ask.

    Attributes:
        client: Its client; its own number of retries does not count here, as the router asks another instead.
        name: What it is called in errors and metadata; by default the service's name, and its model's if it has one.
        model: Model it is asked for where the call names none.
        temperature: Temperature where the call names none.
        max_tokens: Most tokens of an answer where the call names none.
        stop: Stop sequences where the call has none.
        weight: How often it comes first, relative to the others, in a weighted router.
    """

    client: Client
    name: str = ""
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    weight: float = 1.0

    @classmethod
    def of(cls, given: "str | Provider | Client | Candidate") -> "Candidate":
        """A candidate from a name (``"yqcloud"``, ``"yqcloud:gpt-4"``), a provider or a client.

        Raises:
            InvalidSetting: If it is none of these, or there is no such provider.
        """
        if isinstance(given, Candidate):
            return given
        if isinstance(given, Client):
            return cls(client=given)
        if isinstance(given, Provider):
            return cls(client=Client(given))
        if not isinstance(given, str):
            raise InvalidSetting(f"a candidate must be a name, a Client or a Candidate, not a {type(given).__name__}")
        name, _, model = given.partition(":")
        return cls(client=Client(name), model=model or None)

    @property
    def provider(self) -> Provider:
        """The service."""
        return self.client.provider

    def lacks(self, prompt: Prompt) -> str:
        """What a prompt asks for that this service does not have, in words; empty if it has everything."""
        thread, keeper = prompt.thread, (prompt.thread or {}).get("candidate", self.name)
        unknown = sorted(set(prompt.settings) - set(self.provider.setting_names()))
        if unknown:
            return f"has no setting {unknown[0]!r}"
        if thread is not None and not self.provider.card.threads:
            return "keeps no conversations"
        provider = self.provider.with_settings(prompt.settings)
        if not provider.sees_images and any(turn.images for turn in prompt.turns):
            return "sees no images"
        if keeper != self.name:
            return f"the conversation is kept by {keeper!r}"
        try:
            model = provider.model_name(self.prompt(prompt))
        except UnknownModel:
            return f"has no model {prompt.model!r}"
        if model in self.provider.card.image_models and (prompt.tools or prompt.schema is not None):
            return "draws, and can neither call tools nor answer with JSON"
        return ""

    def prompt(self, prompt: Prompt) -> Prompt:
        """The prompt as it goes to this service."""
        thread = prompt.thread
        return replace(
            prompt,
            model=prompt.model or self.model,
            temperature=self.temperature if prompt.temperature is None else prompt.temperature,
            max_tokens=self.max_tokens if prompt.max_tokens is None else prompt.max_tokens,
            stop=prompt.stop or self.stop,
            thread=thread if thread is None else {key: thread[key] for key in thread if key != "candidate"},
        )


def named(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates, each with a name of its own; of several with one default name the later ones are numbered.

    Raises:
        InvalidSetting: If there is none, two were given one name, or a weight is not positive.
        UnknownModel: If a candidate's service does not know its model.
    """
    if not candidates:
        raise InvalidSetting("a router needs at least one candidate")
    found: dict[str, Candidate] = {}
    for one in candidates:
        one.provider.model_name(Prompt(turns=(), model=one.model))
        name = one.name or _default_name(one, found)
        if name in found:
            raise InvalidSetting(f"two candidates are called {name!r}: give one of them a name of its own")
        if not one.weight > 0:
            raise InvalidSetting(f"the weight of candidate {name!r} must be positive")
        found[name] = replace(one, name=name)
    return tuple(found.values())


def _default_name(one: Candidate, taken: Container[str]) -> str:
    name = f"{one.provider.card.name}:{one.model}" if one.model else one.provider.card.name
    numbered = itertools.chain([name], (f"{name}#{number}" for number in itertools.count(2)))
    return next(free for free in numbered if free not in taken)
