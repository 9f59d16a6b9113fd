"""Tools and ways to cut a reply, for the tests of ``freeproviders.tools``."""

import random
from collections.abc import Iterator

from freeproviders.tools import ToolScanner, parse, parse_stream
from freeproviders.tools.events import Event


def tool(name, required=(), **properties):
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": f"The tool {name}.", "parameters": parameters}


TEXT, WHOLE, NUMBER, YES = {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}
TEXTS = {"type": "array", "items": TEXT}

FORECAST = tool(
    "get_forecast",
    ["city"],
    city=TEXT,
    days=WHOLE,
    exact=YES,
    units={"type": "string", "enum": ["metric", "imperial"]},
    wind={"anyOf": [NUMBER, {"type": "null"}]},
)
MAIL = tool("send_mail", ["to"], to=TEXT, subject=TEXT, body=TEXT, copies=TEXTS, options={"type": "object"})
ADD = tool("math.add", ["left", "right"], left=NUMBER, right=NUMBER)
NOTE = tool("write_note", ["text"], text=TEXT)
CLOCK = tool("read_clock")
TOOLS = [FORECAST, MAIL, ADD, NOTE, CLOCK]

CHUNKINGS = (1, 2, 3, 7, 50, "whole", "random")


def pieces(text: str, size: int | str) -> Iterator[str]:
    """The text in pieces; ``"random"`` sizes are seeded by the text and include empty ones."""
    if size == "whole":
        yield text
        return
    draw, start = random.Random(repr(text)), 0
    while start < len(text):
        step = draw.choice((0, 1, 1, 2, 3, 5, 8, 13, 40)) if size == "random" else int(size)
        yield text[start : start + step]
        start += step


def calls_of(text, tools=TOOLS):
    """Calls of the whole text as pairs, after checking that every chunking gives the same calls and text."""
    whole = parse(text, tools)
    shown = parse_stream([text], tools)[1]
    for size in CHUNKINGS:
        calls, visible = parse_stream(pieces(text, size), tools)
        assert [(call.name, call.arguments) for call in calls] == [(call.name, call.arguments) for call in whole], size
        assert visible == shown, size
    return [(call.name, call.arguments) for call in whole]


def events_of(text, size="whole", tools=TOOLS, **options) -> list[Event]:
    scanner = ToolScanner(tools, **options)
    events = [event for piece in pieces(text, size) for event in scanner.feed(piece)]
    return events + scanner.finish()
