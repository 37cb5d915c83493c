"""What a file is, told from its bytes alone: neither its name nor what a browser or a model says of it counts."""

from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import Literal

HEAD_BYTES = 64
"""As many from the beginning tell everything but text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaKind:
    """A kind of file that models take."""

    kind: Literal["image", "file", "audio"]
    """OpenRouter's word for it, as in a model's `input_modalities` (field guide §7.2); a file is a PDF."""
    format: str
    """Its usual ending, which for sound is what `input_audio.format` says."""
    type: str
    """Its media type."""


def _image(format: str) -> MediaKind:
    return MediaKind(kind="image", format=format, type=f"image/{format}")


def _audio(format: str, type: str) -> MediaKind:
    return MediaKind(kind="audio", format=format, type=f"audio/{type}")


PDF = MediaKind(kind="file", format="pdf", type="application/pdf")
_BEGINNINGS: tuple[tuple[bytes, MediaKind], ...] = (
    (b"\x89PNG\r\n\x1a\n", _image("png")),
    (b"\xff\xd8\xff", _image("jpeg")),
    (b"GIF87a", _image("gif")),
    (b"GIF89a", _image("gif")),
    (b"%PDF-", PDF),
    (b"ID3", _audio("mp3", "mpeg")),
    (b"fLaC", _audio("flac", "flac")),
    (b"OggS", _audio("ogg", "ogg")),
)
_BOXES: tuple[tuple[bytes, bytes, MediaKind], ...] = (
    (b"RIFF", b"WEBP", _image("webp")),
    (b"RIFF", b"WAVE", _audio("wav", "wav")),
    (b"FORM", b"AIFF", _audio("aiff", "aiff")),
    (b"FORM", b"AIFC", _audio("aiff", "aiff")),
)
"""Four bytes, the length, four bytes."""
_M4A = (b"ftypM4A ", b"ftypM4B ")
_SYNC = 0xE0
_LAYERS = {0x02: _audio("mp3", "mpeg"), 0x00: _audio("aac", "aac")}
"""By the two bits after the version in a frame of MPEG audio without a header: layer III, and ADTS, which has none."""
_MPEG_25_OR_2_OR_1 = 0x08


def find_media_kind(head: bytes) -> MediaKind | None:
    """The kind of the file that begins so; None for everything else, text among it."""
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    for outer, inner, kind in _BOXES:
        if head.startswith(outer) and head[8:12] == inner:
            return kind
    if head[4:12] in _M4A:
        return _audio("m4a", "mp4")
    return _find_frame(head)


def is_text(data: bytes, *, is_whole: bool = True) -> bool:
    """Whether it is UTF-8 and holds no NUL, whatever it is called. What is not whole may end within a character."""
    try:
        return "\0" not in getincrementaldecoder("utf-8")().decode(data, is_whole)
    except UnicodeDecodeError:
        return False


def _find_frame(head: bytes) -> MediaKind | None:
    """Sound that begins with a frame (ISO 11172-3 and 13818-7): eleven or twelve bits set, a layer, a bit rate."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & _SYNC != _SYNC:
        return None
    layer = head[1] & 0x06
    if layer == 0x00:
        return _LAYERS[0x00] if head[1] & 0xF0 == 0xF0 else None
    is_reserved = head[1] & 0x18 == _MPEG_25_OR_2_OR_1 or head[2] & 0xF0 == 0xF0 or head[2] & 0x0C == 0x0C
    return _LAYERS[0x02] if layer == 0x02 and not is_reserved else None
