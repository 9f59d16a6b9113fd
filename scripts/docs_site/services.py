"""The pages of the services: what the card of each says, and its settings. Nothing about a service is written here."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from inspect import getdoc
from pathlib import PurePosixPath
from typing import Any

import griffe

import langchain_freeproviders
import llamaindex_freeproviders
from freeproviders import registry
from freeproviders.listing import Row, rows
from freeproviders.provider import Card, Provider
from freeproviders.settings import variable
from scripts.docs_site.tables import code, codes, table, yes

__all__ = ["COMMON", "can", "classes", "pages", "settings"]

# What every provider has is described once, on the page of the settings.
COMMON = frozenset(item.name for item in fields(Provider))

_EXAMPLES = """=== "LangChain"

    ```python
    from langchain_freeproviders import {langchain}

    print({langchain}().invoke("What is 6 * 7?").text)
    ```

=== "LlamaIndex"

    ```python
    from llamaindex_freeproviders import {llamaindex}

    print({llamaindex}().complete("What is 6 * 7?").text)
    ```

=== "Core"

    ```python
    from freeproviders import Client

    print(Client("{name}").complete("What is 6 * 7?").text)
    ```
"""


def pages() -> Iterator[tuple[PurePosixPath, str]]:
    """A page that compares them, and one for each."""
    states = {row.name: row for row in rows()}
    cards = [registry.get(name).card for name in registry.names()]
    yield PurePosixPath("services/index.md"), _overview(cards, states)
    for card in cards:
        yield PurePosixPath(f"services/{card.name}.md"), _page(card, states[card.name])


def classes(name: str) -> tuple[str, str]:
    """The class of a service in LangChain, and that in LlamaIndex."""
    chat = [
        word for word in langchain_freeproviders.__all__ if _is_of(langchain_freeproviders, word, "provider_name", name)
    ]
    llm = [word for word in llamaindex_freeproviders.__all__ if _is_of(llamaindex_freeproviders, word, "_name", name)]
    return chat[0], llm[0]


def _is_of(package: Any, word: str, attribute: str, name: str) -> bool:
    found = getattr(package, word)
    return isinstance(found, type) and vars(found).get(attribute) == name


def can(card: Card) -> dict[str, str]:
    """What a service can do, in the words of LangChain's table of features and some of our own."""
    text = "in the text"
    return {
        "Tool calling": "yes" if card.native_tools else "by prompt",
        "Structured output": "yes" if card.native_json else "by prompt",
        "Image input": yes(card.images_in),
        "Image output": codes(card.image_models) or "no",
        "Streaming": "yes" if card.streaming else "one piece",
        "Async": "yes",
        "Token usage": "no",
        "System prompt": "own field" if card.system else text,
        "History": "own field" if card.history else text,
        "Kept conversations": yes(card.threads),
        "Temperature": yes(card.temperature),
        "Login": "said to be needed" if card.login else "no",
    }


_OVERVIEW = """# The services

Five free services, each over its own wire protocol, without an API key. They are unofficial: read the
[honest limits](../honest_limits.md). Others speak OpenAI's protocol: see the [presets](presets.md).

These tables are made from the cards in the code.

## What each can do

{features}

"By prompt" means that the service knows nothing of it and the core does it with words: [how](../tool_calling.md). "In
the text" means that the service has no field for it, so it travels inside the prompt.

## Last sign of life

No live service was asked while this was written. A date is that of the newest public evidence that the service answered
somebody. The age is that of the day this page was built.

{alive}

`freeproviders check` asks them from your network, now:
[what works from here](../routing.md#what-works-from-here-now).
"""


def _overview(cards: list[Card], states: dict[str, Row]) -> str:
    features = [can(card) for card in cards]
    names = [f"[{card.title}]({card.name}.md)" for card in cards]
    lines = [[word, *(feature[word] for feature in features)] for word in features[0]]
    alive = [
        [name, card.verified, f"{states[card.name].age} days", card.evidence]
        for name, card in zip(names, cards, strict=True)
    ]
    return _OVERVIEW.format(
        features=table(["", *names], lines), alive=table(["Service", "Last seen alive", "Age", "Evidence"], alive)
    )


