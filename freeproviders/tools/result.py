"""What reading a reply gives: the calls, the text that remains, and what could not be executed.

Values only; how they are found is in ``scanner``, how they are fitted to a schema in ``coercion``.
"""

from dataclasses import dataclass, field
from typing import Any

from freeproviders.errors import BadReply

__all__ = ["InvalidCall", "Reading", "ToolCall", "UnreadableValue"]


class UnreadableValue(BadReply):
    """The text holds no JSON-like value, or one that is too deep or too broken to be read."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that is fit to be executed.

    Attributes:
        name: Name of one of the tools given.
        arguments: Arguments that satisfy the tool's schema.
        repairs: Short stable words for everything that was not as asked for, in the order of repair; empty for a
            clean call.
    """

    name: str
    arguments: dict[str, Any]
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvalidCall:
    """A call that was meant but cannot be executed.

    Attributes:
        name: The tool's name, or the name as written where no tool has it; empty where none was found.
        reason: What is wrong and where, in words that a model can act on.
        text: The source text.
        kind: ``"truncated"``, ``"unknown_tool"``, ``"schema"`` or ``"unreadable"``.
    """

    name: str
    reason: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole reply, read.

    Attributes:
        calls: Calls to execute, in the order written.
        text: What the user is shown: the text before the first call, or the whole reply where there is none.
        invalid: Calls that were meant but cannot be executed, for a re-ask.
        repairs: The words of all calls, each once, in order of appearance.
        trailing: Text after the first call; models explain or invent results there, so it is not shown.
        thinking: Text of the thinking spans.
    """

    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    invalid: tuple[InvalidCall, ...] = ()
    repairs: tuple[str, ...] = field(default=())
    trailing: str = ""
    thinking: str = ""
