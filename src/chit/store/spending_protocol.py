"""What is asked of a store about money, beside the cost of one conversation. Part of `protocol.Store`."""

from collections.abc import Sequence
from typing import Protocol

from chit.core.next_turn import Turns
from chit.core.spending import Charge, DaySpending, Spending, SpendingChoices, SpendingQuery


class SpendingStore(Protocol):
    """Sums that are exact to the pico-dollar, whatever was recorded, deleted or imported before."""

    async def sum_spending(self, query: SpendingQuery) -> Spending:
        """Everything that a page shows of it, all of one moment. Other tasks go on meanwhile."""

    async def list_spending_choices(self) -> SpendingChoices:
        """The models, providers and origins that can be asked for."""

    async def list_charges(self, query: SpendingQuery, after: tuple[str, int] | None, limit: int) -> Sequence[Charge]:
        """At most `limit` of them, by day, those after the one with the cursor `after`, or from the first one on."""

    async def list_unknown_charges(self, query: SpendingQuery, limit: int) -> Sequence[Charge]:
        """At most `limit` of those that may have been billed and of which nobody told a cost, the newest first."""

    async def list_spending_days(
        self, query: SpendingQuery, after: tuple[str, int] | None, limit: int
    ) -> Sequence[DaySpending]:
        """The figures of each day by model, provider, origin and kind; paged as `list_charges`."""

    async def sum_turns(self, conversation_id: str) -> Turns:
        """How long the replies of a conversation are, and what caching took off their price."""
