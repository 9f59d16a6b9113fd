"""Decides whether a call may begin at a place of a reply, from no more characters than that takes.

``recognise`` looks at one place and answers with what begins there, or that it must see more. The answer depends on
the text alone, never on how it was cut into pieces: once given for a beginning, it stays for every continuation.
"""

import re

from freeproviders.tools.markers import MARKER_WIDTH, could_be_marker, marker_kind
from freeproviders.tools.places import Found, Place
from freeproviders.tools.shapes.markup import MARKUP_START
from freeproviders.tools.verdicts import ITEM, MORE, NOTHING
from freeproviders.tools.viability import NAME, QUOTES, WINDOW, named, viable

__all__ = ["recognise"]


_FENCE = re.compile(r"`{3,8}[ \t]{0,8}([\w+-]{0,20})[ \t]{0,8}\r?\n?")
_ROLE = re.compile(r"\s{0,8}(?:assistant|user|system|tool|ipython|observation|function|human)\b", re.IGNORECASE)
_STOP = re.compile(
    r"(?:def|class|import|from|return|assert) \w|###"
    r"|(?:observation|human|user|assistant|system|final answer|tool (?:response|result|output)s?|response)\s?:",
    re.IGNORECASE,
)
_SOFT = re.compile(r"(?:tool|function)_?calls?")
_SOFT_WORDS = ("toolcalls", "tool_calls", "functioncalls", "function_calls")
_ACTION_WINDOW = 160
"""How many characters ``Action:`` and the longest name take."""
_ACTION = re.compile(r"action(?:\*\*)?[ \t]{0,4}:[ \t`'\"*]{0,8}", re.IGNORECASE)


def recognise(text: str, position: int, place: Place) -> Found:
    """What begins at a position.

    Args:
        text: The text so far, from somewhere before the position.
        position: Where to look.
        place: What is known about the place.

    Returns:
        ``MORE`` if the text ends too early to tell; ``NOTHING``; or what begins: ``"item"``, ``"opens"`` (an opener
        that must be followed by a call), ``"fence"``, ``"closes"``, ``"chat"``, ``"think"``, ``"unthink"``,
        ``"result"``.
    """
    char = text[position]
    if char == "<":
        return _angle(text, position, place)
    if char == "`":
        return _backtick(text, position, place)
    if char == "[" and (marked := _square_marker(text, position, place)) is not NOTHING:
        return marked
    if char in "[{":
        return _item("yes" if char == "{" and place.named else viable(text, position, place), position)
    return _at_edge(text, position, place, char) if place.edge or place.asked else NOTHING


def _at_edge(text: str, position: int, place: Place, char: str) -> Found:
    """What begins where a name without any mark may begin."""
    if place.after and (char == "#" or char.isalpha()) and (stop := _stops(text, position, place)) is not NOTHING:
        return stop
    if char in QUOTES and not (place.asked or place.start or place.after):
        return NOTHING  # prose puts many words in quotes at the start of a line
    if char == "(" or char in QUOTES:
        return _item(viable(text, position, place), position)
    return _word(text, position, place) if char.isalpha() or char == "_" else NOTHING


def _item(verdict: str, position: int) -> Found:
    if verdict == "yes":
        return Found(ITEM, position)
    return MORE if verdict == "more" else NOTHING


def _angle(text: str, position: int, place: Place) -> Found:
    end = text.find(">", position, position + MARKER_WIDTH)
    if end < 0:
        return _open_angle(text, position, place)
    inside = text[position + 1 : end]
    kind = marker_kind(inside)
    markup = MARKUP_START.match(text, position) is not None
    if kind == "chat":
        return _chat(text, end + 1, place)
    if kind == "result" and not place.after:
        return NOTHING
    if kind and not (kind == "opens" and markup and place.asked):
        return Found(kind, end + 1)
    element = (place.edge or place.asked) and place.book.spells(inside.strip())
    return Found(ITEM, position) if element or (markup and (place.asked or "=" in inside)) else NOTHING


def _open_angle(text: str, position: int, place: Place) -> Found:
    """An angle bracket whose other one has not come yet."""
    inside = text[position + 1 : position + MARKER_WIDTH]
    if MARKUP_START.match(text, position) and (place.asked or place.edge or "=" in inside):
        return Found(ITEM, position)
    short = len(text) - position < MARKER_WIDTH and not place.final and "\n" not in inside
    viable_here = could_be_marker(inside) or _could_be_markup(inside)
    return MORE if short and (viable_here or (place.edge and place.book.could_start(inside))) else NOTHING


