"""The store on SQLite: one file, one writing thread, one connection for reading."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import apsw

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Origin, Settlement
from chit.core.jsontext import encode_json
from chit.core.messages import Message
from chit.errors import StoreDamaged, StoreError
from chit.store import reads, writes
from chit.store.blobs import Blobs
from chit.store.connection import open_connection
from chit.store.examination import examine_integrity
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.owners import Owner, is_alive
from chit.store.protocol import Found, Integrity

if TYPE_CHECKING:
    from chit.store.writer import Writer

FIRST_LOOK = 2.0
"""Seconds from the end of a generation to the first look for its record (design §4)."""

T = TypeVar("T")


class SqliteStore:
    """See `protocol.Store` for what each method promises.

    Reading works without a running event loop: these methods never wait, so that `chit show` need not import asyncio.
    """

    def __init__(self, home: Home) -> None:
        """Creates the folder and the file where they are missing. Raises `StoreError`."""
        home.create()
        self._home = home
        self._blobs = Blobs(home.blobs)
        self._reader = open_connection(home.database)
        self._owner: Owner | None = None
        self._writer: Writer | None = None
        self._received_from: dict[str, int] = {}
        """Where the received bytes of each running generation begin."""
        self._closed = False

    @property
    def owner(self) -> str:
        """See `Store.owner`."""
        if self._owner is None:
            self._check_open()
            try:
                self._owner = Owner(self._home.run)
            except OSError as error:
                raise explain_store_error(error, self._home.database) from error
        return self._owner.id

    def check_room(self) -> None:
        """See `Store.check_room`."""
        self._home.check_room()

    async def check_integrity(self) -> Integrity:
        """See `Store.check_integrity`. In a thread, on a connection of its own: unlike reading, it takes its time."""
        self._check_open()
        from asyncio import to_thread

        return await to_thread(examine_integrity, self._home)

    async def close(self) -> None:
        """See `Store.close`."""
        self._closed = True
        if self._writer is not None:
            await self._writer.close()
            self._writer = None
        if self._owner is not None:
            self._owner.release()
            self._owner = None
        self._reader.close()

    async def record_send(
        self, *, conversation: Conversation | None, messages: Sequence[Message], generation: Generation
    ) -> None:
        """See `Store.record_send`."""
        blobs = self._blobs
        await self._write(lambda db: writes.record_send(db, blobs, conversation, messages, generation))

    async def record_start(self, generation: Generation, generation_id: str) -> None:
        """See `Store.record_start`."""
        await self._write(lambda db: writes.record_start(db, generation.id, generation_id))

    def append_received(self, generation: Generation, data: bytes, done: Callable[[StoreError | None], None]) -> None:
        """See `Store.append_received`."""
        row_id = generation.id

        def settle(place: int, error: Exception | None) -> None:
            if error is None:
                self._received_from.setdefault(row_id, place)
            done(None if error is None else self._explain(error))

        self._open_writer().submit(lambda db: writes.append_received(db, row_id, data), settle, urgent=False)

    async def record_end(self, generation: Generation, message: Message, *, now: float) -> None:
        """See `Store.record_end`."""
        completion = None if generation.completion is None else encode_json(generation.completion)
        blobs = self._blobs
        place = self._received_from.pop(generation.id, 0)
        await self._write(
            lambda db: writes.record_end(
                db,
                blobs,
                generation,
                message,
                completion=completion,
                now=now,
                due=now + FIRST_LOOK,
                received_from=place,
            )
        )

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
            )
        )

    async def record_settlement(self, settlement: Settlement) -> bool:
        """See `Store.record_settlement`."""
        return await self._write(lambda db: writes.record_settlement(db, settlement))

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

    async def find_last_reply(self, origin: Origin) -> str | None:
        """See `Store.find_last_reply`."""
        return self._read(lambda db: reads.find_last_reply(db, origin))

    async def get_generation(self, row_id: str) -> Generation:
        """See `Store.get_generation`."""
        return self._read(lambda db: reads.get_generation(db, row_id, self._blobs.put_back))

    async def list_generations(self, conversation_id: str) -> list[Generation]:
        """See `Store.list_generations`."""
        return self._read(lambda db: reads.list_generations(db, conversation_id, self._blobs.put_back))

    async def find_setting(self, name: str) -> str | None:
        """See `Store.find_setting`."""
        return self._read(lambda db: reads.find_setting(db, name))

    async def record_setting(self, name: str, value: str) -> None:
        """See `Store.record_setting`."""
        await self._write(lambda db: writes.record_setting(db, name, value))

    def _dead(self, list_signatures: Callable[[apsw.Connection], Sequence[str]]) -> list[str]:
        """The processes among those listed that are gone."""
        mine = self._owner.id if self._owner else None
        signatures = self._read(list_signatures)
        try:
            return [owner for owner in signatures if owner != mine and not is_alive(self._home.run, owner)]
        except (OSError, ValueError) as error:
            raise self._explain(error) from error

    def _read(self, operation: Callable[[apsw.Connection], T]) -> T:
        self._check_open()
        try:
            return operation(self._reader)
        except apsw.Error as error:
            raise self._explain(error, self._reader) from error
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            raise StoreDamaged(
                f"{self._home.database} holds a row that cannot be read: {error}",
                hint="Restore a backup, or keep the file and ask for help; nothing was changed.",
            ) from error

    async def _write(self, operation: Callable[[apsw.Connection], T]) -> T:
        return await self._open_writer().run(operation)

    def _open_writer(self) -> "Writer":
        if self._writer is None:
            self._check_open()
            from chit.store.writer import Writer

            self._writer = Writer(lambda: open_connection(self._home.database), self._explain)
        return self._writer

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")

    def _explain(self, error: Exception, connection: apsw.Connection | None = None) -> StoreError:
        return explain_store_error(error, self._home.database, connection)


def open_store(folder: Path) -> SqliteStore:
    """The store in `folder`, created where it is missing. Raises `StoreError`."""
    return SqliteStore(Home(folder))
