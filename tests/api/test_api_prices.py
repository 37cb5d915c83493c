"""What calls can cost at most, by a catalogue that is kept for a while."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.store.contract_tokens import a_token

from chit.api.prices import KEPT_SECONDS, Prices
from chit.core.local_token import Terms
from chit.core.price_bound import OVERHEAD
from chit.errors import ChitError

RICH = a_token(terms=Terms(day=Decimal(1)))
REQUEST = {"model": "a/one", "messages": [], "max_tokens": 0}


class Listing:
    """A catalogue that answers as it is told, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.price = "0.001"
        self.fails: Exception | None = None

    async def list_models(self) -> list[dict[str, Any]]:
        """One model, and one without a name."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails
        return [{"id": "a/one", "pricing": {"prompt": self.price, "completion": "0"}}, {"id": None}]


def open_prices(listing: Any, moment: list[float]) -> Prices:
    """With a clock of its own."""
    return Prices(listing, clock=lambda: moment[0])


async def test_it_is_asked_only_for_budgets() -> None:
    """A token without one needs no bound, and fetches nothing."""
    listing = Listing()
    assert await open_prices(listing, [0.0]).bound(a_token(), REQUEST, 10) is None
    assert listing.asked == 0


async def test_many_at_once_ask_once() -> None:
    """The catalogue is read once for all, and again after a while."""
    listing, moment = Listing(), [0.0]
    prices = open_prices(listing, moment)
    bounds = await asyncio.gather(*(prices.bound(RICH, REQUEST, 10) for _ in range(20)))
    assert bounds == [Decimal("0.001") * (OVERHEAD + 10)] * 20
    assert listing.asked == 1
    listing.price, moment[0] = "0.002", KEPT_SECONDS
    assert await prices.bound(RICH, REQUEST, 10) == Decimal("0.002") * (OVERHEAD + 10)


async def test_without_a_catalogue_nothing_is_bounded() -> None:
    """Calls then go one at a time; what was known before stays, and it is not asked again at once."""
    listing, moment = Listing(), [0.0]
    listing.fails = ChitError("nobody answers")
    prices = open_prices(listing, moment)
    assert [await prices.bound(RICH, REQUEST, 10) for _ in range(2)] == [None, None]
    assert listing.asked == 1
    listing.fails, moment[0] = None, KEPT_SECONDS
    known = await prices.bound(RICH, REQUEST, 10)
    listing.fails, moment[0] = TimeoutError(), 2 * KEPT_SECONDS
    assert await prices.bound(RICH, REQUEST, 10) == known
    assert listing.asked == 3
