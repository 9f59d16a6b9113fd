"""What kind of image some bytes are, and how large, by the header they begin with. Nothing is decoded."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["EXTENSIONS", "Header", "read_header"]

EXTENSIONS: Mapping[str, str] = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
    "image/avif": ".avif",
    "image/heic": ".heic",
}
"""File name extensions by MIME type, of all types that are known here."""

# Parts looked at before an image counts as broken: millions of empty ones would keep the event loop busy.
_MOST_PARTS = 2000
_BMP_HEADERS = (40, 52, 56, 64, 108, 124)
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif"} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"
)


@dataclass(frozen=True, slots=True)
class Header:
    """What an image's header says.

    Attributes:
        mime_type: E.g. ``"image/png"``.
        width: In pixels.
        height: In pixels.
    """

    mime_type: str
    width: int
    height: int


def read_header(data: bytes) -> Header | None:
    """The header of an image, or None where the bytes are no image of a known type, or a broken one."""
    try:
        found = next((header for read in _READERS if (header := read(data)) is not None), None)
    except (struct.error, IndexError):  # it ends within its header
        return None
    return found if found is not None and found.width > 0 and found.height > 0 else None


def _png(data: bytes) -> Header | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return Header("image/png", *struct.unpack_from(">II", data, 16))
    return None


def _gif(data: bytes) -> Header | None:
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Header("image/gif", *struct.unpack_from("<HH", data, 6))
    return None


def _jpeg(data: bytes) -> Header | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    for _ in range(_MOST_PARTS):
        mark, kind = data[at], data[at + 1]
        if mark != 0xFF or kind in (0xD9, 0xDA):  # no segment, or the pixels' before the size is known
            return None
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Header("image/jpeg", width, height)
        if kind == 0xFF:  # a filling byte
            at += 1
        else:
            at += 2 if kind == 0x01 or 0xD0 <= kind <= 0xD8 else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None


def _webp(data: bytes) -> Header | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    return Header("image/webp", width, height) if len(data) >= 30 or kind == b"VP8L" else None


def _bmp(data: bytes) -> Header | None:
    if not data.startswith(b"BM"):
        return None
    (length,) = struct.unpack_from("<I", data, 14)
    if length == 12:
        return Header("image/bmp", *struct.unpack_from("<HH", data, 18))
    if length not in _BMP_HEADERS:  # a text may begin with BM too
        return None
    width, height = struct.unpack_from("<ii", data, 18)
    return Header("image/bmp", width, abs(height))  # below zero: its rows run from the top


def _heif(data: bytes) -> Header | None:
    """AVIF and HEIC, boxes within boxes; the largest of the items is what a decoder allocates."""
    if data[4:8] != b"ftyp":
        return None
    brands = data[8 : min(struct.unpack_from(">I", data)[0], 256)]
    kinds = [_BRANDS[brand] for at in range(0, len(brands), 4) if (brand := brands[at : at + 4]) in _BRANDS]
    if not kinds:
        return None
    # Each is a version, then width and height.
    sizes = [struct.unpack_from(">II", data, start + 4) for start in _sizes(data)]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return Header(kinds[0], width, height)


def _sizes(data: bytes) -> list[int]:
    """Where the contents of the boxes that hold a size begin."""
    at, end = 0, len(data)
    for name, skipped in ((b"meta", 4), (b"iprp", 0), (b"ipco", 0)):  # "meta" begins with a version
        found = next(((start, stop) for kind, start, stop in _boxes(data, at, end) if kind == name), None)
        if found is None:
            return []
        at, end = found[0] + skipped, found[1]
    return [start for kind, start, _ in _boxes(data, at, end) if kind == b"ispe"]


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, beginning and end of each box's content."""
    for _ in range(_MOST_PARTS):
        if at + 8 > end:
            return
        length, head = struct.unpack_from(">I", data, at)[0], 8
        if length == 1:
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        stop = end if length == 0 else min(at + length, end)
        yield data[at + 4 : at + 8], at + head, stop
        at = max(stop, at + head)


_READERS: tuple[Callable[[bytes], Header | None], ...] = (_png, _jpeg, _gif, _webp, _bmp, _heif)
