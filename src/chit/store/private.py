"""The store of a running Chit: private conversations live in its memory, and only ids and costs of them on the disk.

Everything written of them goes through here and is stripped first (`core.privacy`); everything read is filled again for
as long as this process lives. What another process, or an earlier one, said in private is not known to anybody.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chit.core.conversation import Conversation, ConversationSummary
from chit.core.generation import Generation, Origin, Settlement
from chit.core.messages import Message
from chit.core.privacy import strip_conversation, strip_generation, strip_message, strip_record
from chit.core.surrogates import join_surrogates
from chit.errors import StoreError, WasPrivate
from chit.store.home import Home
from chit.store.protocol import Shelf
from chit.store.rooms import Room
from chit.store.sqlite import SqliteStore


class PrivateStore(SqliteStore):
    """See `protocol.Store` for what each method promises."""

    def __init__(self, home: Home) -> None:
        """Creates the folder and the file where they are missing. Raises `StoreError`."""
        super().__init__(home)
        self._rooms: dict[str, Room] = {}
        self._left: set[str] = set()
        """Private conversations that were deleted here: what still comes in of them is dropped."""
        self._unheard: set[str] = set()
        """Private calls of programs that run now: nobody reads them here, so that nothing of them is remembered."""
        self._ordinary: set[str] = set()
        """Generations that run now and are not private."""

    # writing

    async def record_send(
        self,
        *,
        conversation: Conversation | None,
        messages: Sequence[Message],
        generation: Generation,
        prefix: str | None = None,
    ) -> None:
        """See `Store.record_send`."""
        created = None if conversation is None or not conversation.private else Room(conversation=conversation)
        if created and generation.origin == "api":
            self._unheard.add(generation.conversation_id)
        room = created or (self._find_room(generation.conversation_id) if conversation is None else None)
        if room is None:
            await super().record_send(
                conversation=conversation, messages=messages, generation=generation, prefix=prefix
            )
            self._ordinary.add(generation.id)
            return
        await super().record_send(
            conversation=conversation and strip_conversation(conversation),
            messages=[strip_message(message) for message in messages],
            generation=strip_generation(generation),
        )
        if generation.conversation_id not in self._unheard:
            room.keep(messages, generation)
            self._rooms[generation.conversation_id] = room

    async def record_messages(self, messages: Sequence[Message]) -> None:
        """See `Store.record_messages`."""
        rooms = {message.id: self._find_room(message.conversation_id) for message in messages}
        await super().record_messages([strip_message(each) if rooms[each.id] else each for each in messages])
        for message in messages:
            if room := rooms[message.id]:
                room.keep([message])

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """See `Store.append_received`. Of a private reply nothing is queued."""
        if self._is_known_private(generation.conversation_id):
            asyncio.get_running_loop().call_soon(done, None)
        else:
            super().append_received(generation, data, done)

    async def record_end(
        self, generation: Generation, message: Message, *, now: float, prefix: str | None = None
    ) -> None:
        """See `Store.record_end`."""
        if generation.id in self._ordinary or not self._is_private(generation.conversation_id):
            await super().record_end(generation, message, now=now, prefix=prefix)
            self._ordinary.discard(generation.id)
            return
        if room := self._rooms.get(generation.conversation_id):
            room.end(generation, message)
        await super().record_end(strip_generation(generation), strip_message(message), now=now)
        self._unheard.discard(generation.conversation_id)

    async def record_settlement(self, settlement: Settlement) -> bool:
        """See `Store.record_settlement`. Of a private reply the record's figures are kept, and what names the run."""
        if settlement.record is not None and self._is_of_private(settlement.generation_id):
            settlement = replace(settlement, record=strip_record(settlement.record))
        return await super().record_settlement(settlement)

    async def record_rendered(self, message_id: str, version: int, html: str) -> None:
        """See `Store.record_rendered`."""
        room = next((room for room in self._rooms.values() if message_id in room.messages), None)
        if room is None:
            await super().record_rendered(message_id, version, html)
        else:
            room.rendered[message_id] = version, html

    async def rename_conversation(self, conversation_id: str, title: str) -> bool:
        """See `Store.rename_conversation`."""
        if not self._is_private(conversation_id):
            return await super().rename_conversation(conversation_id, title)
        if room := self._rooms.get(conversation_id):
            room.conversation = replace(room.conversation, title=join_surrogates(title))
        return room is not None

    async def record_parameters(self, conversation_id: str, parameters: Mapping[str, Any]) -> bool:
        """See `Store.record_parameters`. Those of a private one may hold words: a prefix, a schema, a search prompt."""
        if not self._is_private(conversation_id):
            return await super().record_parameters(conversation_id, parameters)
        if room := self._rooms.get(conversation_id):
            room.conversation = replace(room.conversation, parameters=parameters)
        return room is not None

    async def delete_conversation(self, conversation_id: str, *, now: float) -> bool:
        """See `Store.delete_conversation`. What is private is forgotten at once, and for good."""
        if self._rooms.pop(conversation_id, None) is not None:
            self._left.add(conversation_id)
        return await super().delete_conversation(conversation_id, now=now)

    async def restore_conversation(self, conversation_id: str) -> bool:
        """See `Store.restore_conversation`."""
        return not self._is_private(conversation_id) and await super().restore_conversation(conversation_id)

    # reading

    async def get_conversation(self, conversation_id: str) -> Conversation:
        """See `Store.get_conversation`."""
        row = await super().get_conversation(conversation_id)
        room = self._find_room(conversation_id)
        if room is None:
            return row
        return replace(row, title=room.conversation.title, parameters=room.conversation.parameters)

    async def get_message(self, message_id: str) -> Message:
        """See `Store.get_message`."""
        row = await super().get_message(message_id)
        room = self._find_room(row.conversation_id)
        return row if room is None else room.refill(row)

    async def find_messages(self, message_ids: Sequence[str]) -> dict[str, Message]:
        """See `Store.find_messages`."""
        return {id: self._refill(row) for id, row in (await super().find_messages(message_ids)).items()}

    async def list_messages(self, conversation_id: str) -> list[Message]:
        """See `Store.list_messages`."""
        return [self._refill(row) for row in await super().list_messages(conversation_id)]

    async def list_messages_page(
        self, conversation_id: str, leaf_id: str | None, before_id: str | None, limit: int
    ) -> list[Message]:
        """See `Store.list_messages_page`."""
        page = await super().list_messages_page(conversation_id, leaf_id, before_id, limit)
        return [self._refill(row) for row in page]

    async def find_generation(self, message_id: str) -> Generation | None:
        """See `Store.find_generation`."""
        row = await super().find_generation(message_id)
        return row and self._refill_generation(row)

    async def find_generations(self, message_ids: Sequence[str]) -> dict[str, Generation]:
        """See `Store.find_generations`."""
        rows = await super().find_generations(message_ids)
        return {id: self._refill_generation(row, briefly=True) for id, row in rows.items()}

    async def get_generation(self, row_id: str) -> Generation:
        """See `Store.get_generation`."""
        return self._refill_generation(await super().get_generation(row_id))

    async def list_generations(self, conversation_id: str) -> list[Generation]:
        """See `Store.list_generations`."""
        return [self._refill_generation(row) for row in await super().list_generations(conversation_id)]

    async def find_rendered(self, message_ids: Sequence[str], version: int) -> dict[str, str]:
        """See `Store.find_rendered`."""
        found = await super().find_rendered(message_ids, version)
        for room in self._rooms.values():
            kept = {id: room.rendered[id] for id in message_ids if id in room.rendered}
            found |= {id: html for id, (of, html) in kept.items() if of == version}
        return found

    async def list_conversations(
        self, before_seq: int | None, limit: int, shelf: Shelf = "all", origin: Origin | None = None
    ) -> list[ConversationSummary]:
        """See `Store.list_conversations`."""
        found = await super().list_conversations(before_seq, limit, shelf, origin)
        for conversation_id in self._rooms:
            summary = await self.find_summary(conversation_id)
            is_asked_for = summary and _stands_on(summary, shelf) and origin in (None, summary.origin)
            if summary and is_asked_for and (before_seq is None or summary.last_seq < before_seq):
                found.append(summary)
        return sorted(found, key=lambda summary: -summary.last_seq)[:limit]

    async def find_summary(self, conversation_id: str) -> ConversationSummary | None:
        """See `Store.find_summary`."""
        row = await super().find_summary(conversation_id)
        if row is None or not row.private:
            return row
        room = self._rooms.get(conversation_id)
        return None if room is None else replace(row, title=room.conversation.title)

    # what is known here

    def _is_private(self, conversation_id: str) -> bool:
        if self._is_known_private(conversation_id):
            return True
        query = "SELECT private FROM conversations WHERE id = ?"
        return bool(self._read(lambda db: db.execute(query, (conversation_id,)).get))

    def _is_known_private(self, conversation_id: str) -> bool:
        return conversation_id in self._rooms or conversation_id in self._left or conversation_id in self._unheard

    def _is_of_private(self, generation_id: str) -> bool:
        """So is what was purged: the request of neither was kept."""
        query = "SELECT 1 FROM generations WHERE generation_id = ? AND octet_length(request) = 0"
        return self._read(lambda db: db.execute(query, (join_surrogates(generation_id),)).fetchone()) is not None

    def _find_room(self, conversation_id: str) -> Room | None:
        """None for an ordinary conversation. Raises `WasPrivate` for one that is forgotten."""
        room = self._rooms.get(conversation_id)
        if room is None and self._is_private(conversation_id):
            raise WasPrivate(
                "that conversation was private: nothing of what was said in it is kept",
                hint="What it cost still counts.",
            )
        return room

    def _refill(self, row: Message) -> Message:
        room = self._rooms.get(row.conversation_id)
        return row if room is None else room.refill(row)

    def _refill_generation(self, row: Generation, *, briefly: bool = False) -> Generation:
        room = self._rooms.get(row.conversation_id)
        return row if room is None else room.refill_generation(row, briefly=briefly)


def _stands_on(summary: ConversationSummary, shelf: Shelf) -> bool:
    match shelf:
        case "all":
            return True
        case "archived":
            return summary.archived_at is not None
        case _:
            return summary.archived_at is None and (summary.pinned_at is not None) == (shelf == "pinned")


def open_private_store(folder: Path) -> PrivateStore:
    """The store in `folder`, created where it is missing. Raises `StoreError`."""
    return PrivateStore(Home(folder))
