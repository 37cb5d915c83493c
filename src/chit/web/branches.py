"""Versions of a message: what stands beside it, and the way there."""

from collections.abc import Sequence
from dataclasses import dataclass

from chit.core.messages import Message
from chit.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Where a message stands among its versions."""

    position: int
    """From 1, the oldest."""
    count: int
    previous: str | None
    """The page that shows the version before, with what came of it last; None for the first."""
    next: str | None


async def find_branches(messages: Sequence[Message], store: Store) -> dict[str, Branch]:
    """By message; one that has no other version is left out. Raises `StoreError`."""
    versions = await store.list_versions([message.id for message in messages])
    return {message.id: _place(message, versions[message.id]) for message in messages if message.id in versions}


def _place(message: Message, versions: Sequence[str]) -> Branch:
    before, here, after = [None, *versions], [*versions], [*versions[1:], None]
    at = here.index(message.id)

    def lead(version: str | None) -> str | None:
        return None if version is None else f"/c/{message.conversation_id}?leaf={version}"

    return Branch(position=at + 1, count=len(here), previous=lead(before[at]), next=lead(after[at]))
