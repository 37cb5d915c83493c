"""What rendering one reply carries along: its reference links, what it may still spend, what it need not do twice."""

from collections import ChainMap
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Allowance:
    """What one reply may still spend on what costs more than its text; in characters."""

    addresses: int = 500_000
    """Of addresses of links. Bounds what repeating one reference can blow a short text up to."""
    formulas: int = 30_000
    highlighted: int = 200_000

    def take(self, what: str, amount: int) -> bool:
        """Whether there was enough left, which is then used up."""
        left: int = getattr(self, what) - amount
        if left >= 0:
            setattr(self, what, left)
        return left >= 0


@dataclass(slots=True)
class RenderState:
    """One reply's."""

    references: MutableMapping[str, Any] = field(default_factory=dict)
    """Markdown's link definitions, in the parser's own form; the first of a name wins."""
    allowance: Allowance = field(default_factory=Allowance)
    memo: dict[tuple[str, str], str] = field(default_factory=dict)
    """Highlighted code and converted formulas, for the next time the same text is rendered."""

    def fork(self) -> "RenderState":
        """For text that may still change: learns from this one and shares its memo, but teaches it nothing."""
        allowance = self.allowance
        spent = Allowance(allowance.addresses, allowance.formulas, allowance.highlighted)
        return RenderState(ChainMap({}, self.references), spent, self.memo)

    def fresh(self) -> "RenderState":
        """For rendering the whole text anew, with the memo kept."""
        return RenderState(memo=self.memo)
