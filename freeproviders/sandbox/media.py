"""Real pictures and sounds out of a text, made with the standard library alone. Deterministic; no files, no network."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import struct
import wave
import zlib

_SIDE = 256
_SHAPES = 6
_RATE = 8000
_SECONDS = 0.25
_LOUDNESS = 12000

# A baseline JPEG, 16 by 16 pixels: an orange disc on blue. Too small to be worth an encoder.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhl"
    "bXd7gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8"
    "fHx8fHx8fHx8fHx8fHz/wAARCAAQABADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAgAF/8QAIRAAAQQBAwUAAAAA"
    "AAAAAAAAAQIDBBEAEyExEhQiMlH/xAAVAQEBAAAAAAAAAAAAAAAAAAACA//EABwRAAEFAAMAAAAAAAAAAAAAAAEAAgMREzEy"
    "of/aAAwDAQACEQMRAD8AzoUPuLUo02NtuSccyDoI1GySke18jKBLSwC25skm+r4cc6ahxrSa8grk1VYnOn3odfKVAIcbPK//"
    "2Q=="
)


def png(prompt: str) -> bytes:
    """Paint a picture of coloured discs.

    Args:
        prompt: Decides colours, places and sizes.

    Returns:
        A PNG file, 256 by 256 pixels, 8 bits RGB.
    """
    seed = hashlib.sha256(prompt.encode(errors="replace")).digest()
    ground, discs = seed[:3], [_disc(seed, number) for number in range(_SHAPES)]
    rows = b"".join(b"\x00" + _row(y, ground, discs) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def wav(text: str) -> bytes:
    """Sound a quarter of a second.

    Args:
        text: Decides the pitch.

    Returns:
        A WAV file, mono, 16 bits, 8 kHz.
    """
    pitch = 220 + hashlib.sha256(text.encode(errors="replace")).digest()[0] * 2
    samples = (int(_LOUDNESS * math.sin(2 * math.pi * pitch * at / _RATE)) for at in range(int(_RATE * _SECONDS)))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


def _disc(seed: bytes, number: int) -> tuple[int, int, int, bytes]:
    bits = hashlib.sha256(seed + bytes([number])).digest()
    return bits[0], bits[1], 20 + bits[2] % 50, bits[3:6]


def _row(y: int, ground: bytes, discs: list[tuple[int, int, int, bytes]]) -> bytes:
    row = bytearray(ground * _SIDE)
    for middle_x, middle_y, radius, colour in discs:
        reach = radius * radius - (y - middle_y) ** 2
        if reach < 0:
            continue
        half = math.isqrt(reach)
        left, right = max(0, middle_x - half), min(_SIDE, middle_x + half + 1)
        row[left * 3 : right * 3] = colour * (right - left)
    return bytes(row)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
