"""Where the answer goes: standard output, or a file that is there once the answer is whole."""

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from chit.cli.terminal import is_terminal, write_out, write_out_bytes
from chit.errors import ChitError, InputError

PRIVATE = 0o600
"""The mode of a new file that is for this user alone: history, say."""
MEDIA_ENDINGS = {
    "image": frozenset({"png", "jpg", "jpeg", "gif", "webp"}),
    "audio": frozenset({"wav", "mp3", "flac", "ogg", "m4a", "aac", "aiff", "pcm"}),
}


class FileTaken(InputError):
    """There is a file of that name already."""


class StandardOutput:
    """What a person sees or a program reads."""

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches."""
        return is_terminal(sys.stdout)

    def write(self, text: str) -> None:
        """Raises as `write_out`."""
        write_out(text)

    def write_bytes(self, data: bytes) -> None:
        """Raises as `write_out_bytes`."""
        write_out_bytes(data)


class OutputFile:
    """Written beside its place, and put there at the end: nobody finds half an answer under its name.

    The place is taken at once, so that no money is spent for what could not be kept. One that was there already is
    refused unless it is to be overwritten; then it stays as it is until the new one is whole. A device or a pipe is
    written to as it is.
    """

    is_terminal = False

    def __init__(self, name: str, *, overwrite: bool, mode: int = 0o666) -> None:
        """`mode` is that of a new file. Raises `InputError`."""
        self.name = name
        self.is_kept = False
        """Whether it is in its place."""
        self._path = Path(name)
        self._part: Path | None = None
        self._is_ours = False
        try:
            self._file = self._open(overwrite=overwrite, mode=mode)
        except FileExistsError as error:
            raise FileTaken(
                f"{name} is there already, and was left as it is", hint="Name another file, or replace it with --force."
            ) from error
        except (OSError, ValueError) as error:
            raise InputError(
                f"{name} cannot be written: {getattr(error, 'strerror', None) or error}", hint="Check the path."
            ) from error

    @property
    def media(self) -> str | None:
        """The kind of media that the name is one of; None for text."""
        ending = self._path.suffix.lower().removeprefix(".")
        return next((kind for kind, endings in MEDIA_ENDINGS.items() if ending in endings), None)

    def write(self, text: str) -> None:
        """Raises `ChitError` of kind `output_failed`."""
        self.write_bytes(text.encode("utf-8", "replace"))

    def write_bytes(self, data: bytes) -> None:
        """As `write`."""
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise self._fail(error) from error

    def keep(self) -> None:
        """It is whole. Raises as `write`."""
        try:
            if self._part is not None:
                os.fsync(self._file.fileno())
            self._file.close()
            if self._part is not None:
                os.replace(self._part, self._path)
        except OSError as error:
            raise self._fail(error) from error
        self._part, self._is_ours, self.is_kept = None, False, True

    def discard(self) -> None:
        """Leave things as they were, unless it was kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            if self._part is not None:
                self._part.unlink()
            if self._is_ours and self._path.stat().st_size == 0:
                self._path.unlink()
        self._part, self._is_ours = None, False

    def _open(self, *, overwrite: bool, mode: int) -> BinaryIO:
        try:
            mode = self._path.stat().st_mode
        except FileNotFoundError:
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
            self._is_ours, mode = True, self._path.stat().st_mode
        else:
            if not stat.S_ISREG(mode):
                return self._path.open("wb")
            if not overwrite:
                raise FileExistsError
        self._path = Path(os.path.realpath(self._path))  # what a link leads to is replaced, not the link
        part = self._path.with_name(f".{self._path.name[:100]}.{secrets.token_hex(4)}.part")
        file = part.open("xb")
        self._part = part
        part.chmod(stat.S_IMODE(mode))
        return file

    def _fail(self, error: OSError) -> ChitError:
        return ChitError(
            f"{self.name} cannot be written: {error.strerror}",
            hint="Free some space, or name another file; what is in the history stays there: see `chit list`.",
            kind="output_failed",
        )


Output = StandardOutput | OutputFile


@contextmanager
def open_output(name: str | None, *, overwrite: bool, mode: int = 0o666) -> Iterator[Output]:
    """The file of that name, of which nothing is left unless it is kept; standard output for None and "-".

    `mode` is that of a new file. Raises `InputError`.
    """
    if name in (None, "-"):
        yield StandardOutput()
        return
    output = OutputFile(name or "", overwrite=overwrite, mode=mode)
    try:
        yield output
    finally:
        output.discard()
