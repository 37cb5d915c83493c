"""Reading sums: charges are counted before, whoever changed them and whether or not anything can be written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

import apsw

from chit.errors import StoreError
from chit.store import charges
from chit.store.connection import in_memory
from chit.store.database import Database

T = TypeVar("T")


class CountedDatabase(Database):
    """A database whose sums are told as they are."""

    async def _read_counted(self, operation: Callable[[apsw.Connection], T], *, apart: bool = False) -> T:
        """`apart` is in a thread, on a connection of its own: sums of a long history take a moment."""
        try:
            step = charges.count_many if apart else charges.count_some
            await self._catch_up(charges.has_uncounted, step, brief=not apart)
            is_counted = True
        except StoreError:  # on a full disk, say
            is_counted = False
        if is_counted and not apart:
            return self._read(operation)
        from asyncio import to_thread

        return await to_thread(self._read_apart, operation, is_counted)

    def _read_apart(self, operation: Callable[[apsw.Connection], T], is_counted: bool) -> T:
        def read(connection: apsw.Connection) -> T:
            with nullcontext() if is_counted else _counted_in_memory(connection):
                return operation(connection)

        connection = self._connect()
        try:
            return self._read(read, connection)
        finally:
            connection.close()


@contextmanager
def _counted_in_memory(connection: apsw.Connection) -> Iterator[None]:
    """Sums are up to date within."""
    with in_memory(connection):
        charges.count_changed(connection, charges.ALL)
        yield
