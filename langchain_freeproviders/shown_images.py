"""Images that messages show to a model: their content blocks, in any form, as the core's images. Nothing is fetched."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from freeproviders.errors import UnsupportedContent
from freeproviders.image_headers import read_header
from freeproviders.wire import Image

__all__ = ["shown_image"]

_DATA = re.compile(r"data:(?P<kind>[\w.+-]+/[\w.+-]+)?(?:;[^,;]+)*;base64,", re.IGNORECASE)


def shown_image(block: Mapping[str, Any], provider: str) -> Image | None:
    """The image of a content block; None where the block is no image.

    It may be LangChain's own (``base64`` or ``url``, and what these were called before version 1), OpenAI's
    (``image_url``, ``input_image``) or Anthropic's (``source``). A wish for a resolution, OpenAI's ``detail``, is left
    to the service.

    Args:
        block: The content block.
        provider: Name of the service, for errors.

    Raises:
        UnsupportedContent: If the image is neither given with its bytes nor by a web address.
    """
    match block:
        case {"type": "image", "source": {"data": str(data)} as source}:
            return _given(data, source.get("media_type"), provider)
        case {"type": "image", "base64": str(data)} | {"type": "image", "data": str(data)}:
            return _given(data, block.get("mime_type"), provider)
        case (
            {"type": "image", "url": str(url)}
            | {"type": "image", "source": {"url": str(url)}}
            | {"type": "image_url" | "input_image", "image_url": str(url) | {"url": str(url)}}
        ):
            return _addressed(url, provider)
        case {"type": "image" | "image_url" | "input_image"}:
            raise _unusable(provider)
    return None


def _addressed(url: str, provider: str) -> Image:
    if found := _DATA.match(url):
        return _given(url[found.end() :], found["kind"], provider)
    if not url.lower().startswith(("https://", "http://")):
        raise _unusable(provider)
    return Image(url=url)


def _given(data: str, kind: str | None, provider: str) -> Image:
    try:
        found = base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        raise _unusable(provider) from None
    if not found:
        raise _unusable(provider)
    header = None if kind else read_header(found)
    return Image(data=found, mime_type=header.mime_type if header else kind)


def _unusable(provider: str) -> UnsupportedContent:
    # Neither address nor bytes are quoted: they may be private.
    return UnsupportedContent(
        "an image must come with its bytes in base64 (base64= or a data: URL), or by an http(s) URL", provider=provider
    )
