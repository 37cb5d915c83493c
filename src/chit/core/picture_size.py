"""How wide and high a picture is, from the bytes of its header: room is kept for it before it is drawn."""

import struct

HEAD_BYTES = 256 * 1024
"""In so many the size stands, unless a camera put more than that before it."""
_MOST = 100_000
"""Pixels. No picture that a browser draws is larger, and no page should make room for one that says so."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin with the size (ITU T.81, table B.1)."""
_TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations with sides exchanged."""


def find_picture_size(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, as a browser draws it; None where they are not there or make no sense."""
    try:
        size = _read_size(head)
    except (struct.error, IndexError):
        return None
    return size if size and all(0 < side <= _MOST for side in size) else None


def _read_size(head: bytes) -> tuple[int, int] | None:
    if head.startswith(b"\x89PNG"):
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head.startswith(b"GIF8"):
        width, height = struct.unpack_from("<HH", head, 6)
        return width, height
    if head.startswith(b"RIFF"):
        return _read_webp(head)
    return _read_jpeg(head) if head.startswith(b"\xff\xd8") else None


def _read_webp(head: bytes) -> tuple[int, int] | None:
    """Of the three layouts of RFC 9649."""
    match head[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
            return width, height
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return None


def _read_jpeg(head: bytes) -> tuple[int, int] | None:
    at, is_turned = 2, False
    while head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return (height, width) if is_turned else (width, height)
        (length,) = struct.unpack_from(">H", head, at + 2)
        if marker == 0xE1:
            is_turned = is_turned or _read_orientation(head[at + 4 : at + 2 + length]) in _TURNED
        at += 2 + length
    return None


def _read_orientation(segment: bytes) -> int | None:
    """Of an EXIF segment: which way the camera was held."""
    if not segment.startswith(b"Exif\0\0"):
        return None
    tiff = segment[6:]
    order = "<" if tiff.startswith(b"II") else ">"
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for place in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * place)
            if tag == 0x0112:
                return int(value)
    except struct.error:
        return None
    return None
