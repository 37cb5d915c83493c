"""Guidance: a fault turned into an error that says what happened, what to do, and where (field guide §4).

Typed codes decide first, then HTTP's status, then families of wording. The rules are data in `guidance_rules`,
`guidance_wordings` and `guidance_statuses`; what holds for all failures of a kind is in `guidance_refusals` and
`guidance_failures`.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from chit.core.fault import Fault
from chit.core.guidance_facts import Facts, read_facts
from chit.core.guidance_info import Kind, KindInfo
from chit.core.guidance_kinds import KINDS
from chit.core.guidance_rules import AVAILABILITY, METADATA, TRANSPORT, TYPES, Rule, first_rule
from chit.core.guidance_statuses import PROVIDERS, STATUSES
from chit.core.guidance_texts import clean_page, clean_text
from chit.core.guidance_wordings import ACCESS, MONEY, POLICY, REQUEST, ROUTING
from chit.core.retry import is_final
from chit.errors import Action, KeyUnavailable, UpstreamError

RULES: tuple[Rule, ...] = (
    *TRANSPORT,
    *METADATA,
    *AVAILABILITY,
    *ROUTING,
    *TYPES,
    *MONEY,
    *REQUEST,
    *ACCESS,
    *POLICY,
    *PROVIDERS,
    *STATUSES,
)
"""The first rule that holds decides."""

_VAGUE: frozenset[Kind] = frozenset({"unknown", "upstream_error"})
"""In the middle of a reply these say less than `stream_error`."""

_HARMLESS = ("connect", "dns", "tls", "proxy", "empty")
"""Causes after which nothing was sent, or nothing is charged (field guide §10.3)."""

_NOTHING_CAME = "{source} failed before anything of the reply arrived."
_MAYBE_BILLED = "It may have run, and been billed, all the same."
_KEPT = "What had arrived is kept."
_KEPT_WITHOUT_ID = "What had arrived is kept. It may have been billed, and no id came to look that up by."


def explain(fault: Fault, *, known_models: Sequence[str] = (), utc_offset: int = 0) -> UpstreamError:
    """The error to show for `fault`. Pure, and never raises.

    `known_models` are ids to suggest where one was misspelt or has gone; `utc_offset`, in seconds east of UTC, is for
    times of day.
    """
    facts = read_facts(fault, known_models=known_models, utc_offset=utc_offset)
    rule = _choose(facts)
    info = KINDS[rule.kind]
    return UpstreamError(
        _word_message(facts, rule, info),
        kind=rule.kind,
        hint=_word_hint(facts, rule, info),
        link=_link(facts, rule, info),
        actions=_make_actions(facts, rule, info),
        status=fault.status,
        meant_status=facts.status,
        code=fault.code,
        provider=fault.provider,
        retryable=_is_retryable(facts, rule, info),
        retry_after=fault.retry_after,
        raw=fault.raw if fault.raw is not None else fault.text or None,
    )


def local_error(kind: Literal["key_missing", "locked"]) -> KeyUnavailable:
    """The error for a key that is not at hand; nothing was sent."""
    info = KINDS[kind]
    cause, hint = info.describe()
    actions = tuple(Action(kind=offer.kind, label=offer.label, url=offer.url) for offer in info.offers)
    return KeyUnavailable(cause, kind=kind, hint=hint, link=info.link, actions=actions)


def _choose(facts: Facts) -> Rule:
    rule = first_rule(RULES, facts) or Rule(kind="unknown", when=bool)
    if facts.fault.phase == "streaming" and rule.kind in _VAGUE and rule.cause is None:
        return Rule(kind="stream_error", when=bool, cause=None if facts.fault.kept else _NOTHING_CAME)
    return rule


def _word_message(facts: Facts, rule: Rule, info: KindInfo) -> str:
    message = facts.fill(rule.cause or info.cause)
    said = facts.detail or (clean_text(facts.fault.text) if rule.kind == "unknown" else "")
    if not (info.quotes and said):
        return message
    speaker = facts.fill("{provider}") if facts.inner_text else "OpenRouter"
    return f"{message} {speaker} said: “{said}”"


def _word_hint(facts: Facts, rule: Rule, info: KindInfo) -> str:
    hint = facts.fill(rule.hint or info.hint)
    is_open = _is_outcome_unknown(facts.fault)
    if facts.fault.kept:
        return f"{_KEPT_WITHOUT_ID if is_open and facts.fault.generation_id is None else _KEPT} {hint}"
    return f"{_MAYBE_BILLED} {hint}" if is_open else hint


def _is_outcome_unknown(fault: Fault) -> bool:
    """Whether the completion may have run although no answer came (security and reliability §3, retry table)."""
    if fault.cause in _HARMLESS:
        return False
    status = fault.status or 0
    if fault.phase == "unanswered" or (fault.cause != "reply" and fault.phase != "unsent" and status < 400):
        return True
    return status in (408, 500, 504) or 520 <= status < 529 or (status >= 500 and not fault.has_json_error)


def _link(facts: Facts, rule: Rule, info: KindInfo) -> str | None:
    reasons = facts.fault.metadata.get("ineligibility_reasons")
    for reason in reasons if isinstance(reasons, list) else ():
        given = clean_page(reason.get("configure_url")) if isinstance(reason, Mapping) else None
        if given and rule.kind in ("guardrail", "data_policy"):
            return given
    return rule.link or info.link


def _make_actions(facts: Facts, rule: Rule, info: KindInfo) -> tuple[Action, ...]:
    offered = info.offers if rule.offers is None else rule.offers
    made = (offer.make(facts) for offer in offered)
    futile = "retry" if is_final(facts.fault) else None
    return tuple(action for action in made if action is not None and action.kind != futile)


def _is_retryable(facts: Facts, rule: Rule, info: KindInfo) -> bool:
    """OpenRouter's own word where it gives one: new codes may come (field guide §4.3)."""
    own = facts.fault.availability.get("retryable")
    if isinstance(own, bool):
        return own
    if rule.retryable is not None:
        return rule.retryable
    return info.retryable or (rule.kind == "unknown" and (facts.status or 0) >= 500)