def _could_be_markup(inside: str) -> bool:
    word = inside.casefold()
    return any(head.startswith(word) or word.startswith(head) for head in _MARKUP_HEADS)


_MARKUP_HEADS = (
    "function=",
    "function name",
    "invoke name",
    "tool name",
    "call name",
    "action name",
    "tool=",
    "arg_key",
)


def _chat(text: str, after: int, place: Place) -> Found:
    """A token of a chat template, together with the role behind it; a new turn ends the reply once there are calls."""
    following = text[after : after + 24]
    if len(following) < 24 and not place.final and "\n" not in following.lstrip():
        word = following.strip().casefold()
        if any(role.startswith(word) for role in _ROLES) or "to=".startswith(word) or word.startswith(("comm", "anal")):
            return MORE
    if place.after and (role := _ROLE.match(text, after)):
        return Found("result", role.end())
    if following.startswith("commentary to="):
        return Found("opens", after + len("commentary to="))
    return Found("chat", after)


_ROLES = (
    "assistant",
    "user",
    "system",
    "tool",
    "ipython",
    "observation",
    "function",
    "human",
    "commentary",
    "analysis",
)


def _square_marker(text: str, position: int, place: Place) -> Found:
    window = text[position : position + 16].casefold()
    for marker, kind in _SQUARE:
        if window.startswith(marker):
            return Found(kind, position + len(marker)) if kind != "result" or place.after else NOTHING
        if marker.startswith(window) and not place.final:
            return MORE
    return NOTHING


_SQUARE = (
    ("[tool_calls]", "opens"),
    ("[/tool_calls]", "closes"),
    ("[tool_call]", "opens"),
    ("[/tool_call]", "closes"),
    ("[tool_results]", "result"),
    ("[inst]", "result"),
)


def _backtick(text: str, position: int, place: Place) -> Found:
    if not (place.edge or place.asked):
        return NOTHING
    if fence := _FENCE.match(text, position):
        if fence.end() == len(text) and not place.final and len(text) - position < WINDOW:
            return MORE
        called = fence.group(1) and text[fence.end(1) : fence.end(1) + 1] in ("(", ".", "_")
        return Found("fence", fence.start(1) if called else fence.end())
    if text[position:] in ("`", "``") and not place.final:
        return MORE
    return _item(viable(text, position, place), position)


def _stops(text: str, position: int, place: Place) -> Found:
    """A heading or role that models write before they go on with a turn that is not theirs."""
    window = text[position : position + 24]
    if found := _STOP.match(window):
        return Found("result", position + found.end())
    return MORE if len(window) < 24 and not place.final and "\n" not in window else NOTHING


def _word(text: str, position: int, place: Place) -> Found:
    found = NAME.match(text, position)
    word = found.group() if found else text[position]
    ended = position + len(word) < len(text) or place.final
    if not ended and any(known.startswith(word) for known in _SOFT_WORDS):
        return MORE
    if ended and (soft := _soft_opener(text, position, word)) is not NOTHING:
        return soft
    if word[:1] in "Aa" and (action := _action(text, position, place)) is not NOTHING:
        return action
    return _item(named(text, position, place, listed=False), position)


def _soft_opener(text: str, position: int, word: str) -> Found:
    """An opener that lost its brackets: ``tool_call>`` or a line with nothing but the word.

    Only in small letters: waiting at every capital T would delay more prose than it is worth.
    """
    if _SOFT.fullmatch(word) and text[position + len(word) : position + len(word) + 1] in (">", "\n", ":"):
        return Found("fence", position + len(word) + 1)
    return NOTHING


def _action(text: str, position: int, place: Place) -> Found:
    """``Action:`` and a tool's name."""
    window = text[position : position + _ACTION_WINDOW]
    found = _ACTION.match(window)
    open_ended = not place.final and len(window) < _ACTION_WINDOW
    if found is None:
        return MORE if open_ended and _could_be_action(window.casefold()) else NOTHING
    name = NAME.match(window, found.end())
    if name is None:
        return MORE if open_ended and found.end() == len(window) else NOTHING
    if name.end() == len(window) and open_ended:
        return MORE if place.book.could_start(name.group()) else NOTHING
    return Found(ITEM, position) if place.book.spells(name.group()) else NOTHING


def _could_be_action(window: str) -> bool:
    return "action".startswith(window) or (window.startswith("action") and not window[6:].strip(" \t*"))
