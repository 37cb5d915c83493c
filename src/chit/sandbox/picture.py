"""A picture and a sound, made on the spot: what the image and audio models of the sandbox answer with."""

import base64
import math
import struct
import zlib

_SIDE = 64
_RATE = 8_000


def draw_png() -> str:
    """A small gradient as a PNG data URL."""
    rows = b"".join(b"\0" + b"".join(bytes((4 * x, 4 * y, 160)) for x in range(_SIDE)) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)
    return "data:image/png;base64," + base64.b64encode(png).decode()


def play_tone() -> str:
    """A tenth of a second of a 440 Hz tone: base64 of 16-bit mono PCM at 8 kHz."""
    samples = (int(12_000 * math.sin(2 * math.pi * 440 * at / _RATE)) for at in range(_RATE // 10))
    return base64.b64encode(b"".join(struct.pack("<h", sample) for sample in samples)).decode()


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
