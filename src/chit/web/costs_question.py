"""What the page about costs is asked for: a time, and what of it. Its address says it all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from chit.core.spending import UNKNOWN, SpendingQuery

RANGES = {"7": "7 days", "30": "30 days", "90": "90 days", "month": "This month", "all": "All"}
"""By the name that addresses have for them."""
KINDS = {"kept": "not private", "private": "private"}
NO_NAME = "?"
"""In an address: the model or provider that nobody told."""
_DEFAULT = "30"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsQuestion:
    """Texts as the form has them; "" leaves one open."""

    range: str = _DEFAULT
    """Of `RANGES`; "" with days of its own."""
    first: str = ""
    last: str = ""
    model: str = ""
    provider: str = ""
    origin: str = ""
    kind: str = ""

    def write(self, **changes: str) -> str:
        """The query of an address that asks for this, but for the changes."""
        members = {
            "range": self.range,
            "from": self.first,
            "to": self.last,
            "model": self.model,
            "provider": self.provider,
            "origin": self.origin,
            "kind": self.kind,
        }
        return urlencode({name: text for name, text in (members | changes).items() if text})

    def ask(self, today: date) -> SpendingQuery:
        """As the store takes it."""
        first, last = self._days(today)
        return SpendingQuery(
            first=first,
            last=last,
            model=_read_name(self.model),
            provider=_read_name(self.provider),
            origin=self.origin or None,
            private=self.kind == "private" if self.kind else None,
        )

    def _days(self, today: date) -> tuple[date | None, date | None]:
        match self.range:
            case "":
                return _read_day(self.first), _read_day(self.last)
            case "all":
                return None, None
            case "month":
                return today.replace(day=1), today
            case days:
                return today - timedelta(days=int(days) - 1), today


def read_costs_question(query: str) -> CostsQuestion:
    """From the query of an address; what makes no sense there is left open."""
    found = {name: values[-1] for name, values in parse_qs(query).items()}
    days = {name: _read_day(found.get(name, "")) for name in ("from", "to")}
    first, last = ("" if day is None else day.isoformat() for day in days.values())
    asked = found.get("range", _DEFAULT)
    return CostsQuestion(
        range="" if first or last else asked if asked in RANGES else _DEFAULT,
        first=first,
        last=last,
        model=found.get("model", ""),
        provider=found.get("provider", ""),
        origin=found.get("origin", ""),
        kind=_among(KINDS, found.get("kind", "")),
    )


def _among(choices: Mapping[str, Any], text: str) -> str:
    return text if text in choices else ""


def _read_name(text: str) -> str | None:
    return UNKNOWN if text == NO_NAME else text or None


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
