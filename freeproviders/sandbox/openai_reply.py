"""What a brain says as an answer of a chat model: pieces of text, calls, and the reason it ended."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from freeproviders.sandbox.brain import pieces_of
from freeproviders.sandbox.openai_reading import tokens

_BLOCK = re.compile(r"\s*<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call.

    Attributes:
        name: Name of the tool.
        arguments: JSON text, right or wrong.
    """

    name: str
    arguments: str


@dataclass(slots=True)
class Reply:
    """An answer, filled while it is told.

    Attributes:
        body: The request.
        text: Pieces of text so far.
        calls: Calls so far.
        cut: It has as many tokens as were allowed.
    """

    body: dict[str, Any]
    text: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    cut: bool = False

    @property
    def reason(self) -> str:
        """Why it ended."""
        return "length" if self.cut else "tool_calls" if self.calls else "stop"

    @property
    def tokens(self) -> int:
        """Tokens of it: of its text, and of the names and arguments of its calls."""
        return len(self.text) + sum(tokens(call.name) + tokens(call.arguments) for call in self.calls)

    async def told(self, pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str | Call, None]:
        """Tell what the brain says; as it comes, unless it has to be looked at as a whole first.

        Args:
            pieces: The brain's pieces.

        Yields:
            Pieces of text, then calls.
        """
        most = self.body.get("max_tokens") or self.body.get("max_completion_tokens")
        async with aclosing(self._parts(pieces)) as parts:
            async for part in parts:
                if most is not None and self.tokens >= most:
                    self.cut = True
                    return
                if isinstance(part, Call):
                    self.calls.append(part)
                else:
                    self.text.append(part)
                yield part

    async def _parts(self, pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str | Call, None]:
        stops = self.body.get("stop") or []
        async with aclosing(pieces):
            if not stops and not self.body.get("tools"):
                async for piece in pieces:
                    yield piece
                return
            text = "".join([piece async for piece in pieces])
        for stop in [stops] if isinstance(stops, str) else stops:
            text = text.partition(stop)[0]
        said, calls = _split(text) if self.body.get("tools") else (text, [])
        for piece in pieces_of(said):
            yield piece
        for call in calls:
            yield call


def _split(text: str) -> tuple[str, list[Call]]:
    """The text and the calls written into it; a block that is none stays text, as real servers have it."""
    calls: list[Call] = []

    def taken(found: re.Match[str]) -> str:
        call = _call(found[1])
        calls.extend([call] if call is not None else [])
        return found[0] if call is None else ""

    return _BLOCK.sub(taken, text), calls


def _call(block: str) -> Call | None:
    try:
        made = json.loads(block)
    except ValueError:
        return None
    if not isinstance(made, dict) or not isinstance(made.get("name"), str):
        return None
    arguments = made.get("arguments", {})
    # a text stands for itself, so that a scripted model can write arguments which are no JSON
    return Call(
        name=made["name"],
        arguments=arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False),
    )
