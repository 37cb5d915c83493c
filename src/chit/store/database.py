"""The database as one process has it open: who it is, one connection for reading, and the writer once it is needed."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import apsw

from chit.errors import StoreDamaged, StoreError, StoreUnreadable
from chit.store.blobs import Blobs
from chit.store.connection import find_schema, open_unchanged
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.last_words import attach, index_many, leave_words
from chit.store.owners import Owner, is_alive
from chit.store.schema import STEPS

if TYPE_CHECKING:
    from chit.store.writer import Writer

T = TypeVar("T")


class Database:
    """Opening, signing, reading, writing and closing; what is read and written is a subclass's."""

    def __init__(self, home: Home, connect: Callable[[], apsw.Connection]) -> None:
        """Creates the folder and the file where they are missing. Raises `StoreError`."""
        home.create()
        self._home = home
        self._connect = connect
        self._blobs = Blobs(home.blobs)
        self._reader = self._open_reader()
        self._owner: Owner | None = None
        self._writer: Writer | None = None
        self._closed = False

    def _open_reader(self) -> apsw.Connection:
        """Where nothing can be written, what is saved can still be read, if this Chit knows its schema."""
        try:
            return self._connect()
        except StoreUnreadable:
            if os.access(self._home.folder, os.W_OK):
                raise
            reader = open_unchanged(self._home.database)
            if find_schema(reader) == len(STEPS):
                return reader
            reader.close()
            raise

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

    def _dead(self, list_signatures: Callable[[apsw.Connection], Sequence[str]]) -> list[str]:
        """The processes among those listed that are gone."""
        mine = self._owner.id if self._owner else None
        signatures = self._read(list_signatures)
        try:
            return [owner for owner in signatures if owner != mine and not is_alive(self._home.run, owner)]
        except (OSError, ValueError) as error:
            raise self._explain(error) from error

    def _read(self, operation: Callable[[apsw.Connection], T], connection: apsw.Connection | None = None) -> T:
        """On that connection, or on the one for reading."""
        self._check_open()
        connection = connection or self._reader
        try:
            return operation(connection)
        except apsw.Error as error:
            raise self._explain(error, connection) from error
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            raise StoreDamaged(
                f"{self._home.database} holds a row that cannot be read: {error}",
                hint="Restore a backup, or keep the file and ask for help; nothing was changed.",
            ) from error

    async def _write(self, operation: Callable[[apsw.Connection], T], *, brief: bool = False) -> T:
        return await self._open_writer().run(operation, brief=brief)

    def _open_writer(self) -> "Writer":
        if self._writer is None:
            self._check_open()
            from chit.store.writer import Writer

            self._writer = Writer(self._connect_writer, self._explain, self._finish, index_many)
        return self._writer

    def _connect_writer(self) -> apsw.Connection:
        connection = self._connect()
        attach(connection)
        return connection

    def _finish(self, connection: apsw.Connection) -> None:
        """The last operation of each transaction."""
        leave_words(connection)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")

    def _explain(self, error: Exception, connection: apsw.Connection | None = None) -> StoreError:
        return explain_store_error(error, self._home.database, connection)
