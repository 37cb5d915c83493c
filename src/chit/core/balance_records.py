"""Records of credits and keys, OpenRouter's and our own copies, to what they say. Whatever is malformed is unknown."""

from collections.abc import Mapping
from typing import Any, get_args

from chit.core.balance import WINDOWS, Balance, Cap, Credits, FreeRequests, KeyAllowance, Problem, ProblemKind, Spent
from chit.core.usage import read_cost, read_count

_MOST_TEXT = 100
_MOST_BUDGETS = 20


def read_credits(record: Any, asked_at: float) -> Credits | None:
    """From the record of `GET /credits`; None unless both totals are amounts."""
    members = record if isinstance(record, Mapping) else {}
    bought, used = read_cost(members.get("total_credits")), read_cost(members.get("total_usage"))
    if bought is None or used is None:
        return None
    return Credits(total_credits=bought, total_usage=used, asked_at=asked_at)


def read_key(record: Mapping[str, Any], asked_at: float) -> KeyAllowance:
    """From the record of `GET /key`; anything missing or malformed is None."""
    budgets = record.get("budgets")
    return KeyAllowance(
        asked_at=asked_at,
        has_limit=_read_has_limit(record),
        limit=read_cost(record.get("limit")),
        left=read_cost(record.get("limit_remaining")),
        reset=_text(record.get("limit_reset")),
        spent=_read_spent(record, "usage"),
        spent_byok=_read_spent(record, "byok_usage"),
        counts_byok=_flag(record.get("include_byok_in_limit")),
        free_requests=_read_free(record.get("free_model_daily_requests")),
        budgets=tuple(filter(None, map(_read_cap, budgets[:_MOST_BUDGETS]))) if isinstance(budgets, list) else (),
        effective_budget=_read_cap(record.get("effective_budget")),
        is_management=read_is_management(record),
    )


def read_is_management(record: Mapping[str, Any]) -> bool | None:
    """Whether a record of `GET /key` is a management key's, by the newer or the older name; None if it does not say."""
    said = [record[name] for name in ("is_management_key", "is_provisioning_key") if isinstance(record.get(name), bool)]
    return any(said) if said else None


def read_balance(record: Mapping[str, Any]) -> Balance:
    """From the JSON form; what cannot be read in it is not known."""
    credits, key = record.get("credits"), record.get("key")
    credits_at, key_at = _read_time(credits), _read_time(key)
    return Balance(
        credits=None if credits_at is None else read_credits(credits, credits_at),
        key=read_key(key, key_at) if isinstance(key, Mapping) and key_at is not None else None,
        credits_problem=_read_problem(record.get("credits_problem")),
        key_problem=_read_problem(record.get("key_problem")),
        tried_at=_seconds(record.get("tried_at")),
    )


def _read_has_limit(record: Mapping[str, Any]) -> bool | None:
    """OpenRouter says null for "none"; in our own form null is "not known", and a member more says which."""
    if "has_limit" in record:
        return _flag(record["has_limit"])
    if "limit" not in record:
        return None
    return False if record["limit"] is None else True if read_cost(record["limit"]) is not None else None


def _read_spent(record: Mapping[str, Any], prefix: str) -> Spent:
    ever, day, week, month = (read_cost(record.get(f"{prefix}{window}")) for window in WINDOWS)
    return Spent(ever=ever, day=day, week=week, month=month)


def _read_free(value: Any) -> FreeRequests | None:
    members = value if isinstance(value, Mapping) else {}
    left = read_count(members.get("remaining"))
    if left is None:
        return None
    return FreeRequests(limit=read_count(members.get("limit")), used=read_count(members.get("used")), left=left)


def _read_cap(value: Any) -> Cap | None:
    members = value if isinstance(value, Mapping) else {}
    limit, left = read_cost(members.get("limit_usd")), read_cost(members.get("remaining_usd"))
    if limit is None or left is None:
        return None
    reset, resets_at = _text(members.get("reset_interval")), _text(members.get("resets_at"))
    return Cap(scope=_text(members.get("scope")) or "", limit=limit, left=left, reset=reset, resets_at=resets_at)


def _read_problem(value: Any) -> Problem | None:
    members = value if isinstance(value, Mapping) else {}
    kinds: tuple[ProblemKind, ...] = get_args(ProblemKind)
    kind = next((each for each in kinds if each == members.get("kind")), None)
    text = members.get("text")
    return Problem(kind=kind, text=text) if kind is not None and isinstance(text, str) else None


def _read_time(part: Any) -> float | None:
    return _seconds(part.get("asked_at")) if isinstance(part, Mapping) else None


def _seconds(value: Any) -> float | None:
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12 else None
    )


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _MOST_TEXT else None
