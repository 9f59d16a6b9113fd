"""What a strict server of OpenAI's chat completions refuses, field by field and message by message."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Refusal, dump
from freeproviders.sandbox.openai_schema import check_schema
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.settings import Settings

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_DATA = re.compile(r"data:image/[a-z+.-]+;base64,([A-Za-z0-9+/]+=*)")
_MOST_STOPS = 4
_HOTTEST = 2
_CHOICES = ("none", "auto", "required")


def _name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _stops(value: Any) -> bool:
    listed = value if isinstance(value, list) else [value]
    return len(listed) <= _MOST_STOPS and all(isinstance(one, str) and one for one in listed)


def _content(value: Any) -> bool:
    return isinstance(value, str) or _list(value)


_NEEDED = {"model": lambda value: isinstance(value, str) and bool(value), "messages": _list}
_OPTIONAL = {
    "temperature": lambda value: checks.number(value) and 0 <= value <= _HOTTEST,
    "top_p": checks.number,
    "n": lambda value: value == 1,
    "max_tokens": _count,
    "max_completion_tokens": _count,
    "stop": _stops,
    "stream": checks.flag,
    "stream_options": _object,
    "tools": _list,
    "tool_choice": lambda value: value in _CHOICES or isinstance(value, dict),
    "parallel_tool_calls": checks.flag,
    "response_format": _object,
    "seed": lambda value: isinstance(value, int),
    "user": checks.text,
    "presence_penalty": checks.number,
    "frequency_penalty": checks.number,
    "reasoning_effort": checks.text,
    "metadata": _object,
}
_MESSAGES = {
    "system": ({"content": _content}, {"name": _name}),
    "developer": ({"content": _content}, {"name": _name}),
    "user": ({"content": _content}, {"name": _name}),
    "assistant": ({}, {"content": lambda value: value is None or _content(value), "tool_calls": _list, "name": _name}),
    "tool": ({"tool_call_id": checks.text, "content": _content}, {}),
}


def coded(status: int, kind: str, code: str, message: str) -> Refusal:
    """Make a refusal with a code, in the service's own shape."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Refusal(status, message, body=("application/json", dump({"error": error})))


def check_key(received: Received, settings: Settings) -> None:
    """Require one of the accepted keys, where there are any.

    Raises:
        Refusal: 401 that quotes the key, as some servers do.
    """
    scheme, _, key = received.headers.get("Authorization", "").partition(" ")
    if settings.openai_keys and (scheme != "Bearer" or key not in settings.openai_keys):
        said = f"Incorrect API key provided: {key}." if key else "You didn't provide an API key."
        raise coded(401, "invalid_request_error", "invalid_api_key", said)


def check_request(body: dict[str, Any], settings: Settings) -> None:
    """Check the body of a chat request.

    Raises:
        Refusal: 400 or 404 that says what is wrong.
    """
    checks.fields(body, _NEEDED, _OPTIONAL)
    if settings.openai_models and body["model"] not in settings.openai_models:
        raise coded(404, "invalid_request_error", "model_not_found", f"The model {body['model']!r} does not exist.")
    if "stream_options" in body:
        checks.fields(body["stream_options"], {}, {"include_usage": checks.flag}, where="stream_options")
        if not body.get("stream"):
            raise checks.refuse("stream_options is only allowed with stream: true")
    _check_tools(body)
    _check_messages(body["messages"])
    _check_format(body)


def _check_tools(body: dict[str, Any]) -> None:
    names = [_tool_name(tool, f"tools[{number}]") for number, tool in enumerate(body.get("tools", ()))]
    if not names and ("tool_choice" in body or "parallel_tool_calls" in body):
        raise checks.refuse("tool_choice and parallel_tool_calls are only allowed with tools")
    if len(set(names)) < len(names):
        raise checks.refuse("two tools have one name")
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        _kind(choice, "function", "tool_choice")
        checks.fields(choice["function"], {"name": lambda value: value in names}, {}, where="tool_choice.function")


