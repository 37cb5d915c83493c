"""The operations about money of the store on SQLite."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import apsw

from chit.core.next_turn import Turns
from chit.core.spending import Charge, DaySpending, Spending, SpendingChoices, SpendingQuery
from chit.store import charges, spending, spending_lists
from chit.store.database import Database

T = TypeVar("T")


class SpendingDatabase(Database):
    """See `spending_protocol.SpendingStore` for what each method promises."""

    async def sum_spending(self, query: SpendingQuery) -> Spending:
        """See `SpendingStore.sum_spending`."""
        return await self._read_counted(lambda db: spending.sum_spending(db, query))

    async def list_spending_choices(self) -> SpendingChoices:
        """See `SpendingStore.list_spending_choices`."""
        return await self._read_counted(spending.list_spending_choices)

    async def list_charges(self, query: SpendingQuery, after: tuple[str, int] | None, limit: int) -> Sequence[Charge]:
        """See `SpendingStore.list_charges`."""
        return await self._read_counted(lambda db: spending_lists.list_charges(db, query, after, limit))

    async def list_unknown_charges(self, query: SpendingQuery, limit: int) -> Sequence[Charge]:
        """See `SpendingStore.list_unknown_charges`."""
        return await self._read_counted(lambda db: spending_lists.list_unknown_charges(db, query, limit))

    async def list_spending_days(
        self, query: SpendingQuery, after: tuple[str, int] | None, limit: int
    ) -> Sequence[DaySpending]:
        """See `SpendingStore.list_spending_days`."""
        return await self._read_counted(lambda db: spending_lists.list_spending_days(db, query, after, limit))

    async def sum_turns(self, conversation_id: str) -> Turns:
        """See `SpendingStore.sum_turns`."""
        return self._read(lambda db: spending_lists.sum_turns(db, conversation_id))

    async def _read_counted(self, operation: Callable[[apsw.Connection], T]) -> T:
        """In a thread, on a connection of its own: sums of a long history take a moment.

        What came into the file by other ways than this program's is counted before.
        """
        while self._read(charges.has_uncounted):
            await self._write(lambda db: charges.count_changed(db, charges.MANY))
        from asyncio import to_thread

        return await to_thread(self._read_apart, operation)

    def _read_apart(self, operation: Callable[[apsw.Connection], T]) -> T:
        connection = self._connect()
        try:
            return self._read(operation, connection)
        finally:
            connection.close()
