"""A store and a site on it, for every test of the walls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.web.site import Site, opened_site

from chit.store.protocol import Store
from chit.store.sqlite import open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty one."""
    store = open_store(tmp_path / "home")
    yield store
    await store.close()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The home's folder for what lives as long as a process."""
    return tmp_path / "home" / "run"


@pytest.fixture
async def site(store: Store, run: Path) -> AsyncIterator[Site]:
    """A server that runs."""
    async with opened_site(store, run) as site:
        yield site
