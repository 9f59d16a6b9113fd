"""A checked chat request as a question for the brain, and the rule by which tokens are counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from freeproviders.sandbox.brain import Question, pieces_of

_A_MESSAGE = 3
_GO_ON = "Continue."
_CHOICE = "auto"


def question_of(provider: str, body: dict[str, Any]) -> Question:
    """Read a chat request.

    Calls and results are written into the conversation as blocks, the way models are trained on them.

    Args:
        provider: Name of the service.
        body: The checked body.
    """
    messages = body["messages"]
    system = [text_of(message) for message in messages if message["role"] in ("system", "developer")]
    spoken = list(_spoken(messages))
    newest = spoken.pop()[1] if spoken and spoken[-1][0] == "user" else _GO_ON
    choice = body.get("tool_choice", _CHOICE)
    wanted = body.get("response_format", {})
    return Question(
        provider=provider,
        text=newest,
        system="\n\n".join(system),
        history=tuple(spoken),
        model=body["model"],
        tools=tuple(tool["function"] for tool in body.get("tools", ())),
        tool_choice=choice["function"]["name"] if isinstance(choice, dict) else choice,
        single=body.get("parallel_tool_calls") is False,
        schema=wanted.get("json_schema", {}).get("schema"),
    )


def prompt_tokens(body: dict[str, Any]) -> int:
    """Count what is asked: a token for each piece of text (`pieces_of`), tools as JSON, and three for each message."""
    spoken = sum(_A_MESSAGE + tokens(_said(message)) for message in body["messages"])
    return spoken + (tokens(json.dumps(body["tools"])) if "tools" in body else 0)


def tokens(text: str) -> int:
    """Count the tokens of a text."""
    return len(pieces_of(text))


def text_of(message: dict[str, Any]) -> str:
    """Give the text of a message; an image in it becomes a word."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if part["type"] == "text" else "[image]" for part in content)


def _said(message: dict[str, Any]) -> str:
    calls = (json.dumps(call["function"]) for call in message.get("tool_calls", ()))
    return "\n".join(filter(None, (text_of(message), *calls)))


def _spoken(messages: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    names: dict[str, str] = {}
    results: list[str] = []
    for message in messages:
        role, text = message["role"], text_of(message)
        if role == "tool":
            results.append(f'<tool_response name="{names[message["tool_call_id"]]}">\n{text}\n</tool_response>')
            continue
        if results:
            yield "user", "\n".join(results)
            results = []
        if role == "user":
            yield "user", text
        elif role == "assistant":
            calls = message.get("tool_calls", ())
            names = {call["id"]: call["function"]["name"] for call in calls}
            yield "assistant", "\n".join(filter(None, (text, *map(_block, calls))))
    if results:
        yield "user", "\n".join(results)


def _block(call: dict[str, Any]) -> str:
    function = call["function"]
    made = {"name": function["name"], "arguments": json.loads(function["arguments"])}
    return f"<tool_call>\n{json.dumps(made, ensure_ascii=False)}\n</tool_call>"
