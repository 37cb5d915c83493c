r"""Large media, stored once: base64 texts of 4 KiB and more leave the JSON they stand in.

Works on JSON text, so that everything around a blob stays byte for byte what it was. The reference is spelled
`"\u0062lob:sha256:…"`: JSON writers never escape a plain letter, so ordinary text has none. A text that spells one all
the same is taken out like media, so that only our own references are ever followed.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from chit.store.snapshot import duplicate

LEAST_BYTES = 4096

_MARK = b"\\u0062lob:"
_MEDIA = re.compile(
    rb'"(data:[\w.+/;=-]{1,200};base64,)?([A-Za-z0-9+/]{%d,}={0,2}|\\u0062lob:sha256:[0-9a-f]{64})"' % LEAST_BYTES
)
_NAME = re.compile(r"[0-9a-f]{64}")
_REFERENCE = re.compile(rb'"(data:[\w.+/;=-]{1,200};base64,)?\\u0062lob:sha256:([0-9a-f]{64})"')


MOST_BRIEF_BYTES = 64 * 1024


def is_brief(text: bytes) -> bool:
    """Whether it is short, and nothing is taken out of it: then storing it opens no file."""
    return len(text) < LEAST_BYTES or (len(text) < MOST_BRIEF_BYTES and _MEDIA.search(text) is None)


class BlobMissing(ValueError):
    """A stored text refers to a blob whose file is gone or changed."""


class Blobs:
    """Files named by the SHA-256 of the base64 text they hold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take_out(self, text: bytes, remember: Callable[[str, int], None]) -> bytes:
        """`text` with its large media replaced by references; `remember(hash, size)` is called for each blob.

        The files are on disk before this returns. Raises `OSError`.
        """
        if len(text) < LEAST_BYTES and _MARK not in text:
            return text

        def replace(found: re.Match[bytes]) -> bytes:
            content = found.group(2)
            name = hashlib.sha256(content).hexdigest()
            self._save(name, content)
            remember(name, len(content))
            return b'"' + (found.group(1) or b"") + b"\\u0062lob:sha256:" + name.encode() + b'"'

        return _MEDIA.sub(replace, text)

    def put_back(self, text: bytes) -> bytes:
        """The inverse of `take_out`. Raises `BlobMissing`."""

        def replace(found: re.Match[bytes]) -> bytes:
            return b'"' + (found.group(1) or b"") + self._load(found.group(2).decode()) + b'"'

        return _REFERENCE.sub(replace, text) if _MARK in text else text

    def remove(self, name: str) -> None:
        """Delete a file that nothing refers to; one that is gone already stays gone. Raises `OSError`."""
        (self._folder / name).unlink(missing_ok=True)

    def find_problem(self, name: str) -> str | None:
        """Why the blob of that name cannot be put back; None if it is whole."""
        path = self._folder / name
        try:
            if not _NAME.fullmatch(name) or not path.is_file():  # a pipe in its place would never end
                return f"the attachment {name[:8]} is missing"
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return f"the attachment {name[:8]} cannot be read: {error.strerror}"
        return None if digest == name else f"the attachment {name[:8]} has changed on disk"

    def share(self, name: str, folder: Path) -> bool:
        """Put the blob of that name into another folder too, in the place of what is there; False where it is missing.

        The same file under a second name, since none is ever changed; where the file systems cannot do that, a copy.
        On disk when this returns, but for its name. Raises `OSError`.
        """
        path = self._folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            return False
        temporary = Path(tempfile.mktemp(dir=folder, prefix="new-"))  # noqa: S306 - the folder is this user's alone
        try:
            duplicate(path, temporary)
            temporary.replace(folder / name)
        finally:
            temporary.unlink(missing_ok=True)  # if it failed, or was the same file already
        return True

    def _save(self, name: str, content: bytes) -> None:
        path = self._folder / name
        if path.exists():
            return
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix="new-")
        try:
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _load(self, name: str) -> bytes:
        try:
            content = (self._folder / name).read_bytes()
        except OSError as error:
            raise BlobMissing(f"the attachment {name[:8]} cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != name:
            raise BlobMissing(f"the attachment {name[:8]} has changed on disk")
        return content
