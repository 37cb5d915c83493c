"""A page for one user alone that leads on to an address, so that no list of processes shows that."""

import html
import os
from pathlib import Path


def write_redirect_page(page: Path, address: str, *, place: str) -> None:
    """A new file, mode 0600; `place` is the word for where it leads. Raises `OSError`."""
    handle = os.open(page, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(
            '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0;url={html.escape(address)}"><title>Chit</title>'
            f'<a href="{html.escape(address)}">On to {place}</a>\n'
        )
