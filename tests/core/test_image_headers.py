"""Kinds and sizes of images by their first bytes, written here from the formats' own documents."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeproviders.image_headers import EXTENSIONS, Header, read_header

WIDTH, HEIGHT = 321, 123


def png(width=WIDTH, height=HEIGHT):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)


def segment(kind, content):
    return bytes([0xFF, kind]) + struct.pack(">H", len(content) + 2) + content


def jpeg(kind=0xC0, before=b""):
    return b"\xff\xd8" + before + segment(kind, struct.pack(">BHHB", 8, HEIGHT, WIDTH, 3) + bytes(9))


def gif(version=b"89a"):
    return b"GIF" + version + struct.pack("<HH", WIDTH, HEIGHT) + bytes(3)


def webp(kind, content):
    return b"RIFF" + struct.pack("<I", len(content) + 12) + b"WEBP" + kind + struct.pack("<I", len(content)) + content


def bmp(length=40, height=HEIGHT):
    size = struct.pack("<HH", WIDTH, height) if length == 12 else struct.pack("<ii", WIDTH, height)
    return b"BM" + bytes(12) + struct.pack("<I", length) + size + bytes(length)


def box(kind, content):
    return struct.pack(">I4s", len(content) + 8, kind) + content


def large_box(kind, content):
    return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content


def ispe(width, height):
    return box(b"ispe", struct.pack(">III", 0, width, height))


def heif(*brands, properties=None, make=box):
    if properties is None:
        properties = ispe(64, 64) + ispe(WIDTH, HEIGHT) + box(b"pixi", bytes(8))
    inner = box(b"hdlr", bytes(20)) + make(b"iprp", box(b"ipco", properties) + box(b"ipma", bytes(4)))
    head = box(b"ftyp", brands[0] + bytes(4) + b"".join(brands))
    return head + box(b"free", b"") + make(b"meta", bytes(4) + inner) + box(b"mdat", bytes(99))


LOSSY = b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", WIDTH | 0x4000, HEIGHT | 0x8000)
LOSSLESS = b"\x2f" + struct.pack("<I", (HEIGHT - 1) << 14 | (WIDTH - 1) | 1 << 28)
EXTENDED = bytes(4) + (WIDTH - 1).to_bytes(3, "little") + (HEIGHT - 1).to_bytes(3, "little")

GOOD = [
    (png(), "image/png"),
    (jpeg(), "image/jpeg"),
    (jpeg(0xC2), "image/jpeg"),
    (jpeg(before=segment(0xE0, bytes(14)) + segment(0xE1, bytes(60_000)) + segment(0xC4, bytes(9))), "image/jpeg"),
    (jpeg(before=b"\xff\xff\xff" + segment(0xFE, b"\xff\xd9 hello")), "image/jpeg"),
    (gif(), "image/gif"),
    (gif(b"87a"), "image/gif"),
    (webp(b"VP8 ", LOSSY), "image/webp"),
    (webp(b"VP8L", LOSSLESS), "image/webp"),
    (webp(b"VP8X", EXTENDED), "image/webp"),
    (bmp(), "image/bmp"),
    (bmp(124), "image/bmp"),
    (bmp(12), "image/bmp"),
    (bmp(height=-HEIGHT), "image/bmp"),
    (heif(b"avif", b"mif1"), "image/avif"),
    (heif(b"mif1", b"avif"), "image/heic"),
    (heif(b"heic", b"mif1"), "image/heic"),
    (heif(b"avif", make=large_box), "image/avif"),
]


@pytest.mark.parametrize(("data", "kind"), GOOD)
def test_kind_and_size_are_in_the_header(data, kind):
    assert read_header(data) == Header(kind, WIDTH, HEIGHT)
    assert kind in EXTENSIONS


@pytest.mark.parametrize("data", [data for data, kind in GOOD if kind not in ("image/avif", "image/heic")])
def test_a_header_that_ends_early_is_that_of_no_image(data):
    found = [read_header(data[:length]) for length in range(min(len(data), 400))]
    assert set(found) <= {None, read_header(data)}
    assert found[:9] == [None] * 9


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>",
        b"BMW builds cars, and this is a text about them",
        b"RIFF\0\0\0\0WAVEfmt " + bytes(40),
        b"%PDF-1.7" + bytes(40),
        box(b"ftyp", b"isom" + bytes(4) + b"mp42") + bytes(40),
        webp(b"VP8 ", bytes(20)),
        webp(b"ALPH", bytes(20)),
        b"\xff\xd8\xff\xd9" + bytes(40),
        b"\xff\xd8\xff\xda" + bytes(40),
        b"\xff\xd8" + segment(0xE0, b"") + b"no segment",
        b"\x89PNG\r\n\x1a\n" + box(b"CgBI", bytes(20)),
        heif(b"avif", properties=b""),
        png(width=0),
        bmp(height=0),
    ],
)
def test_what_is_no_image_or_has_no_size_has_no_header(data):
    assert read_header(data) is None


@pytest.mark.parametrize(("number", "found"), [(1000, True), (100_000, False)])
@pytest.mark.parametrize(
    "make",
    [
        lambda number: jpeg(before=segment(0xE0, b"") * number),
        lambda number: jpeg(before=b"\xff" * number),
        lambda number: jpeg(before=b"\xff\x01" * number),
        lambda number: heif(b"avif", properties=box(b"free", b"") * number + ispe(1, 1)),
        lambda number: heif(b"avif", properties=b"\0\0\0\2free" * number + ispe(1, 1)),
    ],
    ids=["segments", "filling", "marks", "boxes", "short boxes"],
)
def test_the_search_for_a_size_is_given_up_at_some_time(make, number, found):
    """So that a stranger's image cannot keep an event loop busy."""
    assert (read_header(make(number)) is not None) is found


@given(st.binary(max_size=200), st.sampled_from([data for data, _ in GOOD]), st.integers(0, 60))
def test_any_bytes_are_judged(noise, data, at):
    for text in (noise, data[:at] + noise, data[:at] + noise + data[at:]):
        header = read_header(text)
        assert header is None or (header.width > 0 and header.height > 0)
