"""A program in a house of its own: an empty home, and a sandbox without delays as upstream."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.cli.person import FOREIGN, KEY, NO_KEYCHAIN

import chit
from chit.sandbox.server import Sandbox


def move_in(home: Path, base_url: str, patch: pytest.MonkeyPatch, *, key: str = KEY) -> None:
    """From now on, this process finds that home, that upstream and that key in its environment."""
    for name in ("OPENROUTER_API_KEY", "CHIT_MODEL", *FOREIGN):
        patch.delenv(name, raising=False)
    patch.setenv("CHIT_HOME", str(home))
    patch.setenv("CHIT_BASE_URL", base_url)
    patch.setenv("PYTHON_KEYRING_BACKEND", NO_KEYCHAIN)
    if key:
        patch.setenv("OPENROUTER_API_KEY", key)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where everything is kept."""
    return tmp_path / "home"


@pytest.fixture
async def box(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """The upstream, which the environment points to."""
    async with Sandbox(pace=0, settle_after=0) as box:
        move_in(home, box.base_url, monkeypatch)
        yield box


@pytest.fixture
async def app(box: Sandbox) -> AsyncIterator[chit.App]:
    """Chit, open."""
    async with chit.open() as app:
        yield app
