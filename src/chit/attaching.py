"""Files of this machine that go along with a question: the same kinds and limits for every face."""

from collections.abc import Sequence
from pathlib import Path

from chit.core.attachment_limits import MOST_FILE, check_together, judge_file, too_large
from chit.core.attachments import Attachment, clean_name, count_bytes, make_attachment
from chit.errors import InputError

PIPED = "stdin"
"""What is piped in is called so."""


def read_attachments(names: Sequence[str]) -> list[Attachment]:
    """One for each path. Raises `InputError` and its kinds, with the path."""
    files = [read_attachment(name) for name in names]
    check_files(files)
    return files


def read_attachment(name: str) -> Attachment:
    """The file at a path; what is behind it may be a pipe. Raises as `read_attachments`, with the path."""
    try:
        with Path(name).open("rb") as file:
            data = file.read(MOST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"the file {name} cannot be read: {reason}", hint="Check the path.") from error
    return _attach(data, name, clean_name(name))


def attach_piped(data: bytes) -> Attachment:
    """What came through standard input. Raises as `read_attachments`."""
    return _attach(data, "standard input", PIPED)


def check_files(files: Sequence[Attachment]) -> None:
    """Raises `TooLarge` where they are too many, or too much, for one message."""
    check_together([count_bytes(each) or 0 for each in files])


def _attach(data: bytes, told: str, name: str) -> Attachment:
    try:
        if len(data) > MOST_FILE:
            raise too_large(MOST_FILE)
        kind = judge_file(data, len(data))
    except InputError as error:
        raise type(error)(f"{told}: {error.message}", hint=error.hint) from error
    return make_attachment(data, kind, f"{name}.{kind.format}" if kind and name == PIPED else name)
