"""The way in: a page for one user, that leads to an address with a code, for one minute."""

import os
import re
import stat
import time
from pathlib import Path

import pytest
from tests.web.site import Site, codes_at

from chit.errors import InputError
from chit.web.codes import CODE_SECONDS
from chit.web.opening import Openings


async def test_the_code_is_in_the_fragment_only(site: Site) -> None:
    """Attack 11, the code in a process list or a log: it follows a #, which no browser sends, in a file of ours."""
    invitation = site.server.openings.invite()
    address, _, code = invitation.address.partition("#")
    assert address == f"http://127.0.0.1:{site.port}/"
    assert re.fullmatch(r"code=[\w-]{43}", code)
    assert stat.S_IMODE(invitation.page.stat().st_mode) == 0o600
    assert stat.S_IMODE(invitation.page.parent.stat().st_mode) == 0o700
    assert code not in f"{invitation.page} {invitation.page.as_uri()} {invitation!r}"
    text = invitation.page.read_text()
    assert text.count(invitation.address) == 2
    assert 'name="referrer" content="no-referrer"' in text


async def test_the_page_goes_with_its_code(site: Site) -> None:
    """Attack 11, a page that stays behind: used, it is gone at once; the others stay."""
    used, other = site.server.openings.invite(), site.server.openings.invite()
    body = {"code": used.address.partition("#code=")[2]}
    assert (await site.ask("POST", "/session", body=body)).status == 200
    assert (used.page.exists(), other.page.exists()) == (False, True)


async def test_the_page_goes_with_its_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 11, a page that nobody opened: it is removed by itself when its code is too old."""
    moment, planned = [0.0], list[tuple[float, object]]()
    monkeypatch.setattr("chit.web.opening._call_later", lambda seconds, call: planned.append((seconds, call)))
    openings = Openings(codes_at(moment), address="http://127.0.0.1:1", folder=tmp_path)
    page = openings.invite().page
    [(seconds, call)] = planned
    assert CODE_SECONDS < seconds < CODE_SECONDS + 2
    moment[0] = seconds
    assert page.exists()
    call()  # type: ignore[operator] # what was to be called
    assert not page.exists()


async def test_pages_of_a_server_that_was_killed(tmp_path: Path) -> None:
    """What is older than a code can be is removed; younger ones, which may be another's, and other files stay."""
    old, young, other, folder = (tmp_path / name for name in ("open-1.html", "open-2.html", "else.html", "open-3.html"))
    for path in (old, young, other):
        path.touch()
    folder.mkdir()
    for path in (old, other, folder):
        os.utime(path, (time.time() - 100, time.time() - 100))
    Openings(codes_at([0.0]), address="x", folder=tmp_path).clear()
    assert [path.exists() for path in (old, young, other, folder)] == [False, True, True, True]


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / "run").touch()
    with pytest.raises(InputError, match="cannot be written"):
        Openings(codes_at([0.0]), address="x", folder=tmp_path / "run").invite()


async def test_closing_takes_the_pages_along(site: Site) -> None:
    """Another invitation of the same server leads in until then."""
    page = site.server.openings.invite().page
    site.writers.append(_Last(page))  # type: ignore[arg-type] # closed with the site
    assert page.exists()


class _Last:
    """Looks at the page while the site still stands."""

    def __init__(self, page: Path) -> None:
        self._page = page

    def close(self) -> None:
        """Still there."""
        assert self._page.exists()

    async def wait_closed(self) -> None:
        """Nothing to wait for."""
