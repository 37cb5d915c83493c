"""Files of this machine that go along."""

import os
from pathlib import Path

import pytest

from chit.attaching import attach_piped, check_files, read_attachment, read_attachments
from chit.core.attachment_limits import MIB
from chit.core.messages import MediaPart, TextFilePart
from chit.errors import InputError, KindNotTaken, TooLarge

PNG = b"\x89PNG\r\n\x1a\n"


def test_each_kind_becomes_its_part(tmp_path: Path) -> None:
    """By the bytes; the name is for showing and holds no path."""
    (tmp_path / "a.txt").write_bytes(PNG)
    (tmp_path / "b.png").write_text("words")
    picture, text = read_attachments([str(tmp_path / "a.txt"), str(tmp_path / "b.png")])
    assert isinstance(picture, MediaPart)
    assert (picture.name, picture.media["type"]) == ("a.txt", "image_url")
    assert text == TextFilePart("b.png", "words")


def test_what_a_pipe_brings() -> None:
    """Text, or a picture that gets the ending of its kind."""
    assert attach_piped(b"words") == TextFilePart("stdin", "words")
    picture = attach_piped(PNG)
    assert isinstance(picture, MediaPart)
    assert picture.name == "stdin.png"
    with pytest.raises(KindNotTaken, match="standard input: models do not read"):
        attach_piped(b"\xff\xfe")


def test_a_path_may_lead_to_a_pipe() -> None:
    """As a shell makes them: -f <(git diff)."""
    reading, writing = os.pipe()
    os.write(writing, b"words")
    os.close(writing)
    assert read_attachment(f"/dev/fd/{reading}") == TextFilePart(str(reading), "words")
    os.close(reading)


def test_what_is_not_taken_is_told_with_its_path(tmp_path: Path) -> None:
    """The reason is that of the pages."""
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"%PDF-" + bytes(32 * MIB))
    for name, error, words in (
        ("none", InputError, "cannot be read: No such file"),
        (".", InputError, "cannot be read: Is a directory"),
        ("a\0b", InputError, "cannot be read: "),
        ("empty", InputError, "empty: this file is empty"),
        ("large", TooLarge, "large: too large: at most 32 MiB"),
    ):
        with pytest.raises(error, match=words):
            read_attachment(str(tmp_path / name))
    (tmp_path / "big").write_bytes(b"%PDF-" + bytes(21 * MIB))
    with pytest.raises(TooLarge, match="too much for one message"):
        check_files([read_attachment(str(tmp_path / "big"))] * 2)
