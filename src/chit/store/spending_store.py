"""The operations about money of the store on SQLite."""

from collections.abc import Sequence

from chit.core.next_turn import Turns
from chit.core.spending import Charge, DaySpending, Spending, SpendingChoices, SpendingQuery
from chit.store import spending, spending_lists
from chit.store.counted import CountedDatabase


class SpendingDatabase(CountedDatabase):
    """See `spending_protocol.SpendingStore` for what each method promises."""

    async def sum_spending(self, query: SpendingQuery) -> Spending:
        """See `SpendingStore.sum_spending`."""
        return await self._read_counted(lambda db: spending.sum_spending(db, query), apart=True)

    async def list_spending_choices(self) -> SpendingChoices:
        """See `SpendingStore.list_spending_choices`."""
        return await self._read_counted(spending.list_spending_choices, apart=True)

    async def list_charges(self, query: SpendingQuery, after: tuple[str, int] | None, limit: int) -> Sequence[Charge]:
        """See `SpendingStore.list_charges`."""
        return await self._read_counted(lambda db: spending_lists.list_charges(db, query, after, limit), apart=True)

    async def list_unknown_charges(self, query: SpendingQuery, limit: int) -> Sequence[Charge]:
        """See `SpendingStore.list_unknown_charges`."""
        return await self._read_counted(lambda db: spending_lists.list_unknown_charges(db, query, limit), apart=True)

    async def list_spending_days(
        self, query: SpendingQuery, after: tuple[str, int] | None, limit: int
    ) -> Sequence[DaySpending]:
        """See `SpendingStore.list_spending_days`."""
        return await self._read_counted(
            lambda db: spending_lists.list_spending_days(db, query, after, limit), apart=True
        )

    async def sum_turns(self, conversation_id: str) -> Turns:
        """See `SpendingStore.sum_turns`."""
        return await self._read_counted(lambda db: spending_lists.sum_turns(db, conversation_id))
