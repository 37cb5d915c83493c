"""Leading a browser in: a code in the fragment of an address, and a page that leads on to that address.

The page is a file for this user alone. So neither the list of processes nor any log shows the code, which a server
never sees either: fragments are not sent.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chit.errors import InputError
from chit.web.codes import CODE_SECONDS, Codes
from chit.web.redirect_page import write_redirect_page

_PREFIX = "open-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One way in, for one minute and one browser."""

    address: str = field(repr=False)
    """With the code; for a terminal, never for a command line."""
    page: Path
    """Leads to `address`; gone once the code is used or too old."""


class Openings:
    """Of one server at `address`; `folder` is the home's `run`."""

    def __init__(self, codes: Codes, *, address: str, folder: Path) -> None:
        self._codes = codes
        self._address = address
        self._folder = folder.absolute()

    def invite(self) -> Invitation:
        """A fresh code and its page. Raises `InputError` if that cannot be written."""
        page = self._folder / f"{_PREFIX}{secrets.token_hex(16)}.html"
        address = f"{self._address}/#code={self._codes.issue(lambda: page.unlink(missing_ok=True))}"
        try:
            write_redirect_page(page, address, place="Chit")
        except OSError as error:
            raise InputError(
                f"{self._folder} cannot be written: {error.strerror}", hint="Check the folder's owner and permissions."
            ) from error
        _call_later(CODE_SECONDS + 1, self._codes.sweep)
        return Invitation(address=address, page=page)

    def clear(self) -> None:
        """Remove the pages of servers that were killed; their codes died with them."""
        for page in self._folder.glob(f"{_PREFIX}*.html"):
            with suppress(OSError):
                if page.stat().st_mtime < time.time() - CODE_SECONDS:
                    page.unlink()


def _call_later(seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, call)
