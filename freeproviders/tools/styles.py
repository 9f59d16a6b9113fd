"""The forms of a call that a model can be asked for, and of the results it is given. What else it is told is elsewhere.

A style says how calls are written, and a sample call in that very form is what the model is shown, so what is asked
for and what the conversation already holds never differ: models copy what they see. A reply is read in every form,
whatever was asked for. Every string that comes from outside is made harmless here or by the caller (``Style.clean``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from freeproviders.errors import InvalidSetting
from freeproviders.settings import nearest
from freeproviders.tools.neutral import neutral, neutral_actions, neutral_json, neutral_objects
from freeproviders.tools.wording import dumped
from freeproviders.wire import ToolCall

__all__ = ["STYLES", "Style", "style_named"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A form of calls and results.

    Attributes:
        note: What is to be known beside the sample.
        several: How several calls are written; the sentence begins with "Several calls at once".
        calls: Writes calls, at least one; their names and arguments may be anything.
        result: Writes a result from the tool's name, what it gave (clean by now), and whether that is an error.
        guard: Makes the marks that only this style has harmless in a text from outside; by default there are none.
    """

    note: str
    several: str
    calls: Callable[[Sequence[ToolCall]], str]
    result: Callable[[str, str, bool], str]
    guard: Callable[[str], str] = str

    @property
    def form(self) -> str:
        """How the model is asked for calls."""
        return f"To call a tool, write a block of this form; {self.note}:\n{self.calls((_SAMPLE,))}"

    def clean(self, text: str) -> str:
        """A text from outside with every marker in it made harmless."""
        return self.guard(neutral(text))


def style_named(name: str, provider: str = "") -> Style:
    """The style of this name.

    Args:
        name: One of ``STYLES``.
        provider: Name of the service, for the error.

    Raises:
        InvalidSetting: If there is none.
    """
    if name not in STYLES:
        raise InvalidSetting(f"unknown tool_style {name!r}.{nearest(name, STYLES)}", provider=provider)
    return STYLES[name]


# No tool has this name, so that a model that copies the sample calls nothing.
_SAMPLE = ToolCall("name_of_the_tool", {"parameter": "value"})


def _tagged_calls(calls: Sequence[ToolCall]) -> str:
    return "\n".join(f"<tool_call>\n{_object(call)}\n</tool_call>" for call in calls)


def _fenced_calls(calls: Sequence[ToolCall]) -> str:
    return f"```json\n[{', '.join(map(_object, calls))}]\n```"


def _python_calls(calls: Sequence[ToolCall]) -> str:
    return f"[{', '.join(map(_expression, calls))}]"


def _actions(calls: Sequence[ToolCall]) -> str:
    return "\n".join(f"Action: {_word(call.name)}\nAction Input: {_json(dict(call.arguments))}" for call in calls)


def _tagged_result(name: str, text: str, failed: bool) -> str:
    quotable = _word(name).replace('"', "'")
    status = ' status="error"' if failed else ""
    return f'<tool_response name="{quotable}"{status}>\n{text}\n</tool_response>'


def _observation(name: str, text: str, failed: bool) -> str:
    return f"Observation: {_word(name)} {'failed' if failed else 'returned'}:\n{text}"


def _object(call: ToolCall) -> str:
    return _json({"name": call.name, "arguments": dict(call.arguments)})


def _expression(call: ToolCall) -> str:
    given = ", ".join(f"{_word(key)}={_literal(value)}" for key, value in call.arguments.items())
    return f"{_word(call.name)}({given})"


def _literal(value: Any) -> str:
    """A value as Python writes it, but with texts in double quotes, as most models write them."""
    if isinstance(value, str):
        return _json(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_literal(key)}: {_literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)


def _json(value: Any) -> str:
    return neutral_json(dumped(value))


def _word(name: str) -> str:
    """A name for a place without quotes: on one line, and no head of another."""
    return neutral_actions(neutral(" ".join(name.split())))


_TAGGED = "arguments is a JSON object"
STYLES: Mapping[str, Style] = {
    "hermes": Style(
        note=_TAGGED,
        several="are several blocks",
        calls=_tagged_calls,
        result=_tagged_result,
    ),
    "json_fence": Style(
        note=_TAGGED,
        several="stand in one list",
        calls=_fenced_calls,
        result=_tagged_result,
        guard=neutral_objects,
    ),
    "pythonic": Style(
        note="texts stand in quotes",
        several="stand in one list",
        calls=_python_calls,
        result=_tagged_result,
    ),
    "react": Style(
        note="Action Input is a JSON object",
        several="are several blocks",
        calls=_actions,
        result=_observation,
        guard=neutral_actions,
    ),
}
"""All styles, by their names in the setting ``tool_style``. What speaks for each is in ``docs/tool_calling.md``."""
