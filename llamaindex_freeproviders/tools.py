"""LlamaIndex's words for tools, and the core's. Prompting and reading are the core's work."""

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.tools.types import ToolMetadata

from freeproviders.errors import InvalidSetting

__all__ = ["choice_of", "tool_of", "tools_of"]


def tools_of(tools: Any) -> tuple[Mapping[str, Any], ...]:
    """The tools of a call as the core takes them; None for none.

    Raises:
        InvalidSetting: If they are no list, or one of them is no tool.
    """
    if not isinstance(tools, Sequence | None) or isinstance(tools, str):
        raise InvalidSetting("tools must be a list of tools")
    return tuple(map(tool_of, tools or ()))


def tool_of(tool: Any) -> Mapping[str, Any]:
    """A tool as the core takes it: name, description, parameters.

    Args:
        tool: A LlamaIndex tool, or a function as OpenAI describes it. Names stay as they are, as core looks tools up by
            them, and a prompt restricts them to nothing.

    Raises:
        InvalidSetting: If it is neither.
    """
    if isinstance(tool, Mapping):
        function: Mapping[str, Any] = tool.get("function", tool)
        if isinstance(function, Mapping) and isinstance(function.get("name"), str):
            return function
    facts = getattr(tool, "metadata", None)
    if not isinstance(facts, ToolMetadata):
        raise InvalidSetting("a tool must be one of LlamaIndex's, or a function as OpenAI describes it, with its name")
    return {"name": facts.get_name(), "description": facts.description, "parameters": facts.get_parameters_dict()}


def choice_of(choice: Any, tools: Sequence[Mapping[str, Any]], *, required: bool) -> str:
    """A choice of tool as the core takes it: auto, any, none, or a tool's name.

    Raises:
        InvalidSetting: If it names a tool that is not there.
    """
    if isinstance(choice, Mapping):
        choice = choice.get("function", choice).get("name")
    if choice is None:
        return "any" if required and tools else "auto"
    if choice == "required":
        return "any"
    names = [str(tool["name"]) for tool in tools]
    if choice in ("auto", "any", "none") or choice in names or not tools:
        return str(choice) if tools else "auto"
    raise InvalidSetting(f"tool_choice {choice!r} is none of auto, any, none and the tools {', '.join(names)}")
