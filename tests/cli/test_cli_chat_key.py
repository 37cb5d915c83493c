"""The key in the middle of a chat."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chit.cli.chat_key import find_key
from chit.errors import VaultLocked


class Keys:
    """Locked until somebody is asked."""

    def __init__(self, *, locked: bool = True, asks: bool = True, refuses: bool = False) -> None:
        self.locked, self.asks, self.refuses = locked, asks, refuses

    async def find(self, *, asks: bool = True) -> None:
        """As `CommandKeys.find`."""
        if self.locked and not asks:
            raise VaultLocked("locked")
        if self.refuses:
            raise KeyboardInterrupt

    def can_get_passphrase(self) -> bool:
        """As there."""
        return self.asks


class Quiet:
    """Notes what happens to the terminal."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """As `QuietTerminal.lifted`."""
        self.seen.append("lifted")
        try:
            yield
        finally:
            self.seen.append("quiet")


async def find(**members: Any) -> list[str]:
    """What happened to the terminal."""
    quiet: Any = Quiet()
    await find_key(Keys(**members), quiet)  # type: ignore[arg-type] # a double
    seen: list[str] = quiet.seen
    return seen


async def test_an_open_vault_asks_nobody() -> None:
    """The terminal stays as it is."""
    assert await find(locked=False) == []


async def test_a_locked_one_asks() -> None:
    """With the terminal as a person is used to it."""
    assert await find() == ["lifted", "quiet"]


@pytest.mark.parametrize("members", [{"refuses": True}, {"asks": False}])
async def test_who_does_not_tell_stays_in_the_chat(members: dict[str, bool]) -> None:
    """It is an error like any other."""
    with pytest.raises(VaultLocked):
        await find(**members)
