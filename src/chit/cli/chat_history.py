"""What a person has typed into chats, kept so that it can be typed again: in the home folder, for this user alone."""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prompt_toolkit.history import History

from chit.core.stray_secret import holds_key

FILE_NAME = "chat-input"
MOST_LINES = 1000
_MOST_BYTES = 4 * 1024 * 1024
"""Of the file; beyond it the older ones go."""


class InputHistory(History):
    """A line of JSON for each input. What cannot be read or written is no reason not to chat."""

    def __init__(self, path: Path) -> None:
        """The file is made with the first input."""
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """The newest first."""
        try:
            lines = self._path.read_bytes().splitlines(keepends=True)
        except OSError:
            return
        if len(lines) > 2 * MOST_LINES or sum(map(len, lines)) > _MOST_BYTES:
            lines = _keep_newest(lines)
            with suppress(OSError):
                self._replace(b"".join(lines))
        for line in reversed(lines[-MOST_LINES:]):
            with suppress(ValueError):
                if isinstance(text := json.loads(line), str):
                    yield text

    def store_string(self, string: str) -> None:
        """Unless there is a key in it."""
        if holds_key(string):
            return
        with suppress(OSError):
            number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.fchmod(number, 0o600)
                os.write(number, f"{json.dumps(string)}\n".encode())
            finally:
                os.close(number)

    def _replace(self, data: bytes) -> None:
        fresh = self._path.with_name(f"{FILE_NAME}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        fresh.replace(self._path)


def _keep_newest(lines: list[bytes]) -> list[bytes]:
    kept: list[bytes] = []
    room = _MOST_BYTES // 2
    for line in reversed(lines[-MOST_LINES:]):
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    return kept[::-1]
