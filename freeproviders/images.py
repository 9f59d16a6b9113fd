"""What can be done with an image of an answer: fetch its bytes, under guard, and save them as a file.

The download and its rules are in ``downloads``, what an image's header says in ``image_headers``.
"""

import asyncio
import contextlib
import os
import secrets
from pathlib import Path

from aiohttp.abc import AbstractResolver
from yarl import URL

from freeproviders.addresses import is_loopback_host
from freeproviders.downloads import Caps, Download
from freeproviders.errors import BadReply, InvalidSetting
from freeproviders.image_headers import EXTENSIONS, read_header
from freeproviders.provider import Provider
from freeproviders.wire import Image

__all__ = ["CAPS", "Caps", "asave", "fetch", "save"]

CAPS: Caps = Caps()
"""The caps that apply where none are given: 32 MiB, 64 megapixels, one minute."""


async def fetch(
    image: Image,
    *,
    provider: Provider,
    proxy: str | None = None,
    caps: Caps = CAPS,
    resolver: AbstractResolver | None = None,
) -> Image:
    """The image with its bytes and MIME type, by what the bytes are.

    Args:
        image: An image of an answer. One that has its bytes already (from a data URL, say) is not fetched; the caps
            and the type are checked all the same.
        provider: Whose answer it is. Where its ``base_url`` is a loopback address (the sandbox), images may be too.
        proxy: Proxy URL; by default the environment's. A proxy looks names up itself; see ``downloads``.
        caps: The most to accept.
        resolver: What looks names up; by default the system's.

    Raises:
        RequestRejected: If the URL is not allowed, or its server refuses (such URLs expire).
        BadReply: If what comes is no image, or too large.
        ConnectionFailed: If the server cannot be reached.
        TimedOut: If it takes too long.
    """
    name, data = provider.card.name, image.data
    if data is None:
        loopback = is_loopback_host(URL(provider.base_url).raw_host or "")
        download = Download(provider=name, caps=caps, loopback=loopback, proxy=proxy, resolver=resolver)
        data = await download.get(image.url or "")
    return Image(url=image.url, data=data, mime_type=_checked_type(data, caps, name))


def _checked_type(data: bytes, caps: Caps, name: str) -> str:
    if len(data) > caps.size:
        raise BadReply(f"the image exceeds {caps.size} bytes", provider=name)
    header = read_header(data)
    if header is None:
        known = ", ".join(sorted(EXTENSIONS.values()))
        raise BadReply(f"what came is not an image, or a broken one; known are {known}", provider=name)
    if header.width * header.height > caps.pixels:
        size = f"{header.width} x {header.height}"
        raise BadReply(f"the image has {size} pixels, the most accepted are {caps.pixels}", provider=name)
    return header.mime_type


def save(image: Image | bytes, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Writes an image to a file, whole or not at all.

    Args:
        image: An image with its bytes, or the bytes.
        path: Where to, exactly. Only where the name has no extension, that of the image's type is added.
        overwrite: Replace a file that is there.

    Returns:
        The file's path.

    Raises:
        InvalidSetting: If the image has no bytes, its type is needed and not known, the file is there already, or it
            cannot be written.
    """
    data = image.data if isinstance(image, Image) else image
    if not data:
        raise InvalidSetting(
            'the image has no bytes: ask for image_format="bytes", or fetch it by freeproviders.images.fetch'
        )
    if not isinstance(data, bytes):
        raise InvalidSetting("an image to save must be an Image or bytes: decode base64 by base64.b64decode")
    target = _named(Path(path), data)
    # In the same folder, as a file moves in one step only within a file system.
    passing = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        passing.write_bytes(data)
        _move(passing, target, overwrite=overwrite)
    except FileExistsError as error:
        raise InvalidSetting(f"{target} is there already: pass overwrite=True, or another path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidSetting(f"the image cannot be written to {target}: {reason}") from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            passing.unlink(missing_ok=True)
    return target


async def asave(image: Image | bytes, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """As ``save``, without blocking the event loop."""
    return await asyncio.to_thread(save, image, path, overwrite=overwrite)


def _named(path: Path, data: bytes) -> Path:
    if not path.name:
        raise InvalidSetting(f"{str(path)!r} names no file to write the image to")
    if path.suffix:
        return path
    header = read_header(data)
    if header is None:
        raise InvalidSetting(f"the type of the image is not known: give {path.name!r} an extension")
    return path.with_name(path.name + EXTENSIONS[header.mime_type])


def _move(passing: Path, target: Path, *, overwrite: bool) -> None:
    """Gives a finished file its name; FileExistsError where that is taken, unless it is to be overwritten."""
    if not overwrite:
        try:
            target.hardlink_to(passing)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: the name is taken first, by an empty file
            target.open("xb").close()
        else:
            return
    passing.replace(target)