_PAGE = """# {card.title}

{card.site}: `{langchain}` in LangChain, `{llamaindex}` in LlamaIndex, `{card.name}` in the core.

!!! warning "Unofficial"

    Last seen alive: **{card.verified}** ({card.evidence}). That was {age} days before this page was built{stale}.
    Nothing here was tried against the live service. What you send goes to it: [honest limits](../honest_limits.md).

{examples}
## What it can do

{features}

{models}

## Its own settings

Those that every service has are on the page of the [settings](../settings.md). An argument wins over the environment.

{settings}
{repairs}
## More

[Its protocol, and what is certain about it](../wire/{card.name}.md),
[`{langchain}`][langchain_freeproviders.{langchain}] and
[`{llamaindex}`][llamaindex_freeproviders.{llamaindex}] in the reference.
"""


def _page(card: Card, row: Row) -> str:
    langchain, llamaindex = classes(card.name)
    return _PAGE.format(
        card=card,
        langchain=langchain,
        llamaindex=llamaindex,
        age=row.age,
        stale=", too long ago to rely on" if row.stale else "",
        examples=_EXAMPLES.format(langchain=langchain, llamaindex=llamaindex, name=card.name),
        features=table(["Feature", ""], [list(item) for item in can(card).items()]),
        models=table(["Models and limits", ""], _models(card)),
        settings=settings(registry.get(card.name)),
        repairs=_repairs(card),
    )


def _models(card: Card) -> list[list[str]]:
    return [
        ["Models", codes(card.models) + (" (the first is the default)" if len(card.models) > 1 else "")],
        ["Other names", ", ".join(f"{code(name)} for {code(model)}" for name, model in card.aliases.items()) or "none"],
        ["Context window", f"{card.context_window} tokens, a cautious estimate"],
        ["Tool calls are asked for as", f"[{code(card.tool_style)}](../tool_calling.md#styles)"],
        ["Polite limits", str(card.limits) or "none"],
        ["Cookies of a login", codes(card.login_cookies) or "none known"],
    ]


def settings(provider: type[Provider]) -> str:
    """A table of the settings that only this provider has, or has with another default."""
    told = _descriptions(provider)
    own = [
        item
        for item in fields(provider)
        if item.init and (item.name not in COMMON or _default(item) != _common(item.name))
    ]
    lines = [
        [code(item.name), code(variable(provider.card.name, item.name)), _default(item), told.get(item.name, "")]
        for item in own
    ]
    return table(["Setting", "Environment variable", "Default", ""], lines)


def _common(name: str) -> str:
    return _default(next(item for item in fields(Provider) if item.name == name))


def _default(item: Field[Any]) -> str:
    if item.default_factory is not MISSING:
        return "made for you" if item.name == "device_id" else "none"
    if item.default in ("", ()):
        return "none"
    shown = str(item.default).lower() if isinstance(item.default, bool) else str(item.default)
    return code(shown) if len(shown) < 60 else code(f"{shown[:40]}…")


def _descriptions(provider: type[Provider]) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in reversed(provider.__mro__):
        sections = (
            griffe.Docstring(getdoc(kind) or "").parse("google", warnings=False) if issubclass(kind, Provider) else []
        )
        for section in sections:
            if section.kind is griffe.DocstringSectionKind.attributes:
                found |= {item.name: item.description.replace("\n", " ").replace("``", "`") for item in section.value}
    return found


def _repairs(card: Card) -> str:
    if not card.hints:
        return ""
    lines = [[str(status), advice] for status, advice in card.hints.items()]
    return f"\n## When it refuses\n\n{table(['Status', 'What the error says'], lines)}\n"
