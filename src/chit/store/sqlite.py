"""The store on SQLite: every operation of the Protocol, each handed to the module that knows its rows."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Origin, Settlement
from chit.core.jsontext import encode_json
from chit.core.messages import Message
from chit.errors import StoreDamaged, StoreError
from chit.store import branch, deletion, reads, rendered, summaries, writes
from chit.store.blobs import MOST_BRIEF_BYTES, is_brief
from chit.store.charges import count_changed
from chit.store.connection import open_connection
from chit.store.conversations import Conversations
from chit.store.dossier_database import DossierDatabase
from chit.store.examination import examine_integrity
from chit.store.home import Home
from chit.store.protocol import Found, Integrity
from chit.store.search_store import SearchDatabase
from chit.store.session_store import SessionDatabase
from chit.store.spending_store import SpendingDatabase
from chit.store.token_store import TokenDatabase

FIRST_LOOK = 2.0
"""Seconds from the end of a generation to the first look for its record (design §4)."""


class SqliteStore(Conversations, DossierDatabase, SearchDatabase, SessionDatabase, SpendingDatabase, TokenDatabase):
    """See `protocol.Store` for what each method promises.

    Reading works without a running event loop: these methods never wait, so that `chit show` need not import asyncio.
    """

    def __init__(self, home: Home) -> None:
        """Creates the folder and the file where they are missing. Raises `StoreError`."""
        super().__init__(home, lambda: open_connection(home.database))
        self._received_from: dict[str, int] = {}
        """Where the received bytes of each running generation begin; this and the next one are the writer's alone."""
        self._changed: list[str] = []
        """Generations whose charge is changed by the transaction under way."""

    async def check_integrity(self) -> Integrity:
        """See `Store.check_integrity`. In a thread, on a connection of its own: unlike reading, it takes its time."""
        self._check_open()
        from asyncio import to_thread

        return await to_thread(examine_integrity, self._home)

    async def record_send(
        self,
        *,
        conversation: Conversation | None,
        messages: Sequence[Message],
        generation: Generation,
        prefix: str | None = None,
    ) -> None:
        """See `Store.record_send`."""
        blobs = self._blobs
        await self._write(
            lambda db: writes.record_send(db, blobs, conversation, messages, generation, prefix),
            brief=is_brief(generation.request),
        )

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """See `Store.record_start`."""
        await self._write(lambda db: writes.record_start(db, generation.id, generation_id), brief=True)

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """See `Store.append_received`."""
        row_id, places = generation.id, self._received_from

        def append(db: apsw.Connection) -> None:
            place = writes.append_received(db, row_id, data)
            places[row_id] = min(place, places.get(row_id, place))  # less, where a transaction is tried again

        def settle(_: None, error: Exception | None) -> None:
            done(None if error is None else self._explain(error))

        self._open_writer().submit(append, settle, urgent=False, brief=len(data) < MOST_BRIEF_BYTES)

    async def record_end(
        self, generation: Generation, message: Message, *, now: float, prefix: str | None = None
    ) -> None:
        """See `Store.record_end`."""
        completion = None if generation.completion is None else encode_json(generation.completion)
        blobs, places = self._blobs, self._received_from

        def end(db: apsw.Connection) -> None:
            writes.record_end(
                db,
                blobs,
                generation,
                message,
                completion=completion,
                now=now,
                due=now + FIRST_LOOK,
                received_from=places.pop(generation.id, 0),
                prefix=prefix,
            )
            self._changed.append(generation.id)

        await self._write(end, brief=completion is None or is_brief(completion))

    async def adopt_orphans(self) -> list[Generation]:
        """See `Store.adopt_orphans`."""
        dead = self._dead(reads.list_owners)
        if not dead:
            return []
        owner = self.owner
        adopted = []
        for row_id in await self._write(lambda db: writes.adopt(db, dead, owner)):
            with suppress(StoreDamaged):  # one damaged row must not keep Chit from starting; reading it tells
                adopted.append(await self.get_generation(row_id))
        return adopted

    async def has_orphans(self) -> bool:
        """See `Store.has_orphans`."""
        return bool(self._dead(reads.list_owners))

    async def load_received(self, generation: Generation) -> bytes:
        """See `Store.load_received`."""
        return self._read(lambda db: reads.load_received(db, generation.id))

    async def claim_settlements(
        self, *, now: float, lease_seconds: float, limit: int, only: Sequence[str] | None = None
    ) -> list[Settlement]:
        """See `Store.claim_settlements`."""
        owner, dead = self.owner, self._dead(reads.list_lessees)
        return await self._write(
            lambda db: writes.claim_settlements(
                db, owner=owner, dead_owners=dead, now=now, lease_seconds=lease_seconds, limit=limit, only=only
            ),
            brief=True,
        )

    async def record_settlement(self, settlement: Settlement) -> bool:
        """See `Store.record_settlement`."""

        def record(db: apsw.Connection) -> bool:
            self._changed.append(settlement.generation_id)
            return writes.record_settlement(db, settlement)

        return await self._write(record, brief=True)

    def _finish(self, connection: apsw.Connection) -> None:
        """Once for all replies that ended together."""
        if self._changed:
            changed, self._changed = self._changed, []
            count_changed(connection, first=changed)
        super()._finish(connection)

    async def next_settlement_at(self) -> float | None:
        """See `Store.next_settlement_at`."""
        return self._read(reads.next_settlement_at)

    async def list_pending(self) -> list[Settlement]:
        """See `Store.list_pending`."""
        return self._read(reads.list_pending)

    async def find(self, name: str) -> Found | None:
        """See `Store.find`."""
        return self._read(lambda db: reads.find(db, name))

    async def get_message(self, message_id: str) -> Message:
        """See `Store.get_message`."""
        return self._read(lambda db: reads.get_message(db, message_id, self._blobs.put_back))

    async def get_conversation(self, conversation_id: str) -> Conversation:
        """See `Store.get_conversation`."""
        return self._read(lambda db: reads.get_conversation(db, conversation_id))

    async def list_messages(self, conversation_id: str) -> list[Message]:
        """See `Store.list_messages`."""
        return self._read(lambda db: reads.list_messages(db, conversation_id, self._blobs.put_back))

    async def find_generation(self, message_id: str) -> Generation | None:
        """See `Store.find_generation`."""
        return self._read(lambda db: reads.find_generation(db, message_id, self._blobs.put_back))

    async def find_generations(self, message_ids: Sequence[str]) -> dict[str, Generation]:
        """See `Store.find_generations`."""
        return self._read(lambda db: reads.find_generations(db, message_ids, self._blobs.put_back))

    async def find_last_reply(self, origin: Origin) -> str | None:
        """See `Store.find_last_reply`."""
        return self._read(lambda db: reads.find_last_reply(db, origin))

    async def get_generation(self, row_id: str) -> Generation:
        """See `Store.get_generation`."""
        return self._read(lambda db: reads.get_generation(db, row_id, self._blobs.put_back))

    async def list_generations(self, conversation_id: str) -> list[Generation]:
        """See `Store.list_generations`."""
        return self._read(lambda db: reads.list_generations(db, conversation_id, self._blobs.put_back))

    async def list_messages_page(
        self, conversation_id: str, leaf_id: str | None, before_id: str | None, limit: int
    ) -> list[Message]:
        """See `Store.list_messages_page`."""
        blobs = self._blobs
        return self._read(
            lambda db: branch.list_messages_page(db, conversation_id, leaf_id, before_id, limit, blobs.put_back)
        )

    async def list_versions(self, message_ids: Sequence[str]) -> dict[str, list[str]]:
        """See `Store.list_versions`."""
        return self._read(lambda db: branch.list_versions(db, message_ids))

    async def find_stretch(self, conversation_id: str, message_id: str, leaf_id: str, limit: int) -> tuple[str, int]:
        """See `Store.find_stretch`."""
        return self._read(lambda db: branch.find_stretch(db, conversation_id, message_id, leaf_id, limit))

    async def find_newest_under(self, conversation_id: str, message_id: str) -> str:
        """See `Store.find_newest_under`."""
        return self._read(lambda db: branch.find_newest_under(db, conversation_id, message_id))

    async def count_children(self, message_ids: Sequence[str]) -> dict[str, int]:
        """See `Store.count_children`."""
        return self._read(lambda db: branch.count_children(db, message_ids))

    async def find_rendered(self, message_ids: Sequence[str], version: int) -> dict[str, str]:
        """See `Store.find_rendered`."""
        return self._read(lambda db: rendered.find_rendered(db, message_ids, version))

    async def record_rendered(self, message_id: str, version: int, html: str) -> None:
        """See `Store.record_rendered`."""
        await self._write(lambda db: rendered.record_rendered(db, message_id, version, html))

    async def sum_conversation(self, conversation_id: str) -> Decimal | None:
        """See `Store.sum_conversation`."""
        return self._read(lambda db: summaries.sum_conversation(db, conversation_id))

    async def rename_conversation(self, conversation_id: str, title: str) -> bool:
        """See `Store.rename_conversation`."""
        return await self._write(lambda db: deletion.rename_conversation(db, conversation_id, title))

    async def record_parameters(self, conversation_id: str, parameters: Mapping[str, Any]) -> bool:
        """See `Store.record_parameters`."""
        return await self._write(lambda db: writes.record_parameters(db, conversation_id, parameters))

    async def delete_conversation(self, conversation_id: str, *, now: float) -> bool:
        """See `Store.delete_conversation`."""
        return await self._write(lambda db: deletion.delete_conversation(db, conversation_id, now))

    async def restore_conversation(self, conversation_id: str) -> bool:
        """See `Store.restore_conversation`."""
        return await self._write(lambda db: deletion.restore_conversation(db, conversation_id))

    async def purge_deleted(self, older_than: float) -> int:
        """See `Store.purge_deleted`. In many small transactions, so that running replies are not held up."""
        await self._write(lambda db: deletion.doom(db, older_than))
        while await self._write(deletion.empty_generations):
            pass
        purged = 0
        while some := await self._write(deletion.remove_conversations):
            purged += some
        blobs = self._blobs
        await self._write(lambda db: deletion.sweep_blobs(db, blobs))
        if purged:
            from asyncio import to_thread

            while await self._write(deletion.merge_words):
                pass
            await to_thread(deletion.empty_log, self._connect)
        return purged

    async def find_setting(self, name: str) -> str | None:
        """See `Store.find_setting`."""
        return self._read(lambda db: reads.find_setting(db, name))

    async def record_setting(self, name: str, value: str) -> None:
        """See `Store.record_setting`."""
        await self._write(lambda db: writes.record_setting(db, name, value))


def open_store(folder: Path) -> SqliteStore:
    """The store in `folder`, created where it is missing. Raises `StoreError`."""
    return SqliteStore(Home(folder))
