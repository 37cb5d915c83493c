"""Which files go along with a message, and how large they may be: the same for every face (docs/attachments.md)."""

from collections.abc import Sequence

from chit.core.media_kind import HEAD_BYTES, MediaKind, find_media_kind, is_text
from chit.errors import InputError, KindNotTaken, TooLarge

MIB = 1024 * 1024
MOST_FILE = 32 * MIB
"""Bytes of one file. In base64 and with the others of a question it must pass through OpenRouter."""
MOST_OF_KIND = {"image": 20 * MIB, "audio": MOST_FILE, "file": MOST_FILE}
MOST_TEXT = 2 * MIB
"""More than the context of any model holds."""
MOST_TOGETHER = 40 * MIB
"""Bytes of one message's files: 54 MiB in base64, which every later question of the conversation sends again."""
MOST_AT_ONCE = 20
"""Files of one message."""
TAKEN = "Pictures (PNG, JPEG, GIF, WebP), PDFs, sound (WAV, MP3, FLAC, OGG, M4A, AAC, AIFF) and text are taken."


def judge_file(data: bytes, size: int) -> MediaKind | None:
    """The kind of a file of `size` bytes, by its bytes alone; None is text.

    `data` is all of it, or at least `MOST_TEXT` bytes from the beginning. Raises `TooLarge`, `KindNotTaken`, and
    `InputError` for nothing at all; the words go beside the file's name.
    """
    if size == 0:
        raise InputError("this file is empty", hint="There is nothing to send of it.")
    kind = find_media_kind(data[:HEAD_BYTES])
    if kind is not None:
        if size > (most := MOST_OF_KIND[kind.kind]):
            raise too_large(most)
        return kind
    if not is_text(data[:MOST_TEXT], is_whole=size <= MOST_TEXT):
        raise KindNotTaken("models do not read files of this kind", hint=TAKEN)
    if size > MOST_TEXT:
        raise too_large(MOST_TEXT, " of text")
    return None


def check_together(sizes: Sequence[int]) -> None:
    """Raises `TooLarge` where files of so many bytes each are too much for one message."""
    if len(sizes) > MOST_AT_ONCE:
        raise TooLarge(f"at most {MOST_AT_ONCE} files go along with a message", hint="Send the others later.")
    if sum(sizes) > MOST_TOGETHER:
        raise TooLarge(
            f"this is too much for one message: at most {MOST_TOGETHER // MIB} MiB of files go along",
            hint="Send some of them later, or smaller ones.",
        )


def too_large(most: int, of_what: str = "") -> TooLarge:
    """What is said beside the file's name. `most` is in bytes."""
    return TooLarge(f"too large: at most {most // MIB} MiB{of_what} can be attached", hint="")
