"""What a running generation needs of a store."""

from collections.abc import Callable
from typing import Protocol

from chit.core.generation import Generation
from chit.core.messages import Message
from chit.errors import StoreError


class Ledger(Protocol):
    """The part of a store that a running generation writes to; `store.protocol.Store` says what each promises."""

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """Commit the id and its settlement job."""

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """Queue received bytes."""

    async def record_end(self, generation: Generation, message: Message, *, now: float) -> None:
        """Commit the end."""
