"""What reading a reply gives: the calls, the text that remains, and what could not be executed.

Values only; how they are found is in ``scanner``, how they are fitted to a schema in ``coercion``.
"""

from dataclasses import dataclass, field

from freeproviders.errors import BadReply
from freeproviders.wire import InvalidCall, ToolCall

__all__ = ["InvalidCall", "Reading", "ToolCall", "UnreadableValue"]


class UnreadableValue(BadReply):
    """The text holds no JSON-like value, or one that is too deep or too broken to be read."""


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
