"""Content encodings on the fly: every piece is flushed, so that a compressed answer still streams. No HTTP here.

Brotli and Zstandard are written as their formats' stored (uncompressed) blocks, RFC 7932 section 9.2 and RFC 8878
section 3.1.1.2.2: valid streams for any decoder, and no dependency for a server that only has to speak them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_DESCRIPTORS = b"\x00\x38"  # no content size, no checksum, no dictionary; a window of 128 KiB
_ZSTD_BLOCK = 1 << 16
_BROTLI_BLOCK = 1 << 16
_BROTLI_END = b"\x03"


class Encoder(Protocol):
    """Turns body bytes into encoded bytes."""

    def feed(self, data: bytes) -> bytes:
        """Encode and flush a part of the body."""
        ...

    def finish(self) -> bytes:
        """End the encoded stream."""
        ...


class _Plain:
    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Zlib:
    def __init__(self, window: int) -> None:
        self._compress = zlib.compressobj(wbits=window)

    def feed(self, data: bytes) -> bytes:
        return self._compress.compress(data) + self._compress.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._compress.flush(zlib.Z_FINISH)


class _Zstd:
    def __init__(self) -> None:
        self._head = _ZSTD_MAGIC + _ZSTD_DESCRIPTORS

    def feed(self, data: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + b"".join(_zstd_block(data[at : at + _ZSTD_BLOCK]) for at in range(0, len(data), _ZSTD_BLOCK))

    def finish(self) -> bytes:
        return self.feed(b"") + _zstd_block(b"", last=True)


class _Brotli:
    def __init__(self) -> None:
        self._first = True

    def feed(self, data: bytes) -> bytes:
        return b"".join(self._block(data[at : at + _BROTLI_BLOCK]) for at in range(0, len(data), _BROTLI_BLOCK))

    def finish(self) -> bytes:
        # an empty stream needs its window bit (0) before the two bits of the last, empty block
        return b"\x06" if self._first else _BROTLI_END

    def _block(self, part: bytes) -> bytes:
        # bits, lowest first: [window 0 once] last 0, length in four nibbles 00, length - 1, stored 1
        bits = (len(part) - 1) << 3 | 1 << 19
        if self._first:
            bits, self._first = bits << 1, False
        return bits.to_bytes(3, "little") + part


def _zstd_block(part: bytes, *, last: bool = False) -> bytes:
    return (len(part) << 3 | int(last)).to_bytes(3, "little") + part


_MAKERS: dict[str | None, Callable[[], Encoder]] = {
    None: _Plain,
    "gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(15),
    "br": _Brotli,
    "zstd": _Zstd,
}


def encoder(name: str | None) -> Encoder:
    """Give a fresh encoder.

    Args:
        name: A content encoding, or None for the identity.

    Returns:
        The encoder.
    """
    return _MAKERS[name]()
