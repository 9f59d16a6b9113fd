"""Images that messages show to a model: LlamaIndex's image blocks, in any form, as the core's images.

An address is handed on, not fetched: the service does so. Files and what was read by others are read here.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, CitableBlock, CitationBlock, ImageBlock

from freeproviders.errors import UnsupportedContent
from freeproviders.image_headers import read_header
from freeproviders.wire import Image

__all__ = ["image_blocks", "show_images", "shown_image", "take_reading"]

_WEB = ("https://", "http://")


def image_blocks(blocks: Iterable[Any]) -> Iterator[ImageBlock]:
    """The image blocks among these, those in quoted sources too."""
    for block in blocks:
        if isinstance(block, ImageBlock):
            yield block
        elif isinstance(block, CitableBlock | CitationBlock):
            yield from image_blocks(block.nested_blocks)


def show_images(messages: Iterable[ChatMessage]) -> bool:
    """Whether there is an image in these messages."""
    return any(True for message in messages for _ in image_blocks(message.blocks))


def take_reading(messages: Iterable[ChatMessage]) -> bool:
    """Whether images of these messages must be read or decoded, which may take a while."""
    return any(not _address(block) for message in messages for block in image_blocks(message.blocks))


def shown_image(block: ImageBlock, provider: str) -> Image:
    """The image of a block: its address, or its bytes with the type that they have.

    Its ``detail`` is left to the service.

    Args:
        block: A block with the bytes, as they are or in base64, a file, a path, or an address of the web or with data.
        provider: Name of the service, for errors.

    Raises:
        UnsupportedContent: If there is no image in it, or it cannot be read.
    """
    if address := _address(block):
        return Image(url=address)
    if block.image is None and block.path is None and not str(block.url or "").startswith("data:"):
        raise _unusable(provider)
    try:
        data = _bytes(block)
    except (OSError, ValueError) as error:
        raise _unusable(provider) from error
    header = read_header(data)
    return Image(data=data, mime_type=header.mime_type if header else block.image_mimetype)


def _address(block: ImageBlock) -> str:
    """Where the service can get the image by itself; empty where it cannot. As in core, bytes and files win."""
    url = str(block.url or "")
    return url if block.image is None and block.path is None and url.lower().startswith(_WEB) else ""


def _bytes(block: ImageBlock) -> bytes:
    given = block.image
    if given is None or isinstance(given, bytes):
        read: bytes = block.resolve_image().read()
        return read
    place = given.tell()
    try:
        opened: bytes = block.resolve_image().read()
    finally:
        given.seek(place)  # it is the caller's
    return opened


def _unusable(provider: str) -> UnsupportedContent:
    # Neither address nor bytes are quoted: they may be private.
    return UnsupportedContent(
        "an image block must hold the image's bytes, a file or path that can be read, or an http(s) or data URL",
        provider=provider,
    )
