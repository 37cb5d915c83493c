"""The part of the store on SQLite that places conversations, and adds versions of messages."""

from collections.abc import Sequence

from chit.core.conversation import ConversationSummary
from chit.core.messages import Message
from chit.store import branch, shelves, summaries, writes
from chit.store.database import Database
from chit.store.prefixes import find_prefix
from chit.store.protocol import Prefix, Shelf


class Conversations(Database):
    """See `protocol.Store` for what each method promises."""

    async def record_messages(self, messages: Sequence[Message]) -> None:
        """See `Store.record_messages`."""
        blobs = self._blobs
        await self._write(lambda db: writes.record_messages(db, blobs, messages))

    async def find_messages(self, message_ids: Sequence[str]) -> dict[str, Message]:
        """See `Store.find_messages`."""
        return self._read(lambda db: branch.find_messages(db, message_ids, self._blobs.put_back))

    async def list_conversations(
        self, before_seq: int | None, limit: int, shelf: Shelf = "all"
    ) -> list[ConversationSummary]:
        """See `Store.list_conversations`."""
        return self._read(lambda db: summaries.list_conversations(db, before_seq, limit, shelf))

    async def find_prefix(self, prefixes: Sequence[str]) -> Prefix | None:
        """See `Store.find_prefix`."""
        return self._read(lambda db: find_prefix(db, prefixes))

    async def find_summary(self, conversation_id: str) -> ConversationSummary | None:
        """See `Store.find_summary`."""
        return self._read(lambda db: summaries.find_summary(db, conversation_id))

    async def pin_conversation(self, conversation_id: str, at: float | None) -> bool:
        """See `Store.pin_conversation`."""
        return await self._write(lambda db: shelves.pin_conversation(db, conversation_id, at))

    async def archive_conversation(self, conversation_id: str, at: float | None) -> bool:
        """See `Store.archive_conversation`."""
        return await self._write(lambda db: shelves.archive_conversation(db, conversation_id, at))
