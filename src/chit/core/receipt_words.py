"""Words of the receipt that every face uses."""

from chit.core.generation import Chit


def differs(chit: Chit) -> bool:
    """Whether what was settled is not what was reported."""
    both_known = chit.reported_cost is not None and chit.settled_cost is not None
    return both_known and chit.reported_cost != chit.settled_cost


def find_doubt(chit: Chit) -> str | None:
    """What keeps the cost from being final; None once it is settled."""
    if chit.settlement == "settled":
        return None
    if chit.settlement is None:
        return "no generation id came: it may have been billed"
    return "pending" if chit.settlement == "pending" else "never settled"


def show_count(count: int | None) -> str:
    """`1,200`; unknown is a dash."""
    return "–" if count is None else f"{count:,}"
