"""Which files go along with a message."""

import pytest

from chit.core.attachment_limits import MIB, MOST_AT_ONCE, MOST_TEXT, check_together, judge_file, too_large
from chit.errors import InputError, KindNotTaken, TooLarge

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(("data", "format"), [(PNG, "png"), (b"%PDF-1.7", "pdf"), (b"fLaC", "flac")])
def test_the_bytes_tell_the_kind(data: bytes, format: str) -> None:
    """Whatever the file is called."""
    kind = judge_file(data, len(data))
    assert kind is not None
    assert kind.format == format


def test_text_has_no_kind() -> None:
    """Neither does what is cut within a character because there is more of it; a file of exactly the size is taken."""
    assert judge_file("é".encode(), 2) is None
    assert judge_file(b"a" * MOST_TEXT, MOST_TEXT) is None


@pytest.mark.parametrize(
    ("data", "size", "error", "words"),
    [
        (b"", 0, InputError, "empty"),
        (b"\xff\xfe", 2, KindNotTaken, "of this kind"),
        (b"a\0b", 3, KindNotTaken, "of this kind"),
        (b"a" * MOST_TEXT, MOST_TEXT + 1, TooLarge, "at most 2 MiB of text"),
        (b"a" * (MOST_TEXT + 5), MOST_TEXT + 5, TooLarge, "at most 2 MiB of text"),
        (PNG, 20 * MIB + 1, TooLarge, "at most 20 MiB"),
        (b"%PDF-", 32 * MIB + 1, TooLarge, "at most 32 MiB"),
    ],
)
def test_what_is_not_taken(data: bytes, size: int, error: type[Exception], words: str) -> None:
    """Nothing, what models do not read, and too much."""
    with pytest.raises(error, match=words):
        judge_file(data, size)


def test_what_is_too_much_together() -> None:
    """By number and by size."""
    check_together([40 * MIB])
    check_together([1] * MOST_AT_ONCE)
    with pytest.raises(TooLarge, match="too much for one message"):
        check_together([40 * MIB, 1])
    with pytest.raises(TooLarge, match="at most 20 files"):
        check_together([1] * (MOST_AT_ONCE + 1))
    assert "3 MiB" in str(too_large(3 * MIB))