def _tool_name(tool: Any, where: str) -> str:
    _kind(tool, "function", where)
    optional = {"description": checks.text, "parameters": _object, "strict": checks.flag}
    checks.fields(tool["function"], {"name": _name}, optional, where=f"{where}.function")
    if "parameters" in tool["function"]:
        check_schema(tool["function"]["parameters"], f"{where}.function.parameters")
    return str(tool["function"]["name"])


def _kind(value: Any, kind: str, where: str) -> None:
    checks.fields(value, {"type": lambda given: given == kind, kind: _object}, {}, where=where)


def _check_messages(messages: list[Any]) -> None:
    waiting: set[str] = set()
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        role = message.get("role") if isinstance(message, dict) else None
        if not isinstance(role, str) or role not in _MESSAGES:
            raise checks.refuse(f"{where} has an unknown role: {role!r}")
        needed, optional = _MESSAGES[role]
        checks.fields({name: part for name, part in message.items() if name != "role"}, needed, optional, where=where)
        _check_content(message.get("content"), role, where)
        if role == "tool":
            _answer(message["tool_call_id"], waiting, where)
            continue
        if waiting:
            raise checks.refuse(f"{where}: tool messages must follow for {', '.join(sorted(waiting))}")
        waiting = set(_call_ids(message, where)) if role == "assistant" else set()
    if waiting:
        raise checks.refuse(f"tool messages must follow for {', '.join(sorted(waiting))}")


def _answer(call_id: str, waiting: set[str], where: str) -> None:
    if call_id not in waiting:
        raise checks.refuse(f"{where}: a tool message must answer a preceding tool call; {call_id!r} is none")
    waiting.remove(call_id)


def _call_ids(message: dict[str, Any], where: str) -> Iterable[str]:
    calls = message.get("tool_calls", ())
    if not calls and not message.get("content"):
        raise checks.refuse(f"{where}: an assistant message needs content or tool_calls")
    for call in calls:
        checks.fields(
            call,
            {"id": checks.text, "type": lambda given: given == "function", "function": _object},
            {"index": lambda given: isinstance(given, int)},
            where=f"{where}.tool_calls",
        )
        checks.fields(call["function"], {"name": _name, "arguments": _arguments}, {}, where=f"{where}.function")
        yield call["id"]


def _arguments(value: Any) -> bool:
    try:
        return isinstance(value, str) and isinstance(json.loads(value), dict)
    except ValueError:
        return False


def _check_content(content: Any, role: str, where: str) -> None:
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text":
            checks.fields(part, {"type": checks.text, "text": checks.text}, {}, where=where)
        elif kind == "image_url" and role == "user":
            _kind(part, "image_url", where)
            checks.fields(part["image_url"], {"url": _image}, {"detail": checks.text}, where=f"{where}.image_url")
        else:
            raise checks.refuse(f"{where}: a {role} message has no part of type {kind!r}")


def _image(value: Any) -> bool:
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return True
    found = _DATA.fullmatch(value) if isinstance(value, str) else None
    try:
        return found is not None and bool(base64.b64decode(found[1]))
    except ValueError:
        return False


def _check_format(body: dict[str, Any]) -> None:
    wanted = body.get("response_format", {"type": "text"})
    kind = wanted.get("type")
    if kind == "json_schema":
        _kind(wanted, "json_schema", "response_format")
        optional = {"schema": _object, "strict": checks.flag, "description": checks.text}
        checks.fields(wanted["json_schema"], {"name": _name}, optional, where="json_schema")
        check_schema(wanted["json_schema"].get("schema", {"type": "object"}), "json_schema.schema")
    elif kind not in ("text", "json_object") or len(wanted) > 1:
        raise checks.refuse(f"response_format is none of text, json_object, json_schema: {wanted!r:.80}")
    elif kind == "json_object" and "json" not in json.dumps(body["messages"]).lower():
        raise checks.refuse("with json_object the messages must hold the word json")
