"""What a model is told of the tool that draws: its name, what it is for, and what came of a call.

The tools themselves are in the framework packages; they draw by asking an image model of ours.
"""

from collections.abc import Iterable

from yarl import URL

from freeproviders.addresses import is_public_host
from freeproviders.errors import InvalidSetting

__all__ = ["DESCRIPTION", "NAME", "PROMPT", "no_image", "report"]

NAME: str = "draw_image"
"""The tool's name."""

DESCRIPTION: str = "Draws an image from a description in words. Use it whenever a picture is asked for."
"""What the tool is for."""

PROMPT: str = "What the image shows, in detail: subject, setting, style, colours"
"""What the tool's argument is."""


def report(prompt: str, urls: Iterable[str]) -> str:
    """A call's result in words, for the model that made it and sees no images.

    Args:
        prompt: What was to be drawn.
        urls: Where the images are. Only those that anybody can open are passed on.
    """
    drawn = f"An image of {prompt!r} was drawn and is attached."
    public = [text for url in urls if (text := _public(url))]
    return f"{drawn} It is also at {' and '.join(public)}" if public else drawn


def no_image(answer: str) -> InvalidSetting:
    """The error of a model that answers in words.

    Args:
        answer: The words.
    """
    return InvalidSetting(
        f"the model that should draw answered with text alone: {answer[:100]!r}. Give the tool one that draws, as "
        'AiChats with model="dalle" does'
    )


def _public(text: str) -> str | None:
    try:
        url = URL(text)
    except ValueError:
        return None
    # Quoted by now: no blank or line break in it can pass for words of the result.
    return str(url) if url.scheme == "https" and is_public_host(url.raw_host or "") else None
