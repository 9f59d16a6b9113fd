"""Handing a question to another agent, as LlamaIndex's workflows of agents offer it: `handoff(to_agent, reason)`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from freeproviders.sandbox.agent.choosing import ENOUGH, pieces, score
from freeproviders.sandbox.agent.offer import Tool
from freeproviders.sandbox.agent.step import Step

_FIELDS = {"to_agent", "reason"}


def hands_off(tool: Tool) -> bool:
    """Say whether a tool hands the conversation to another agent."""
    return set(tool.schema.get("properties", {})) >= _FIELDS


def handed(tool: Tool, own: Sequence[Tool], question: str, steps: Sequence[Step]) -> Step | None:
    """Choose another agent.

    Args:
        tool: The tool that hands off.
        own: The agent's own tools, which come before any other agent's.
        question: What the user asked.
        steps: The calls so far; what was handed off once is not handed back.

    Returns:
        The call; None if no other agent's description fits.
    """
    agents = _agents(tool.description)
    earlier = [str(step.arguments.get("reason")) for step in steps if step.name == tool.name]
    visited = {step.arguments.get("to_agent") for step in steps if step.name == tool.name}
    parts = pieces(question, [*own, *agents])
    start = parts.index(earlier[-1]) + 1 if earlier and earlier[-1] in parts else 0
    if earlier and not start:
        return None
    for part in parts[start:]:
        mine = max((score(one, part) for one in own), default=0.0)
        scored = [(_fit(agent, part), agent.name) for agent in agents if agent.name not in visited]
        fit, name = max(scored, key=lambda pair: pair[0], default=(0.0, ""))
        if fit >= ENOUGH and fit > mine:
            return Step(name=tool.name, arguments={"to_agent": name, "reason": part})
    return None


def _fit(agent: Tool, part: str) -> float:
    return 10.0 if agent.name.lower() in part.lower() else score(agent, part)


def _agents(description: str) -> list[Tool]:
    start, end = description.find("{"), description.rfind("}")
    try:
        found = ast.literal_eval(description[start : end + 1])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    if not isinstance(found, dict):
        return []
    return [Tool(name=str(name), description=str(text), schema={}) for name, text in found.items()]
