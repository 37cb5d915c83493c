"""How fast wrong passphrases may follow one another (attack case 38)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from chit.errors import TooManyTries, WrongPassphrase

_LONGEST = 30.0


class BackOff:
    """After wrong tries the next must wait 1, 2, 4 … 30 s. A right one forgets them all."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` is monotonic, in seconds."""
        self._clock = clock
        self._wrong = 0
        self._free_at = 0.0

    def check(self) -> None:
        """Raises `TooManyTries` if it is too early; nothing is to be tried then."""
        left = self._free_at - self._clock()
        if self._wrong and left > 0:
            raise TooManyTries(
                "wrong passphrases came too fast",
                hint=f"Try again in {max(1, round(left))} s; nothing was tried now.",
                retry_after=round(left, 3),
            )

    def note_wrong(self) -> None:
        """A try was wrong."""
        self._free_at = self._clock() + min(_LONGEST, 2.0 ** min(self._wrong, 5))
        self._wrong += 1

    def note_right(self) -> None:
        """A try was right."""
        self._wrong = 0


class Guard:
    """Lets one try at a time through, and none too early, however many ask at once."""

    def __init__(self, back_off: BackOff) -> None:
        self._back_off = back_off
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Around the try. Raises `TooManyTries` instead of letting it begin; a `WrongPassphrase` that passes counts."""
        async with self._one:
            self._back_off.check()
            try:
                yield
            except WrongPassphrase:
                self._back_off.note_wrong()
                raise
            self._back_off.note_right()
