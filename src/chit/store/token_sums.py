"""What each local token spent, by day, by month and ever: a part of the sums that `chit.store.charges` keeps."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import apsw

from chit.store.schema_spending import HALF, MASK

ALWAYS = ""
"""The period that never ends."""
_MONTH = 7
"""Characters of its name."""
_COUNTED = ("calls", "unknown", "awaited", "cost_high", "cost_low")
_ADD = f"""
    INSERT INTO token_spending (token, period, {", ".join(_COUNTED)}) VALUES (?, ?{", ?" * len(_COUNTED)})
    ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTED)}
"""  # noqa: S608 - the columns are ours
_SWEEP = "DELETE FROM token_spending WHERE token = ? AND period = ? AND calls = 0"


class TokenSums:
    """What is to be added."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(_COUNTED))

    def add(self, charge: Mapping[str, Any], sign: int) -> None:
        """Put a charge in, or with a `sign` of -1 take it out."""
        token, cost = charge["token"], charge["cost_pico"]
        if token is None:
            return
        awaited = cost is None and charge["settlement"] == "pending"
        halves = (0, 0) if cost is None else (cost >> HALF, cost & MASK)
        for period in (charge["day"], charge["day"][:_MONTH], ALWAYS):
            sums = self._sums[token, period]
            for number, figure in enumerate((1, charge["is_unknown"], awaited, *halves)):
                sums[number] += sign * int(figure)

    def write(self, connection: apsw.Connection) -> None:
        """Rows of which nothing is left go."""
        changed = {place: sums for place, sums in self._sums.items() if any(sums)}
        connection.executemany(_ADD, [(*place, *sums) for place, sums in changed.items()])
        connection.executemany(_SWEEP, [place for place, sums in changed.items() if sums[0] < 0])
