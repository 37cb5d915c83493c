"""The sandbox in the server: an OpenRouter in a box with a home of its own, so that its money never mixes."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace

from chit.app import App, open_app
from chit.core.secret import Secret
from chit.prefs import UserPrefs

FOLDER = "sandbox"
"""Inside the person's own home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPlace:
    """A sandbox that runs."""

    base_url: str
    key: Secret
    management_key: Secret


OpenSandbox = Callable[[], AbstractAsyncContextManager[SandboxPlace]]
"""Handed in by who may start one: the pages know nothing of what is in the box."""


class SandboxRoom:
    """Open once it was entered."""

    def __init__(self, open_sandbox: OpenSandbox) -> None:
        self._open_sandbox = open_sandbox
        self._closing = AsyncExitStack()

    async def open(self, prefs: UserPrefs) -> App:
        """Start the sandbox, and what talks to it. `prefs` are the person's own. Raises `StoreError`, `OSError`."""
        async with AsyncExitStack() as closing:
            place = await closing.enter_async_context(self._open_sandbox())
            theirs = replace(
                prefs, home=prefs.home / FOLDER, base_url=place.base_url, model=None, parameters={}, settle="background"
            )

            async def find_management() -> Secret:
                return place.management_key

            app = await closing.enter_async_context(
                open_app(theirs, key=lambda: place.key, management_key=find_management)
            )
            self._closing = closing.pop_all()
        return app

    async def close(self) -> None:
        """Stop what runs there, as `App` does, and end the sandbox. Idempotent."""
        await self._closing.aclose()
