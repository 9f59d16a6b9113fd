"""The file of a conversation: JSON with who said what, and the service's thread. Written whole or not at all.

It holds no key and no login. But a thread is the key to the conversation at its service (for an anonymous Pi session it
holds that session's cookies), so the file is for its owner's eyes only.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freeproviders.commands.chatting.conversation import Conversation, Said
from freeproviders.errors import InvalidSetting
from freeproviders.private_files import write_privately
from freeproviders.wire import Image

__all__ = ["load", "save"]

_FORMAT = "freeproviders conversation"
_VERSION = 1
_MAX_BYTES = 256 * 1024 * 1024


def save(conversation: Conversation, services: tuple[str, ...], file: str, *, overwrite: bool) -> Path:
    """Writes a conversation to a file.

    Args:
        conversation: The conversation.
        services: Names of those it would go on with.
        file: Where to.
        overwrite: Replace a file that is there.

    Returns:
        The file.

    Raises:
        InvalidSetting: If it is there already, or cannot be written.
    """
    try:
        path = Path(file).expanduser().resolve()  # a link stays a link: what it leads to is replaced
        if path.exists() and not overwrite:
            raise InvalidSetting(f"{file} is there already: name another file, or /save --overwrite {file}")
        write_privately(path, json.dumps(_plain(conversation, services), ensure_ascii=False, indent=1) + "\n")
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidSetting(f"{file!r} cannot be written: {reason}") from error
    return path


def _plain(conversation: Conversation, services: tuple[str, ...]) -> dict[str, Any]:
    kept = {"keeper": conversation.keeper, "thread": conversation.thread} if conversation.thread else {}
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "services": list(services),
        "system": conversation.system,
        "turns": [_turn(one) for one in conversation.said],
        **kept,
    }


def _turn(said: Said) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": said.role, "text": said.text}
    if said.images:
        plain["images"] = [
            {"mime_type": image.mime_type, "data": base64.b64encode(image.data or b"").decode()}
            for image in said.images
        ]
    if said.role == "assistant":
        plain |= {"by": said.by, "model": said.model, "seconds": said.seconds, "complete": said.complete}
    return plain


def load(file: str) -> tuple[Conversation, tuple[str, ...]]:
    """The conversation in a file, and the services it would go on with.

    Raises:
        InvalidSetting: If there is no such file, or it holds something else.
    """
    try:
        with Path(file).expanduser().open("rb") as opened:
            data = opened.read(_MAX_BYTES)
        return _read(json.loads(data))
    except OSError as error:
        raise InvalidSetting(f"{file!r} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, RuntimeError) as error:
        raise InvalidSetting(f"{file!r} holds no conversation; write one by /save in freeproviders chat") from error


def _read(plain: Mapping[str, Any]) -> tuple[Conversation, tuple[str, ...]]:
    if plain["format"] != _FORMAT or plain["version"] != _VERSION:
        raise ValueError("of another kind")
    thread = plain.get("thread")
    conversation = Conversation(
        [_said(turn) for turn in plain["turns"]],
        system=_text(plain["system"]),
        thread=dict(thread) if thread else None,
        keeper=_text(plain.get("keeper", "")),
    )
    roles = [one.role for one in conversation.said]
    if roles != ["user", "assistant"] * (len(roles) // 2):
        raise ValueError("questions and answers must alternate")
    return conversation, tuple(map(_text, plain["services"]))


def _said(turn: Mapping[str, Any]) -> Said:
    images = tuple(
        Image(data=base64.b64decode(image["data"], validate=True), mime_type=_text(image["mime_type"]))
        for image in turn.get("images", [])
    )
    if turn["role"] == "user":
        return Said(role="user", text=_text(turn["text"]), images=images)
    return Said(
        role="assistant",
        text=_text(turn["text"]),
        by=_text(turn["by"]),
        model=_text(turn["model"]),
        seconds=float(turn["seconds"]),
        complete=bool(turn["complete"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
