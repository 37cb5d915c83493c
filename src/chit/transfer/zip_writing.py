"""A zip that is made while it is sent: no more of it is in memory than the file that is being added."""

import io
import zipfile

_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The first that a zip knows: the same files always become the same bytes."""
_MODE = 0o600 << 16


class ZipStream:
    """Every method gives the next bytes."""

    def __init__(self) -> None:
        self._out = _Sink()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, data: bytes) -> bytes:
        """A file."""
        about = zipfile.ZipInfo(name, _MOMENT)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = _MODE
        self._zip.writestr(about, data)
        return self._out.take()

    def end(self) -> bytes:
        """The list of all files."""
        self._zip.close()
        return self._out.take()


class _Sink(io.RawIOBase):
    """Takes what is written; cannot go back, which a zip can do without."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: object) -> int:
        """All of it."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What came since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
