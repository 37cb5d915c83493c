"""A store and a site on it, for every test of the walls; a browser and a house, for every test of the pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from tests.upstream import Upstream
from tests.web.browser import opened_browser
from tests.web.house import House, Tap, opened_house
from tests.web.site import Site, opened_site

from chit.sandbox.server import Sandbox
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a module; each has a profile of its own."""
    async with opened_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def upstream() -> AsyncIterator[Sandbox]:
    """OpenRouter, without any delay."""
    async with Sandbox(pace=0, settle_after=0) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def house(browser: Browser, tmp_path: Path, upstream: Sandbox) -> AsyncIterator[House]:
    """The pages over that."""
    async with opened_house(browser, tmp_path / "home", upstream) as house:
        yield house


@pytest.fixture
def tap() -> Tap:
    """What is said behind `tapped`."""
    return Tap()


@pytest_asyncio.fixture(loop_scope="module")
async def tapped(browser: Browser, tmp_path: Path, tap: Tap) -> AsyncIterator[House]:
    """The pages over an OpenRouter that says what the test says, when it says it."""
    async with Upstream(tap.answer) as upstream, opened_house(browser, tmp_path / "home", upstream) as house:
        yield house
