"""The sandbox as `chit serve` hands it to the pages, which know nothing of what is in the box."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chit.core.secret import Secret
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY
from chit.sandbox.server import Sandbox
from chit.web.sandbox_room import SandboxPlace


@asynccontextmanager
async def open_sandbox_place() -> AsyncIterator[SandboxPlace]:
    """A fresh one on a free port of this machine, until the context ends. Raises `OSError`."""
    async with Sandbox() as box:
        yield SandboxPlace(base_url=box.base_url, key=Secret(SANDBOX_KEY), management_key=Secret(MANAGEMENT_KEY))
