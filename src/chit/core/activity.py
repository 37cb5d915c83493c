"""What OpenRouter says that an account spent: `GET /activity` (field guide §6.4), added up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from chit.core.generation import read_text
from chit.core.usage import from_pico, read_cost, read_count, to_pico, write_cost

By = Literal["day", "model", "provider"]
_MEMBERS: Mapping[By, str] = {"day": "date", "model": "model", "provider": "provider_name"}
_COUNTS = ("requests", "prompt_tokens", "completion_tokens", "reasoning_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """The sums of one day, model or provider."""

    name: str
    usage_pico: int = 0
    """Credits, in pico-dollars."""
    byok_pico: int = 0
    """What providers billed the owner of their keys."""
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def usage(self) -> Decimal:
        """US dollars."""
        return from_pico(self.usage_pico)


def sum_activity(records: Iterable[Mapping[str, Any]], by: By) -> list[Activity]:
    """Days in order, models and providers the dearest first. What is no number counts as none."""
    sums: dict[str, dict[str, int]] = {}
    for record in records:
        told = read_text(record.get(_MEMBERS[by])) or ""
        sum = sums.setdefault(told[:10] if by == "day" else told, {"usage_pico": 0, "byok_pico": 0})
        sum["usage_pico"] += to_pico(read_cost(record.get("usage")) or Decimal(0))
        sum["byok_pico"] += to_pico(read_cost(record.get("byok_usage_inference")) or Decimal(0))
        for name in _COUNTS:
            sum[name] = sum.get(name, 0) + (read_count(record.get(name)) or 0)
    found = [Activity(name=name, **each) for name, each in sums.items()]
    if by == "day":
        return sorted(found, key=lambda each: each.name)
    return sorted(found, key=lambda each: (-each.usage_pico, -each.requests, each.name))


def add_activity(many: Iterable[Activity]) -> Activity:
    """All of it."""
    every = list(many)
    names = ("usage_pico", "byok_pico", *_COUNTS)
    return Activity(name="", **{name: sum(getattr(each, name) for each in every) for name in names})


def activity_record(activity: Activity) -> dict[str, Any]:
    """As `--json` prints it: US dollars as decimal text."""
    return {
        "name": activity.name,
        "usage": write_cost(activity.usage),
        "byok_usage": write_cost(from_pico(activity.byok_pico)),
        **{name: getattr(activity, name) for name in _COUNTS},
    }
