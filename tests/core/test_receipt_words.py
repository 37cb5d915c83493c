"""The words of the receipt that every face uses."""

from decimal import Decimal

from chit.core.generation import Chit
from chit.core.receipt_words import differs, find_doubt, show_count


def test_doubt() -> None:
    """A cost is final only once it is settled."""
    assert find_doubt(Chit(settlement="settled")) is None
    assert find_doubt(Chit(settlement="pending")) == "pending"
    assert find_doubt(Chit(settlement="gave_up")) == "never settled"
    assert find_doubt(Chit()) == "no generation id came: it may have been billed"


def test_difference() -> None:
    """Only two known costs can differ."""
    assert not differs(Chit(reported_cost=Decimal(2)))
    assert differs(Chit(reported_cost=Decimal(2), settled_cost=Decimal("2.1")))


def test_counts() -> None:
    """Thousands are set apart; unknown is a dash."""
    assert (show_count(1200), show_count(None)) == ("1,200", "–")
