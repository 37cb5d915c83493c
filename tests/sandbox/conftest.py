"""A sandbox without delays and a caller with its key."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from tests.sandbox.caller import Caller, Eventually, until

from chit.sandbox.server import Sandbox


@pytest.fixture
def eventually() -> Eventually:
    """`until`, for tests."""
    return until


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """A caller of a fresh sandbox without delays, whose generations settle at once."""
    async with Sandbox(pace=0, settle_after=0) as sandbox, aiohttp.ClientSession() as session:
        yield Caller(sandbox=sandbox, session=session)
