"""Zips for tests: good ones, and those that nobody should make."""

import io
import zipfile
from collections.abc import Sequence

Entry = tuple[str | zipfile.ZipInfo, bytes]


def make_zip(entries: Sequence[Entry], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Of these files, in order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, data in entries:
            packed.writestr(name, data)
    return out.getvalue()
