"""What rules ask about a fault: small tests, and makers of tests."""

import re
from collections.abc import Callable
from typing import Any

from chit.core.guidance_facts import Facts
from chit.core.retry import is_daily_quota, names_policy

Test = Callable[[Facts], bool]

_EDGE_STATUSES = (403, 429)
_POLICY_WORDS = ("training", "publication", "retention", "zdr", "privacy", "data-policy")


def caused_by(*causes: str, phase: str | None = None) -> Test:
    """The connection did one of these, in that phase if one is named."""
    return lambda facts: facts.fault.cause in causes and phase in (None, facts.fault.phase)


def typed(*types: str) -> Test:
    """`error_type`, or a textual code, is one of these (field guide §4.2)."""
    return lambda facts: facts.type in types


def available(*codes: str) -> Test:
    """`availability.code` is one of these (field guide §4.3)."""
    return lambda facts: facts.fault.availability.get("code") in codes


def stopped_at(step: str) -> Test:
    """`metadata.failed_routing_step` is this one (field guide §4.5)."""
    return lambda facts: facts.step == step


def limited_by(prefix: str) -> Test:
    """`metadata.limit_source` starts with this (field guide §4.9)."""
    return lambda facts: _text(facts.fault.metadata.get("limit_source")).startswith(prefix)


def lists(member: str) -> Test:
    """`metadata` has this member, a list with something in it (field guide §4.6)."""
    return lambda facts: isinstance(facts.fault.metadata.get(member), list) and bool(facts.fault.metadata[member])


def both(*tests: Test) -> Test:
    """All tests hold."""
    return lambda facts: all(test(facts) for test in tests)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def is_page(facts: Facts) -> bool:
    """A web page or one of the edge's bare lines instead of JSON (field guide §4.1, shape H)."""
    start = (facts.fault.raw or "").lstrip()[:20].lower()
    return facts.fault.cause in ("reply", "garbled") and start.startswith(("<", "error code:"))


def is_edge_page(facts: Facts) -> bool:
    """A page with a status that the edge in front of OpenRouter gives."""
    status = facts.fault.status or 0
    return is_page(facts) and (status >= 500 or status in _EDGE_STATUSES)


def is_turned_away(facts: Facts) -> bool:
    """A page of the protection against floods (field guide §4.9, "DDoS protection")."""
    return is_edge_page(facts) and facts.fault.status in _EDGE_STATUSES


def is_foreign(facts: Facts) -> bool:
    """No error object, and a status below 400: not a refusal, and not an answer."""
    status = facts.fault.status
    return not facts.fault.has_json_error and status is not None and status < 400 and facts.fault.phase != "streaming"


def is_constrained(facts: Facts) -> bool:
    """`availability.excluded_by` or `availability.constraint` names what leaves no provider."""
    return bool(facts.fault.availability) and "constraint" in facts.names


def has_come_to_nothing(facts: Facts) -> bool:
    """Nothing of the reply had arrived."""
    return not facts.fault.kept


def excludes_by_policy(facts: Facts) -> bool:
    """A data policy of the account or the request excluded providers."""
    return any(name.startswith("data_policy") for name in facts.exclusions)


def excludes_by_length(facts: Facts) -> bool:
    """Nothing but the length of the prompt excluded providers."""
    return facts.exclusions == ("context_length",)


def excludes_by_region(facts: Facts) -> bool:
    """Nothing but a region excluded providers."""
    return bool(facts.exclusions) and set(facts.exclusions) <= {"geo", "data_region"}


def is_ineligible(facts: Facts) -> bool:
    """`metadata.ineligibility_reasons` names something."""
    return bool(facts.ineligible)


def is_ineligible_by_policy(facts: Facts) -> bool:
    """Only policies of the account, no guardrail, are named (field guide §4.5, `ineligibility_reasons`)."""
    return bool(facts.ineligible) and all(
        "guardrail" not in reason and any(word in reason for word in _POLICY_WORDS) for reason in facts.ineligible
    )


def says(pattern: str) -> Test:
    """OpenRouter's or the provider's message belongs to a family."""
    compiled = re.compile(pattern)
    return lambda facts: compiled.search(facts.words) is not None


def openrouter_says(pattern: str) -> Test:
    """The same for OpenRouter's message alone: a provider has credits and keys of its own."""
    compiled = re.compile(pattern)
    return lambda facts: compiled.search(facts.own_words) is not None


def has_status(*statuses: int) -> Test:
    """HTTP's status, or what stands for it, is one of these."""
    return lambda facts: facts.status in statuses


def may_be(*statuses: int) -> Test:
    """The same, or there is no failing status to go by."""
    return lambda facts: facts.status in statuses or facts.status is None or facts.status < 400


def either(*tests: Test) -> Test:
    """At least one test holds."""
    return lambda facts: any(test(facts) for test in tests)


def is_providers(facts: Facts) -> bool:
    """A provider refused or failed, and OpenRouter passes that on (field guide §4.8)."""
    return facts.is_providers


def has_own_key(facts: Facts) -> bool:
    """The same, and the provider was asked with a key of the account's own (BYOK)."""
    return facts.is_providers and facts.fault.metadata.get("is_byok") is True


def can_afford_some(facts: Facts) -> bool:
    """A shorter answer can still be paid for (field guide §4.7)."""
    return bool(facts.affordable)


def can_afford_nothing(facts: Facts) -> bool:
    """Not even one token of answer can be paid for."""
    return facts.affordable == 0


def names_a_policy(facts: Facts) -> bool:
    """A data policy or guardrail is named, under whatever status (field guide §4.5)."""
    return names_policy(facts.fault)


def is_daily(facts: Facts) -> bool:
    """The account's free requests of the day are used up (field guide §4.9)."""
    return is_daily_quota(facts.fault)


def is_json(facts: Facts) -> bool:
    """OpenRouter's own JSON error came, not just a status."""
    return facts.fault.has_json_error


def reserves_credits(facts: Facts) -> bool:
    """Running requests hold the rest of the credits (field guide §4.7)."""
    return facts.fault.metadata.get("reason") == "in_flight_budget_exhausted"


def fails(facts: Facts) -> bool:
    """A status of 500 or more."""
    return facts.status is not None and facts.status >= 500
