"""Files beside the words of a message: their parts, their bytes, their names."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.attachments import (
    clean_name,
    count_bytes,
    list_attachments,
    make_attachment,
    name_attachment,
    read_content,
    read_head,
    wrap_text_file,
)
from chit.core.media_kind import find_media_kind
from chit.core.messages import MediaPart, Message, ReasoningPart, TextPart
from chit.core.wire import write_message

FILES = {"a.png": b"\x89PNG\r\n\x1a\n1", "b.pdf": b"%PDF-1", "c.wav": b"RIFF0000WAVE", "d.md": "# Ä\n".encode()}


def attach(name: str) -> Any:
    """The part of one of those."""
    return make_attachment(FILES[name], find_media_kind(FILES[name]), name)


def test_each_kind_has_its_part_on_the_wire() -> None:
    """As OpenRouter wants it: pictures and PDFs as data addresses, sound bare, text in words that every model reads."""
    parts = (TextPart("Look"), *map(attach, FILES))
    content = write_message(Message(id="m", conversation_id="c", source="user", parts=parts))["content"]
    png, pdf, wav = (b64encode(FILES[name]).decode() for name in ("a.png", "b.pdf", "c.wav"))
    assert content == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}},
        {"type": "file", "file": {"filename": "b.pdf", "file_data": f"data:application/pdf;base64,{pdf}"}},
        {"type": "input_audio", "input_audio": {"data": wav, "format": "wav"}},
        {"type": "text", "text": '<file name="d.md">\n# Ä\n</file>'},
    ]


def test_the_words_around_a_text_are_always_the_same() -> None:
    """A line of its own for each end, and no quote in the name that would close it."""
    assert wrap_text_file('a"b.txt', "x") == '<file name="a\'b.txt">\nx\n</file>'


@pytest.mark.parametrize("name", FILES)
def test_its_bytes_come_back(name: str) -> None:
    """Whole, from the beginning, and counted."""
    part, data = attach(name), FILES[name]
    assert (read_content(part), count_bytes(part)) == (data, len(data))
    assert read_head(part) == data
    assert [read_content(part, most) for most in range(8)] == [data[:most] for most in range(8)]


@given(st.binary(max_size=40), st.integers(0, 50))
def test_any_bytes_come_back(data: bytes, most: int) -> None:
    """Of whatever length, cut anywhere."""
    part = MediaPart({"type": "image_url", "image_url": {"url": "data:;base64," + b64encode(data).decode()}})
    assert (read_content(part), read_content(part, most), count_bytes(part)) == (data, data[:most], len(data))


@pytest.mark.parametrize(
    "media",
    [
        {},
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
        {"type": "image_url", "image_url": "data:image/png,x"},
        {"type": "file", "file": {"file_id": "x"}},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": ""}},
    ],
)
def test_what_stands_elsewhere_has_no_bytes(media: dict[str, Any]) -> None:
    """None, and nothing is ever fetched."""
    part = MediaPart(media)
    assert (read_content(part), count_bytes(part), read_head(part)) == (None, None, b"")


def test_what_is_no_base64_has_none_either() -> None:
    """A model may say anything."""
    assert read_content(MediaPart({"type": "input_audio", "input_audio": {"data": "A!"}})) is None


def test_what_counts_as_attached() -> None:
    """Media and files of text, in order; words and thoughts are something else."""
    parts = (TextPart("a"), attach("a.png"), ReasoningPart("r"), attach("d.md"))
    assert list_attachments(Message(id="m", conversation_id="c", source="user", parts=parts)) == [parts[1], parts[3]]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("a\0b.txt", "ab.txt"),
        ("a\nb\r.txt", "ab.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200b\ud800.txt", "a.txt"),
        ("  a   b.txt ", "a b.txt"),
        ("..", "file"),
        ("", "file"),
        ("/", "file"),
        ("x" * 200 + ".tar", "x" * 115 + "….tar"),
        ("x" * 200, "x" * 119 + "…"),
        ("x" * 100 + "." + "y" * 100, "x" * 100 + "." + "y" * 18 + "…"),
    ],
)
def test_names_are_cleaned(name: str, shown: str) -> None:
    """Attack 28: no path, no NUL, nothing that hides or turns what stands there, and no end of it."""
    assert clean_name(name) == shown


@given(st.text(max_size=300))
def test_any_name_can_be_shown(name: str) -> None:
    """Something is left of it, on one line, without a slash."""
    shown = clean_name(name)
    assert 0 < len(shown) <= 120
    assert len(shown.splitlines()) == 1
    assert not set("/\\\n\0") & set(shown)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (MediaPart({"type": "image_url"}, "a/b.png"), "b.png"),
        (MediaPart({"type": "file", "file": {"filename": "x.pdf"}}), "x.pdf"),
        (MediaPart({"type": "file", "file": {"filename": 7}}), "file-3"),
        (attach("d.md"), "d.md"),
    ],
)
def test_attachments_are_named(part: Any, name: str) -> None:
    """By the person, by the wire, else by number."""
    assert name_attachment(part, 2, None) == name


def test_a_picture_of_a_model_is_named_by_its_kind() -> None:
    """So that it can be saved as something."""
    names = [name_attachment(MediaPart({}), at, find_media_kind(data)) for at, data in enumerate(FILES.values())]
    assert names == ["picture-1.png", "document-2.pdf", "sound-3.wav", "file-4"]
