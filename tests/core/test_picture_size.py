"""The size of a picture, from its first bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.picture_size import find_picture_size

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
FRAME = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, 480, 640)


def exif(orientation: int, order: str = ">", tag: int = 0x0112) -> bytes:
    """An APP1 segment."""
    mark = b"MM\0*" if order == ">" else b"II*\0"
    entries = struct.pack(f"{order}HHHIHH", 1, tag, 3, 1, orientation, 0)
    body = b"Exif\0\0" + mark + struct.pack(f"{order}I", 8) + entries
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def riff(chunk: bytes) -> bytes:
    """A WebP file."""
    return b"RIFF\0\0\0\0WEBP" + chunk


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (PNG, (640, 480)),
        (b"GIF89a" + struct.pack("<HH", 640, 480), (640, 480)),
        (b"\xff\xd8" + FRAME, (640, 480)),
        (b"\xff\xd8\xff\xe0\0\x04xx\xff" + FRAME, (640, 480)),
        (b"\xff\xd8" + exif(6) + FRAME, (480, 640)),
        (b"\xff\xd8" + exif(8, "<") + FRAME, (480, 640)),
        (b"\xff\xd8" + exif(1) + FRAME, (640, 480)),
        (b"\xff\xd8" + exif(6, tag=1) + FRAME, (640, 480)),
        (b"\xff\xd8\xff\xe1\0\x04xx" + FRAME, (640, 480)),
        (b"\xff\xd8\xff\xe1\0\x08Exif\0\0" + FRAME, (640, 480)),
        (riff(b"VP8X" + bytes(8) + b"\x7f\x02\0\xdf\x01\0"), (640, 480)),
        (riff(b"VP8L" + bytes(4) + b"/" + struct.pack("<I", 639 | 479 << 14)), (640, 480)),
        (riff(b"VP8 " + bytes(10) + struct.pack("<HH", 640, 480)), (640, 480)),
    ],
)
def test_sizes(head: bytes, size: tuple[int, int]) -> None:
    """Of each format, as a browser draws it: a photograph that was taken sideways has its sides exchanged."""
    assert find_picture_size(head) == size


@pytest.mark.parametrize(
    "head",
    [
        b"",
        PNG[:20],
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 0, 480),
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 2**31, 480),
        b"\xff\xd8\xff\xe0\0\x04xx",
        b"\xff\xd8\xff\xe0\0\x04xx\0",
        riff(b"ALPH"),
        b"<svg width='1' height='1'>",
    ],
)
def test_what_tells_no_size(head: bytes) -> None:
    """Cut, without sides, larger than anything, or no picture."""
    assert find_picture_size(head) is None


@given(st.sampled_from([b"\x89PNG", b"GIF8", b"RIFF\0\0\0\0WEBPVP8X", b"\xff\xd8", b"\xff\xd8\xff\xe1"]), st.binary())
def test_any_bytes_are_read(beginning: bytes, rest: bytes) -> None:
    """Nothing raises or goes on for ever."""
    size = find_picture_size(beginning + rest)
    assert size is None or min(size) > 0
