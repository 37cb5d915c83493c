"""How many calls run at once, and how many wait: what is beyond is turned away at once, and clearly."""

import asyncio
from collections import deque

from chit.api.refusal import ApiRefusal

RUNNING = 100
"""Calls that run at once: each holds a connection and its reply's bytes."""
WAITING = 200
"""Calls that wait to begin: each holds its request, and nothing else."""
_AGAIN_SECONDS = 2


class Place:
    """In the queue; one that never has to wait takes none."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._taken = False

    def take(self) -> None:
        """Begin to wait. Raises `ApiRefusal` where there is no room."""
        if not self._taken:
            self._crowd.add_waiting()
            self._taken = True

    def leave(self) -> None:
        """Wait no more; nothing happens to one that did not."""
        if self._taken:
            self._crowd.drop_waiting()
            self._taken = False


class Crowd:
    """The calls of all tokens together. Who came first begins first."""

    def __init__(self, *, running: int = RUNNING, waiting: int = WAITING) -> None:
        self._running = running
        self._waiting = waiting
        self._free = running
        self._room = waiting
        self._line: deque[asyncio.Future[None]] = deque()

    async def begin(self, place: Place) -> None:
        """Once there is room to run; until then it waits in `place`. `end` must follow. Raises `ApiRefusal`."""
        if self._free and not self._line:
            self._free -= 1
            return
        place.take()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                if turn in self._line:  # else `end` has passed over it already
                    self._line.remove(turn)
            else:  # its turn came as it left
                self.end()
            raise

    def end(self) -> None:
        """The next one's turn."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def add_waiting(self) -> None:
        """One more. Raises `ApiRefusal`."""
        if not self._room:
            raise ApiRefusal(
                503,
                f"Chit is busy: {self._running} calls run and {self._waiting} wait, which is the most it takes.",
                "busy",
                "Send fewer at once, or again in a moment. Nothing was sent to OpenRouter.",
                headers={"Retry-After": str(_AGAIN_SECONDS)},
            )
        self._room -= 1

    def drop_waiting(self) -> None:
        """One less."""
        self._room += 1
