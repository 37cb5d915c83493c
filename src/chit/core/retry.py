"""When a completion may be sent again without asking (security and reliability §3, "retry table").

A completion that may have been billed is never sent again silently. The first row that matches decides.
"""

from dataclasses import dataclass

from chit.core.fault import Fault
from chit.core.generation import read_text

MAX_RETRIES = 3
_BACK_OFF = (1.0, 4.0, 10.0)
_MOST_READ = 4_000
"""Characters of a provider's words that are searched."""
_MAX_WAIT = 120.0
"""Beyond this the person is told instead: a wait they did not choose is a hang."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Send again after `seconds`; the caller adds up to `jitter` seconds of chance."""

    seconds: float
    jitter: float


def decide_retry(fault: Fault, retries_so_far: int) -> Wait | None:
    """How long to wait before sending again, or None: do not."""
    if fault.generation_id is not None or fault.phase == "streaming":
        return None  # "an id was seen": keep the partial, fetch its info
    if is_final(fault):
        return None
    if fault.phase == "unsent":
        return _wait(fault, retries_so_far, MAX_RETRIES)
    if fault.phase == "unanswered" or not fault.has_json_error:
        return None  # outcome unknown
    return _decide_by_status(fault, retries_so_far)


def _decide_by_status(fault: Fault, retries_so_far: int) -> Wait | None:
    if fault.status in (429, 503):
        return None if is_daily_quota(fault) else _wait(fault, retries_so_far, MAX_RETRIES)
    if fault.status == 402 and fault.metadata.get("reason") == "in_flight_budget_exhausted":
        return _wait(fault, retries_so_far, 1)
    if fault.status == 502 and not names_policy(fault) and not fault.uses_tools:
        return _wait(fault, retries_so_far, 1)
    return None


def is_final(fault: Fault) -> bool:
    """Whether OpenRouter itself says that sending the same again is futile (field guide §4.3)."""
    return fault.availability.get("retryable") is False


def is_daily_quota(fault: Fault) -> bool:
    """Whether a 429 is the account's free requests of the day: futile until 00:00 UTC (field guide §4.9)."""
    return fault.metadata.get("limit_source") == "openrouter_free_tier_daily" or "free-models-per-day" in fault.text


def names_policy(fault: Fault) -> bool:
    """Whether the failure is about a data policy or guardrail, whatever its status (field guide §4.3, §4.5)."""
    if fault.availability.get("code") == "privacy_restricted":
        return True
    step = read_text(fault.metadata.get("failed_routing_step")) or ""
    words = f"{fault.text} {step}".lower()
    if any(word in words for word in ("data policy", "guardrail", "zero data retention", "/settings/privacy")):
        return True
    inner = (read_text(fault.metadata.get("raw")) or "")[:_MOST_READ].lower()
    return "matching your data policy" in inner or "/settings/privacy" in inner  # a provider has guardrails of its own


def _wait(fault: Fault, retries_so_far: int, most: int) -> Wait | None:
    if retries_so_far >= most:
        return None
    if fault.retry_after is not None:
        return Wait(fault.retry_after, 0.5) if fault.retry_after <= _MAX_WAIT else None
    back_off = _BACK_OFF[min(retries_so_far, len(_BACK_OFF) - 1)]
    return Wait(back_off, back_off / 2)
