"""What a file is, by its bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.media_kind import find_media_kind, is_text

KINDS = [
    (b"\x89PNG\r\n\x1a\n", "image", "png"),
    (b"\xff\xd8\xff\xe0", "image", "jpeg"),
    (b"GIF87a", "image", "gif"),
    (b"GIF89a", "image", "gif"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image", "webp"),
    (b"%PDF-1.7", "file", "pdf"),
    (b"RIFF\0\0\0\0WAVEfmt ", "audio", "wav"),
    (b"ID3\x04", "audio", "mp3"),
    (b"\xff\xfb\x90\x64", "audio", "mp3"),
    (b"\xff\xf3\x40\xc4", "audio", "mp3"),
    (b"\xff\xf1\x50\x80", "audio", "aac"),
    (b"fLaC", "audio", "flac"),
    (b"OggS", "audio", "ogg"),
    (b"\0\0\0\x20ftypM4A isom", "audio", "m4a"),
    (b"FORM\0\0\0\0AIFF", "audio", "aiff"),
]
OTHERS = [
    b"",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    b"<!doctype html>",
    b"MZ\x90\0",
    b"PK\x03\x04",
    b"RIFF\0\0\0\0AVI ",
    b"\0\0\0\x20ftypisom",
    b" %PDF-1.7",
    b"\xff\xfe\x41\0",
    b"\xff\xfb\xf0\x64",
    b"\xff\xfb\x9c\x64",
    b"\xff\xeb\x90\x64",
    b"\xff\xe1\x50\x80",
    b"\xff\xfd\x90\x64",
    b"\xff\xfb",
]


@pytest.mark.parametrize(("head", "kind", "format"), KINDS)
def test_kinds_that_are_taken(head: bytes, kind: str, format: str) -> None:
    """Each by how it begins."""
    found = find_media_kind(head)
    assert found is not None
    assert (found.kind, found.format) == (kind, format)


@pytest.mark.parametrize("head", OTHERS)
def test_everything_else_is_of_no_kind(head: bytes) -> None:
    """Attack 19: markup of any sort, programs, archives, films, UTF-16, and frames that no decoder reads."""
    assert find_media_kind(head) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_looked_at(head: bytes) -> None:
    """Nothing raises, and what a page shows inline is never text."""
    kind = find_media_kind(head)
    assert kind is None or kind.kind in ("image", "file", "audio")


def test_text_is_utf_8_without_nul() -> None:
    """Whatever it says; what was cut may end within a character."""
    assert all(map(is_text, [b"", b"a", "ä€😀".encode(), b"<svg/>"]))
    assert not any(map(is_text, [b"\0", b"\xff", "ä".encode()[:1], "x".encode("utf-16")]))
    assert is_text("€".encode()[:2], is_whole=False)
    assert not is_text(b"\xff", is_whole=False)
