"""Guidance: every failure of the field guide gets its kind, its cause in plain words, its remedy and its page."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chit import about
from chit.core.fault import Cause, Fault, Phase, read_fault
from chit.core.guidance import RULES, explain, local_error
from chit.core.guidance_info import Kind
from chit.core.guidance_kinds import KINDS, exit_code
from chit.core.guidance_names import GENERAL, fill
from chit.core.guidance_texts import MAX_TEXT, clean_list, clean_page, clean_text, find_inner_text
from chit.errors import KeyUnavailable, UpstreamError

PRIVACY = about.PRIVACY_PAGE
ACCOUNT = "user_2abcdefghijklmnopqrstuvwxyz"
WINDOW = (
    "This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 tokens (2500021 of "
    "text input). Please reduce the length of either one, or use the context-compression plugin to compress your "
    "prompt automatically."
)
POOL = (
    "a/b:free is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate "
    "limits: https://openrouter.ai/settings/integrations"
)
AFFORD = (
    "This request requires more credits, or fewer max_tokens. You requested up to 16384 tokens, but can only afford "
    "{}. To increase, visit https://openrouter.ai/settings/{}"
)
IN_FLIGHT = "This request would exceed your available credits given your current in-flight requests. Wait for them"
BLOCKED_REASONS = [
    {"reason": "paid-model-training-violation-by-account", "count": 2, "configure_url": f"{PRIVACY}#paid"},
    {"reason": "model-ignored-by-guardrail", "count": 1, "configure_url": PRIVACY},
]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the field guide: what arrives, and what a person is told."""

    status: int
    text: str
    kind: str
    error: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    """Words of the message or hint."""
    link: str | None = None
    changes: tuple[Mapping[str, Any], ...] = ()
    models: tuple[str, ...] = ()
    retryable: bool = False
    retry_after: float | None = None

    def body(self) -> dict[str, Any]:
        """The reply, account id included."""
        return {"error": {"message": self.text, "code": self.status, **self.error}, "user_id": ACCOUNT}

    def read(self, phase: Phase = "replied") -> Fault:
        """The fault, of a reply or of the last chunk of a stream that began well."""
        body = self.body()
        if phase == "streaming":
            body |= {"id": "gen-1", "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}
        fault = read_fault(
            phase=phase,
            status=200 if phase == "streaming" else self.status,
            headers={} if phase == "streaming" else self.headers,
            body=json.dumps(body).encode(),
            requested_model="a/b:free",
        )
        return replace(fault, kept=phase == "streaming")


def at(step: str, **metadata: Any) -> dict[str, Any]:
    """`error.metadata` of a failed routing step."""
    return {"metadata": {"failed_routing_step": step, "routing_funnel": [], **metadata}}


def meta(**members: Any) -> dict[str, Any]:
    """`error.metadata`."""
    return {"metadata": members}


def available(code: str, **members: Any) -> dict[str, Any]:
    """`error.availability`, with what always accompanies it."""
    return {"availability": {"code": code, "requested_models": ["a/b:free"], "docs_url": "https://x.test", **members}}


PAID = {"model": "a/b"}
FALLBACK = {"model": "a/b:free", "models": ["a/b"]}

AVAILABILITY = {
    "model_not_found": Row(
        status=400, text="a/b is not a valid model ID", kind="model_unknown", link=about.MODELS_PAGE
    ),
    "wrong_endpoint": Row(status=400, text="x", kind="model_unavailable", says=("not a model to chat with",)),
    "no_endpoints": Row(status=404, text="No endpoints found for a/b.", kind="no_endpoint", changes=(PAID,)),
    "model_deprecated": Row(
        status=404,
        text="x",
        kind="model_unavailable",
        error=available("model_deprecated", fallback_models=["new/one", "new/two", 3, "not a model!"]),
        models=("new/one", "new/two"),
        says=("retired", "(new/one, new/two)"),
    ),
    "model_unavailable_upstream": Row(status=404, text="x", kind="model_unavailable", says=("no longer offered",)),
    "privacy_restricted": Row(
        status=404,
        text="No endpoints for a/b match your data policy (zero data retention). Adjust at https://openrouter.ai",
        kind="data_policy",
        says=("zero data retention",),
        link=PRIVACY,
    ),
    "constraint_filtered": Row(status=404, text="x", kind="no_endpoint", says=("limits",)),
    "free_variant_ended": Row(
        status=404, text="x", kind="model_unavailable", changes=(PAID,), says=("no longer offered for free",)
    ),
    "region_restricted": Row(status=403, text="x", kind="model_unavailable", says=("region",)),
    "capacity_exhausted": Row(
        status=429,
        text="All providers are at capacity",
        kind="capacity",
        error=available("capacity_exhausted", retryable=True, retry_after=40),
        says=("a/b:free", "in 40 seconds"),
        changes=(FALLBACK,),
        retryable=True,
        retry_after=40,
    ),
    "temporarily_unavailable": Row(
        status=503,
        text="x",
        kind="provider_failed",
        error=available("temporarily_unavailable", retryable=True, retry_after=150, affected_providers=["P"]),
        says=("for the moment", "in 3 minutes"),
        retryable=True,
        retry_after=150,
    ),
}
"""Field guide §4.3."""

EXCLUSIONS = {
    "data_policy:training": Row(status=404, text="x", kind="data_policy", says=("model training",), link=PRIVACY),
    "data_policy:zdr": Row(status=404, text="x", kind="data_policy", says=("zero data retention",), link=PRIVACY),
    "geo": Row(status=404, text="x", kind="no_endpoint", says=("(your region)",)),
    "data_region": Row(status=404, text="x", kind="no_endpoint", says=("data region",)),
    "max_price": Row(
        status=404, text="x", kind="no_endpoint", says=("price",), changes=({"provider": {"max_price": None}},)
    ),
    "context_length": Row(
        status=404,
        text="x",
        kind="context_too_long",
        changes=({"plugins": [{"id": "context-compression"}]},),
    ),
    "require_parameters": Row(
        status=404, text="x", kind="no_endpoint", changes=({"provider": {"require_parameters": None}},)
    ),
    "quantization": Row(status=404, text="x", kind="no_endpoint", changes=({"provider": {"quantizations": None}},)),
    "allowed_providers": Row(
        status=404, text="x", kind="no_endpoint", changes=({"provider": {"only": None, "ignore": None}},)
    ),
    "something_new": Row(status=404, text="x", kind="no_endpoint", says=("something_new",)),
}
"""Field guide §4.3, `excluded_by`."""

REQUEST = {
    "no model": Row(status=400, text="No models provided", kind="no_model", link=about.PREFERENCES_PAGE),
    "unknown model": Row(
        status=400,
        text="gpt-5-minni is not a valid model ID",
        kind="model_unknown",
        says=("gpt-5-minni",),
        models=("openai/gpt-5-mini",),
        link=about.MODELS_PAGE,
    ),
    "too many models": Row(
        status=400,
        text="'models' array must have 3 items or fewer.",
        kind="request_invalid",
        says=("at most 3",),
        changes=({"model": "a/b:free", "models": None},),
    ),
    "context": Row(
        status=400,
        text=WINDOW,
        kind="context_too_long",
        error=meta(provider_name=None, previous_errors=[{"code": 400, "message": WINDOW}]),
        says=("2,500,021", "200,000"),
        changes=({"plugins": [{"id": "context-compression"}]},),
    ),
    "provider's context": Row(
        status=400,
        text="Provider returned error",
        kind="context_too_long",
        error=meta(provider_name="P", raw='{"error":{"message":"prompt is too long: 9 > 8"}}'),
        changes=({"plugins": [{"id": "context-compression"}]},),
    ),
    "no input": Row(
        status=400,
        text='Input required: specify "prompt"',
        kind="request_invalid",
        says=("message is empty", "Input req"),
    ),
    "empty input": Row(
        status=400, text="Input must have at least 1 token.", kind="request_invalid", says=("message is empty",)
    ),
    "temperature": Row(
        status=400, text="Expected temperature to be at most 2, received 5", kind="request_invalid", says=("at most 2",)
    ),
    "provider's objection": Row(
        status=400,
        text="Provider returned error",
        kind="request_invalid",
        error=meta(provider_name="P", raw=json.dumps({"error": {"message": "max_tokens must be at least 16"}})),
        says=("P could not accept", "P said: “max_tokens must be at least 16”"),
    ),
    "no header": Row(status=401, text="Missing Authentication header", kind="key_missing", link=about.KEYS_PAGE),
    "no user": Row(
        status=401, text="User not found.", kind="key_rejected", says=("knows no account",), link=about.KEYS_PAGE
    ),
    "disabled": Row(
        status=401, text="This API key is disabled", kind="key_rejected", says=("switched off",), link=about.KEYS_PAGE
    ),
    "expired": Row(
        status=401, text="API key expired", kind="key_rejected", says=("has expired",), link=about.KEYS_PAGE
    ),
    "no auth": Row(status=401, text="No auth credentials found", kind="key_rejected", link=about.KEYS_PAGE),
    "no cookie": Row(status=401, text="No cookie auth credentials found", kind="key_rejected", link=about.KEYS_PAGE),
}
"""Field guide §4.4, and bodies as recorded."""

ROUTING = {
    f"data policy, {name}": Row(
        status=404,
        text=f"No endpoints found matching your data policy ({name}). Configure: {PRIVACY}",
        kind="data_policy",
        error=at("Filter by Data Policy"),
        says=(f"({name.lower()})", "Free models often ask"),
        link=PRIVACY,
    )
    for name in ("Free model publication", "Free model training", "Paid model training")
} | {
    "data policy without a step": Row(
        status=502, text="No endpoints match your data policy", kind="data_policy", link=PRIVACY
    ),
    "guardrail": Row(
        status=404,
        text=f"No endpoints available matching your guardrail restrictions and data policy. Configure: {PRIVACY}",
        kind="guardrail",
        error=at("Filter by Guardrails"),
        link=PRIVACY,
    ),
    "guardrail without a step": Row(
        status=404, text="No endpoints match your guardrail restrictions", kind="guardrail", link=PRIVACY
    ),
    "guardrail with reasons": Row(
        status=404,
        text="0 endpoints out of 3 requested are available matching your guardrail restrictions and data policy.",
        kind="guardrail",
        error=at("Filter by Guardrails", ineligibility_reasons=BLOCKED_REASONS),
        says=("paid model training, model ignored by guardrail",),
        link=f"{PRIVACY}#paid",
    ),
    "policy by reasons": Row(
        status=404,
        text="0 endpoints out of 2 requested are available matching your guardrail restrictions and data policy.",
        kind="data_policy",
        error=at("Filter by Guardrails", ineligibility_reasons=[*BLOCKED_REASONS[:1], "odd"]),
        says=("paid model training",),
        link=f"{PRIVACY}#paid",
    ),
    "reasons that send elsewhere": Row(
        status=404,
        text="x",
        kind="data_policy",
        error=meta(
            ineligibility_reasons=[
                "odd",
                {"reason": "zdr-violation-by-account", "configure_url": "https://openrouter.ai.evil.test/"},
            ]
        ),
        link=PRIVACY,
    ),
    "allowed providers": Row(
        status=404,
        text="No allowed providers are available for the selected model.",
        kind="no_endpoint",
        error=at("Filter by Allowed Providers", available_providers=["a", "c"], requested_providers=["b"]),
        says=("providers you allow (b)", "(a, c would)"),
        changes=({"provider": {"only": None, "ignore": None, "allow_fallbacks": None}},),
        link=PRIVACY,
    ),
    "tools": Row(
        status=404,
        text='No endpoints found that support tool use. Try disabling "get_weather". To learn more …',
        kind="no_endpoint",
        error=at("Filter by Tool Compatibility"),
        says=("get_weather",),
        changes=({"tools": None, "tool_choice": None, "parallel_tool_calls": None},),
    ),
    "images": Row(
        status=404,
        text="No endpoints found that support image input",
        kind="no_endpoint",
        error=at("Filter by Image Support"),
        says=("images",),
    ),
    "modalities": Row(
        status=404,
        text="No endpoints found that support the requested output modalities: image, text",
        kind="no_endpoint",
        error=at("Filter by Model Output Modalities"),
        says=("image, text",),
        changes=({"modalities": None},),
    ),
    "parameters": Row(
        status=404,
        text="No endpoints found that can handle the requested parameters. To learn more about …",
        kind="no_endpoint",
        error=at("Filter by Parameters"),
        changes=({"provider": {"require_parameters": None}}, {"response_format": None}),
    ),
    "nothing routable": Row(
        status=404,
        text="No endpoints found for a/b:free.",
        kind="no_endpoint",
        error=at("Filter by Fallback"),
        changes=(PAID,),
        link=about.MODELS_PAGE,
    ),
    "auto router": Row(
        status=404,
        text="No models match your request and model restrictions",
        kind="no_endpoint",
        says=("auto router",),
    ),
    "unknown resource": Row(
        status=404, text="Resource not found", kind="request_invalid", says=("Resource not found",)
    ),
}
"""Field guide §4.5."""

FORBIDDEN = {
    "moderation": Row(
        status=403,
        text='a/b requires moderation on P. Your input was flagged for "violence". No credits were charged.',
        kind="moderation",
        error=meta(reasons=["violence", "hate"], flagged_input="tell me ... now", provider_name="P", model_slug="a/b"),
        says=("P refused", "violence, hate", "(flagged was “tell me ... now”)"),
    ),
    "moderation in words": Row(status=403, text="Your input was flagged", kind="moderation"),
    "content block": Row(
        status=403,
        text="Request blocked: prompt injection",
        kind="content_blocked",
        error=meta(patterns=["ignore all", "previous"]),
        says=("(“ignore all, previous”)",),
    ),
    "content block in words": Row(status=403, text="Request blocked: a pattern", kind="content_blocked", link=PRIVACY),
    "budget": Row(
        status=403,
        text="Workspace monthly budget of $500.00 exceeded. Contact your org admin.",
        kind="budget",
        says=("monthly budget", "$500.00", "on the first of the month at 00:00 UTC"),
    ),
    "attestation": Row(
        status=403,
        text="x",
        kind="attestation",
        error=meta(missing_attestation_types=["age_18plus"]),
        says=("age_18plus",),
        link=about.PREFERENCES_PAGE,
    ),
    "attestation by step": Row(
        status=403, text="x", kind="attestation", error=at("Gate Endpoints with Attestations"), says=("confirmation",)
    ),
    "attestation in words": Row(status=403, text="a/b requires an attestation", kind="attestation"),
    "harness": Row(
        status=403,
        text="a/b is reserved for coding agents and apps listed on https://openrouter.ai/apps",
        kind="model_unavailable",
        error=at("Gate Free Endpoints by Agentic Harness"),
        says=("coding agents",),
    ),
    "region in words": Row(status=403, text="Not available in your country", kind="model_unavailable"),
    "wrong key kind": Row(
        status=403,
        text="Only management keys can perform this operation",
        kind="key_wrong_kind",
        link=about.MANAGEMENT_KEYS_PAGE,
    ),
    "management key": Row(
        status=403, text="Management keys cannot perform this operation", kind="key_wrong_kind", link=about.KEYS_PAGE
    ),
    "not permitted": Row(status=403, text="Go away", kind="unknown", says=("HTTP 403", "Go away")),
} | {
    f"key limit, {name}": Row(
        status=status,
        text=f"Key limit exceeded ({name} limit). Manage it using https://openrouter.ai/settings/keys",
        kind="key_limit",
        says=(f"{name} spending limit", f"starts anew {renewal}") if renewal else ("own spending limit",),
        link=about.KEYS_PAGE,
    )
    for name, status, renewal in (
        ("total", 403, None),
        ("total", 402, None),
        ("daily", 403, "at 00:00 UTC"),
        ("weekly", 403, "on Monday at 00:00 UTC"),
        ("monthly", 403, "on the first of the month at 00:00 UTC"),
    )
}
"""Field guide §4.6; a key's limit as 402 too (§12)."""

PAYMENT = {
    "insufficient": Row(
        status=402,
        text="Insufficient credits. Add more using https://openrouter.ai/credits",
        kind="credits_exhausted",
        link=about.CREDITS_PAGE,
    ),
    "never purchased": Row(
        status=402,
        text="Insufficient credits. This account never purchased credits. Make sure your key is on the correct account",
        kind="credits_exhausted",
        says=("never bought",),
        link=about.CREDITS_PAGE,
    ),
    "no words": Row(status=402, text="", kind="credits_exhausted"),
    "affordable": Row(
        status=402,
        text=AFFORD.format("4,120", "credits and upgrade to a paid account"),
        kind="credits_insufficient",
        says=("at most 4,120 tokens",),
        changes=({"max_tokens": 4120},),
        link=about.CREDITS_PAGE,
    ),
    "nothing affordable": Row(status=402, text=AFFORD.format(0, "credits"), kind="credits_insufficient"),
    "no number": Row(status=402, text="This request requires more credits", kind="credits_insufficient"),
    "affordable to the key": Row(
        status=402,
        text=AFFORD.format(412, "keys and create a key with a higher total limit"),
        kind="key_limit",
        says=("at most 412 tokens",),
        changes=({"max_tokens": 412},),
        link=about.KEYS_PAGE,
    ),
    "nothing affordable to the key": Row(
        status=402, text=AFFORD.format(0, "keys and create a key with a higher limit"), kind="key_limit"
    ),
    "prompt": Row(
        status=402,
        text="Prompt tokens limit exceeded: 9120 > 1024. To increase, visit https://openrouter.ai/settings/credits",
        kind="credits_insufficient",
        says=("9,120", "1,024"),
    ),
    "in flight": Row(
        status=402,
        text=IN_FLIGHT,
        kind="credits_in_flight",
        error=meta(reason="in_flight_budget_exhausted", headers={"Retry-After": "120"}),
        says=("in 2 minutes",),
        retryable=True,
        retry_after=120,
    ),
    "in flight in words": Row(status=402, text=IN_FLIGHT, kind="credits_in_flight", retryable=True),
    "provider's own bill": Row(
        status=402,
        text="Provider returned error",
        kind="provider_failed",
        error=meta(provider_name="P", raw="Insufficient Balance"),
        says=("Your key and credits are not the cause", "Insufficient Balance"),
        retryable=True,
    ),
    "own provider key": Row(
        status=401,
        text="Provider returned error",
        kind="provider_failed",
        error=meta(provider_name="P", raw="Incorrect API key", is_byok=True),
        says=("key of your own",),
        link=about.INTEGRATIONS_PAGE,
    ),
}
"""Field guide §4.7, and providers' refusals under the same statuses."""

SERVER = {
    "408": Row(status=408, text="Operation timed out. Try later.", kind="upstream_timeout", retryable=True),
    "412": Row(status=412, text="Precondition failed", kind="request_invalid", says=("A condition",)),
    "413": Row(status=413, text="Request payload too large", kind="payload_too_large"),
    "422": Row(status=422, text="Invalid argument", kind="request_invalid", says=("Invalid argument",)),
    "500": Row(status=500, text="Internal Server Error", kind="upstream_error", says=("been billed",), retryable=True),
    "502": Row(
        status=502,
        text="Provider returned error",
        kind="provider_failed",
        error=meta(provider_name="P", raw='{"message":"boom"}', error_type="provider_unavailable"),
        says=("P failed", "boom"),
        retryable=True,
    ),
    "503": Row(
        status=503,
        text="Service temporarily unavailable",
        kind="provider_overloaded",
        headers={"retry-after": "1"},
        says=("in 1 second,",),
        changes=(FALLBACK,),
        retryable=True,
        retry_after=1,
    ),
    "504": Row(status=504, text="x", kind="upstream_timeout", error=meta(error_type="timeout"), retryable=True),
    "524": Row(status=524, text="Request timed out.", kind="upstream_timeout", says=("been billed",), retryable=True),
    "529": Row(
        status=529,
        text="Provider returned error",
        kind="provider_overloaded",
        error=meta(error_type="provider_overloaded"),
        changes=(FALLBACK,),
        retryable=True,
    ),
}
"""Field guide §4.8."""

LIMITS = {
    "free per day": Row(
        status=429,
        text="Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
        kind="free_quota",
        error=meta(limit_source="openrouter_free_tier_daily", headers={"X-RateLimit-Reset": "1800014400000"}),
        says=("12:00 UTC", "ten credits"),
        changes=(PAID,),
    ),
    "free per day, funded": Row(
        status=429,
        text="Rate limit exceeded: free-models-per-day-high-balance. ",
        kind="free_quota",
        says=("00:00 UTC", "use a paid model."),
        changes=(PAID,),
    ),
    "free per minute": Row(
        status=429,
        text="Rate limit exceeded: free-models-per-min. ",
        kind="free_quota",
        error=meta(limit_source="openrouter_free_tier_minute"),
        says=("minute",),
        changes=(PAID,),
        retryable=True,
    ),
    "free per minute in words": Row(
        status=429,
        text="Rate limit exceeded: free-models-per-min. ",
        kind="free_quota",
        changes=(PAID,),
        retryable=True,
    ),
    "provider pool": Row(
        status=429,
        text="Provider returned error",
        kind="rate_limited",
        error=meta(
            raw=POOL,
            provider_name="Chutes",
            is_byok=False,
            limit_source="upstream_provider_shared_pool",
            retry_after_seconds=29,
        ),
        says=("Chutes limits", "in 29 seconds", "key of your own for Chutes"),
        changes=(FALLBACK,),
        link=about.INTEGRATIONS_PAGE,
        retryable=True,
        retry_after=29,
    ),
    "provider pool, as recorded": Row(
        status=429,
        text="Provider returned error",
        kind="rate_limited",
        error=meta(raw=POOL, provider_name="Chutes"),
        says=("Chutes takes no more", "key of your own for Chutes"),
        changes=(FALLBACK,),
        link=about.INTEGRATIONS_PAGE,
        retryable=True,
    ),
    "own provider key's limit": Row(
        status=429,
        text="Provider returned error",
        kind="rate_limited",
        error=meta(raw="Too many requests", provider_name="P", is_byok=True),
        says=("P limits how often the key of your own", "raised at P"),
        changes=(FALLBACK,),
        retryable=True,
    ),
    "capacity in words": Row(
        status=429, text="All providers are at capacity", kind="capacity", changes=(FALLBACK,), retryable=True
    ),
    "no more known": Row(status=429, text="Slow down", kind="rate_limited", says=("Slow down",), retryable=True),
}
"""Field guide §4.9."""


def fold_in(rows: Mapping[str, Row], **given: Any) -> Iterator[tuple[str, Row]]:
    """Rows named after a typed code, with that code put into their error."""
    for name, row in rows.items():
        members = {key: value(name) for key, value in given.items()}
        yield name, replace(row, error=row.error or available(**members))


ROWS: dict[str, Row] = {
    **dict(fold_in(AVAILABILITY, code=str)),
    **dict(fold_in(EXCLUSIONS, code=lambda name: "constraint_filtered", excluded_by=lambda name: [name])),
    **REQUEST,
    **ROUTING,
    **FORBIDDEN,
    **PAYMENT,
    **SERVER,
    **LIMITS,
}
KNOWN = ("openai/gpt-5-mini", "anthropic/claude-sonnet-5")
rows = pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in ROWS.items()])


def all_text(error: UpstreamError) -> str:
    """Everything a person reads."""
    return f"{error.message} {error.hint}"


@rows
def test_a_refused_reply_is_explained(row: Row) -> None:
    """Each row of the field guide gets its kind, and its words name what the failure names."""
    error = explain(row.read(), known_models=KNOWN)
    assert error.kind == row.kind
    assert [word for word in row.says if word not in all_text(error)] == []
    assert error.retryable is row.retryable
    assert error.retry_after == row.retry_after
    assert (error.status, error.code) == (row.status, row.status)


@rows
def test_a_refusal_leads_to_its_page(row: Row) -> None:
    """Each row links to the page that fixes it, and to nowhere but OpenRouter."""
    error = explain(row.read(), known_models=KNOWN)
    assert row.link in (None, error.link)
    pages = {error.link, *(action.url for action in error.actions)} - {None}
    assert all(re.match(r"https://(status\.)?openrouter\.ai(/|$)", page or "") for page in pages)


@rows
def test_a_refusal_offers_its_fix(row: Row) -> None:
    """Each row offers exactly the changed requests that can help, and the models that can replace the one asked for."""
    error = explain(row.read(), known_models=KNOWN)
    changes = [action.changes for action in error.actions if action.kind == "retry_with"]
    wanted = [*row.changes]
    assert [change for change in changes if change != PAID or PAID in wanted] == wanted
    if row.models:
        assert [action.models for action in error.actions if action.kind == "switch_model"] == [row.models]


@rows
def test_an_error_after_the_first_token_keeps_its_kind(row: Row) -> None:
    """As the last chunk of a stream, under HTTP 200, a failure keeps what it says, and what had arrived is kept."""
    error = explain(row.read("streaming"), known_models=KNOWN)
    says_nothing = row.kind == "upstream_error" or (row.kind == "unknown" and row.status != 403)
    assert error.kind == ("stream_error" if says_nothing else row.kind)
    assert error.hint.startswith("What had arrived is kept.")
    assert error.status == 200


@rows
def test_an_account_id_is_never_shown(row: Row) -> None:
    """The `user_id` beside the error appears in nothing that is shown; only `raw` holds the body as received."""
    error = explain(row.read())
    assert ACCOUNT[5:] not in json.dumps(error.as_dict() | {"raw": None})


@rows
def test_offered_actions_are_documented(row: Row) -> None:
    """What a failure offers is listed with its kind, so the generated documentation is complete."""
    error = explain(row.read())
    assert {action.label for action in error.actions} <= set(KINDS[error.kind].labels)


@pytest.mark.parametrize(
    ("error_type", "kind"),
    [
        ("context_length_exceeded", "context_too_long"),
        ("max_tokens_exceeded", "context_too_long"),
        ("token_limit_exceeded", "context_too_long"),
        ("string_too_long", "request_invalid"),
        ("authentication", "key_rejected"),
        ("permission_denied", "unknown"),
        ("payment_required", "credits_exhausted"),
        ("rate_limit_exceeded", "rate_limited"),
        ("provider_overloaded", "provider_overloaded"),
        ("provider_unavailable", "provider_failed"),
        ("invalid_request", "request_invalid"),
        ("invalid_prompt", "request_invalid"),
        ("not_found", "request_invalid"),
        ("precondition_failed", "request_invalid"),
        ("payload_too_large", "payload_too_large"),
        ("unprocessable", "request_invalid"),
        ("content_policy_violation", "moderation"),
        ("refusal", "moderation"),
        ("invalid_image", "request_invalid"),
        ("image_too_large", "request_invalid"),
        ("image_too_small", "request_invalid"),
        ("unsupported_image_format", "request_invalid"),
        ("image_not_found", "request_invalid"),
        ("image_download_failed", "request_invalid"),
        ("server", "stream_error"),
        ("timeout", "upstream_timeout"),
        ("unmapped", "stream_error"),
        ("a_type_of_tomorrow", "stream_error"),
    ],
)
@pytest.mark.parametrize("place", ["error_type", "code"])
def test_the_type_decides_where_the_status_says_nothing(error_type: str, kind: str, place: str) -> None:
    """Every `error_type`, and the same word as a textual code, has its kind in the middle of a stream."""
    error = {"message": "x"} | ({"code": error_type} if place == "code" else {"metadata": {"error_type": error_type}})
    fault = read_fault(phase="streaming", status=200, headers={}, body=json.dumps({"error": error}).encode())
    assert explain(fault).kind == kind


@pytest.mark.parametrize("code", [429, "429"])
def test_a_stream_error_goes_by_its_code(code: int | str) -> None:
    """Without a type, the body's code stands for the status that HTTP can no longer give, as number or text."""
    body = json.dumps({"provider": "P", "error": {"code": code, "message": "Slow down"}}).encode()
    error = explain(read_fault(phase="streaming", status=200, headers={}, body=body))
    assert (error.kind, error.code, error.provider) == ("rate_limited", code, "P")


def test_an_unidentified_stream_error_shows_what_was_said() -> None:
    """The docs' example with a textual code becomes a stream error that names the provider and quotes the message."""
    body = b'{"provider":"P","error":{"code":"server_error","message":"Provider disconnected"},"choices":[]}'
    error = explain(read_fault(phase="streaming", status=200, headers={}, body=body))
    assert error.kind == "stream_error"
    assert error.message == "P failed before anything of the reply arrived. OpenRouter said: “Provider disconnected”"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("No auth credentials found", "key_rejected"),
        ("Missing Authentication header", "key_missing"),
        ("Insufficient credits", "credits_exhausted"),
        ("No endpoints found for a/b", "no_endpoint"),
        ("Rate limit exceeded: free-models-per-min", "free_quota"),
        ("Something else", "stream_error"),
    ],
)
def test_words_decide_where_nothing_else_does(text: str, kind: str) -> None:
    """An error that is a bare sentence, under HTTP 200, still finds its kind if the sentence belongs to a family."""
    fault = read_fault(phase="streaming", status=200, headers={}, body=json.dumps({"error": text}).encode())
    assert explain(fault).kind == kind


@pytest.mark.parametrize("phase", get_args(Phase))
@pytest.mark.parametrize("cause", [cause for cause in get_args(Cause) if cause != "reply"])
def test_what_the_connection_did_is_explained(phase: Phase, cause: Cause) -> None:
    """Every way a connection fails has its kind, whichever phase it was in."""
    kinds = {
        "connect": "offline",
        "dns": "offline",
        "proxy": "offline",
        "tls": "tls",
        "timeout": "upstream_timeout",
        "stalled": "stalled",
        "empty": "empty_completion",
        "garbled": "unexpected_reply",
    }
    broken = {"unsent": "offline", "streaming": "stream_cut"}.get(phase, "upstream_error")
    error = explain(Fault(phase=phase, cause=cause))
    assert error.kind == kinds.get(cause, broken)
    assert error.retryable


@pytest.mark.parametrize(
    ("fault", "billed"),
    [
        (Fault(phase="unanswered", cause="reset"), True),
        (Fault(phase="unanswered", cause="timeout"), True),
        (Fault(phase="unanswered", cause="stalled"), True),
        (Fault(phase="replied", cause="cut", status=200), True),
        (Fault(phase="replied", status=502), True),
        (Fault(phase="replied", status=520, has_json_error=True), True),
        (Fault(phase="replied", status=408, has_json_error=True), True),
        (Fault(phase="replied", status=529, has_json_error=True), False),
        (Fault(phase="replied", status=503, has_json_error=True), False),
        (Fault(phase="unsent", cause="reset"), False),
        (Fault(phase="unanswered", cause="connect"), False),
        (Fault(phase="unanswered", cause="empty"), False),
    ],
)
def test_an_unknown_outcome_warns_of_a_second_bill(fault: Fault, billed: bool) -> None:
    """Where the completion may have run, the hint says so before anyone sends it again; elsewhere it does not."""
    assert ("been billed" in explain(fault).hint) is billed


PAGE = b"<!DOCTYPE html><html><title>Access denied</title></html>"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (524, PAGE, "bad_gateway_page"),
        (502, b"\n <html>", "bad_gateway_page"),
        (403, PAGE, "bad_gateway_page"),
        (429, PAGE, "bad_gateway_page"),
        (429, b"error code: 1015", "bad_gateway_page"),
        (404, PAGE, "unexpected_reply"),
        (200, PAGE, "unexpected_reply"),
        (200, b"{}", "unexpected_reply"),
        (302, b"", "unexpected_reply"),
        (500, b"", "upstream_error"),
        (502, b"", "upstream_error"),
        (504, b"", "upstream_timeout"),
        (503, b"", "provider_overloaded"),
        (401, b"", "key_rejected"),
        (418, b"", "unknown"),
    ],
)
@pytest.mark.parametrize("cause", ["reply", "garbled"])
def test_a_reply_that_is_not_openrouters_json(status: int, body: bytes, kind: str, cause: Cause) -> None:
    """Pages of the edge, redirects and empty bodies are told apart by status, however the client labelled them."""
    fault = replace(read_fault(phase="replied", status=status, headers={}, body=body), cause=cause)
    is_page = kind == "bad_gateway_page"
    assert explain(fault).kind == (kind if cause == "reply" or is_page else "unexpected_reply")


def test_an_unknown_error_shows_all_it_knows() -> None:
    """A failure nobody foresaw still shows its status, code, provider and message."""
    body = b'{"error":{"code":"E7","message":"Error","metadata":{"provider_name":"P"}}}'
    error = explain(read_fault(phase="replied", status=418, headers={}, body=body))
    assert error.kind == "unknown"
    assert all(word in error.message for word in ("P reported", "HTTP 418", "code E7", "“Error”"))


@pytest.mark.parametrize(("said", "retryable"), [(True, True), (False, False), ("yes", True)])
def test_openrouters_own_word_on_retrying_wins(said: bool | str, retryable: bool) -> None:
    """`availability.retryable` overrules the kind, for codes of tomorrow too; nonsense in it does not."""
    error = {"error": {"message": "x", "availability": {"code": "of_tomorrow", "retryable": said}}}
    fault = read_fault(phase="replied", status=503, headers={}, body=json.dumps(error).encode())
    assert explain(fault).retryable is retryable


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(phase="streaming", cause="cut"), "The connection broke before any of the reply could be read."),
        (Fault(phase="streaming", provider="P", code="odd"), "P failed before anything of the reply arrived."),
    ],
)
def test_a_reply_that_never_began_is_not_called_half(fault: Fault, words: str) -> None:
    """Whether anything of the reply had arrived is told as it was, and only then that it is kept."""
    nothing, something = explain(fault), explain(replace(fault, kept=True))
    assert nothing.message == words
    assert something.message.endswith("in the middle of the reply.")
    assert ("is kept" in nothing.hint, "is kept" in something.hint) == (False, True)


def test_what_the_connection_reported_is_in_the_details() -> None:
    """Without a body, the system's own words are what the details show; with one, the body."""
    text = "certificate verify failed: self-signed certificate (_ssl.c:1006)"
    error = explain(Fault(phase="unsent", cause="tls", text=text))
    assert error.raw == text
    assert "(self-signed certificate)" in error.message
    broken = explain(Fault(phase="unanswered", cause="reset", text="[Errno 104] Connection reset by peer"))
    assert "said" not in broken.message
    assert explain(Fault(phase="replied", status=500, text="x", raw="{}")).raw == "{}"
    assert explain(Fault(phase="unsent", cause="connect")).raw is None


@pytest.mark.parametrize(("status", "retryable"), [(418, False), (599, True)])
def test_an_unforeseen_status_goes_by_its_class(status: int, retryable: bool) -> None:
    """A 4xx stays refused when sent again; a 5xx may not."""
    assert explain(Fault(phase="replied", status=status, has_json_error=True)).retryable is retryable


@pytest.mark.parametrize(
    ("requested", "changed"),
    [("a/b:free", "a/b"), ("a/b:free:online", "a/b:online"), ("a/b:nitro", None), ("a/free", None), (None, None)],
)
def test_the_paid_variant_keeps_the_other_variants(requested: str | None, changed: str | None) -> None:
    """Only `:free` is taken from a model id, and nothing is offered where it is not there."""
    text = "Rate limit exceeded: free-models-per-day"
    error = explain(Fault(phase="replied", status=429, text=text, has_json_error=True, requested_model=requested))
    assert [a.changes for a in error.actions if a.kind == "retry_with"] == ([{"model": changed}] if changed else [])


@pytest.mark.parametrize("requested", ["a/b", None])
def test_fallbacks_are_only_dropped_beside_a_model(requested: str | None) -> None:
    """The first choice alone is offered where it is known, and named: the request may have it in `models` only."""
    fault = replace(ROWS["too many models"].read(), requested_model=requested)
    changes = [action.changes for action in explain(fault).actions]
    assert changes == ([{"model": requested, "models": None}] if requested else [])


@pytest.mark.parametrize("retryable", [True, False, None])
def test_trying_again_is_not_offered_against_openrouters_word(retryable: bool | None) -> None:
    """Where it says that the same is futile, what is left are the changed requests."""
    availability = {"code": "capacity_exhausted"} | ({} if retryable is None else {"retryable": retryable})
    error = explain(Fault(phase="replied", status=429, availability=availability, requested_model="a/b"))
    kinds = [action.kind for action in error.actions]
    assert error.retryable is (retryable is not False)
    assert kinds == ["retry", "retry_with", "switch_model"][0 if error.retryable else 1 :]


@pytest.mark.parametrize("text", ["free-models-per-day", "free-models-per-day-high-balance", "free-models-per-min"])
def test_a_paid_model_can_be_chosen_where_free_ones_are_used_up(text: str) -> None:
    """The hint says to use one; a button does it, whatever model was asked for."""
    error = explain(Fault(phase="replied", status=429, text=f"Rate limit exceeded: {text}", has_json_error=True))
    assert error.kind == "free_quota"
    assert "paid model" in error.hint
    assert "switch_model" in [action.kind for action in error.actions]


@pytest.mark.parametrize(
    ("kept", "generation_id", "words"),
    [
        (True, None, "What had arrived is kept. It may have been billed, and no id came to look that up by. Try again"),
        (True, "gen-1", "What had arrived is kept. Try again"),
        (False, None, "It may have run, and been billed, all the same. Try again"),
    ],
)
def test_a_cut_without_an_id_may_have_been_billed(kept: bool, generation_id: str | None, words: str) -> None:
    """With text and an id the settlement will tell; without an id only the person can look."""
    fault = Fault(phase="streaming", cause="cut", kept=kept, generation_id=generation_id)
    assert explain(fault).hint.startswith(words)


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        ({"code": "permission_denied"}, 403),
        ({"metadata": {"error_type": "rate_limit_exceeded"}}, 429),
        ({"code": "503"}, 503),
        ({"code": "odd"}, 200),
    ],
)
def test_a_word_in_a_stream_means_a_status(error: Mapping[str, Any], meant: int) -> None:
    """Where HTTP said 200 the code or type of the body says which family of failures it is."""
    body = json.dumps({"error": {"message": "x", **error}}).encode()
    assert explain(read_fault(phase="streaming", status=200, headers={}, body=body)).meant_status == meant


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("gpt-5-mini", ("openai/gpt-5-mini",)),
        ("OpenAI/GPT-5-Mini", ("openai/gpt-5-mini",)),
        ("anthropic/claude-sonet-5:free", ("anthropic/claude-sonnet-5",)),
        ("zzz", ()),
    ],
)
def test_near_models_are_suggested(wanted: str, found: tuple[str, ...]) -> None:
    """A misspelt id, with or without author or variant, finds the known one that is meant."""
    fault = Fault(phase="replied", status=400, text=f"{wanted} is not a valid model ID", has_json_error=True)
    error = explain(fault, known_models=KNOWN)
    assert [action.models for action in error.actions if action.kind == "switch_model"] == [found]
    assert error.hint.startswith(f"Did you mean {found[0]}? " if found else "Check the spelling")


@pytest.mark.parametrize(
    ("reset_at", "words"),
    [(1_800_014_400.0, "12:00 UTC"), (59.9, "00:00 UTC"), (float("inf"), "00:00 UTC"), (-1.0, "00:00 UTC")],
)
def test_the_reset_is_told_as_utc_time(reset_at: float, words: str) -> None:
    """The time of the reset is told to the minute; a time that is none falls back to midnight."""
    fault = Fault(phase="replied", status=429, text="free-models-per-day", reset_at=reset_at)
    assert words in explain(fault).hint


@pytest.mark.parametrize(
    ("reset_at", "utc_offset", "words"),
    [
        (None, 0, "at 00:00 UTC."),
        (None, 2 * 3600, "at 02:00 your time (00:00 UTC)."),
        (None, -5 * 3600, "at 19:00 your time (00:00 UTC)."),
        (1_800_014_400.0, 5 * 3600 + 45 * 60, "at 17:45 your time (12:00 UTC)."),
        (1_800_014_400.0, 13 * 3600, "at 01:00 your time (12:00 UTC)."),
        (float("nan"), 3600, "at 01:00 your time (00:00 UTC)."),
        (0.0, -86_400, "at 00:00 UTC."),
    ],
)
def test_the_reset_is_told_in_local_time(reset_at: float | None, utc_offset: int, words: str) -> None:
    """The reset is at the reader's time of day, with UTC beside it where that differs, header or not."""
    fault = Fault(phase="replied", status=429, text="free-models-per-day", reset_at=reset_at)
    assert f"They start anew {words}" in explain(fault, utc_offset=utc_offset).hint


@pytest.mark.parametrize(
    ("offered", "requested", "changed"),
    [
        (["new/one", "a/b", "new/two", "new/three"], "a/b", {"model": "a/b", "models": ["new/one", "new/two"]}),
        ([], "a/b:free", FALLBACK),
        ("odd", "a/b", {"model": "a/b", "models": ["openrouter/auto"]}),
        ([], "openrouter/auto", None),
        ([], None, None),
    ],
)
def test_a_busy_model_gets_a_stand_in(offered: Any, requested: str | None, changed: Any) -> None:
    """Fallbacks are those OpenRouter names, two at most, else the paid variant, else its router; none for a router."""
    availability = {"code": "capacity_exhausted", "fallback_models": offered}
    fault = Fault(phase="replied", status=429, availability=availability, requested_model=requested)
    found = [action.changes for action in explain(fault).actions if action.kind == "retry_with"]
    assert found == ([changed] if changed else [])


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (
            {"field": "provider.max_price", "detail": "the cheapest costs more"},
            "because of the price limit (max_price) (the ch",
        ),
        ({"field": "odd"}, "because of odd."),
        ({"field": 7, "detail": 7}, "the limits of this request"),
        ("odd", "the limits of this request"),
    ],
)
def test_a_constraint_is_named(constraint: Any, words: str) -> None:
    """What `availability.constraint` says left no provider is named, with its detail; nonsense in it is passed over."""
    fault = Fault(phase="replied", status=404, availability={"code": "constraint_filtered", "constraint": constraint})
    error = explain(fault)
    assert error.kind == "no_endpoint"
    assert words in error.message


def test_free_models_are_mentioned_where_one_is_meant() -> None:
    """What free models ask for is said where the policy or the model is about them, and not of data retention."""
    text = "No endpoints for a/b match your data policy (zero data retention)."
    assert "Free models" not in explain(Fault(phase="replied", status=404, text=text, requested_model="a/b")).hint
    assert "Free models" in explain(Fault(phase="replied", status=404, text=text, requested_model="a/b:free")).hint


def test_a_policy_named_by_the_inner_words_counts() -> None:
    """A 502 whose nested words name the data policy is one; a provider's own guardrail is not the account's."""
    policy = meta(raw='{"error":{"message":"No endpoints found matching your data policy"}}', provider_name="P")
    other = meta(raw="Blocked by guardrail abc", provider_name="P")
    kinds = [
        explain(Row(status=502, text="Provider returned error", kind="", error=error).read()).kind
        for error in (policy, other)
    ]
    assert kinds == ["data_policy", "provider_failed"]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("plain words", "plain words"),
        ('{"error":{"message":"deep","code":1}}', "deep"),
        ('[{"error":{"message":"Google"}}]', "Google"),
        ('{"detail":[{"msg":"FastAPI"}]}', "FastAPI"),
        ('{"error":{"message":"Provider returned error","metadata":{"raw":"{\\"message\\":\\"inner\\"}"}}}', "inner"),
        ({"error": "an object"}, "an object"),
        ("{not json", "{not json"),
        ("<html>page</html>", None),
        ("", None),
        ("[]", None),
        ("[1]", None),
        ('{"code":1}', None),
        (7, None),
        ("[" * 20 + '"deep"' + "]" * 20, None),
        ("{" + "x" * 70_000, "{" + "x" * (MAX_TEXT - 2) + "…"),
    ],
)
def test_a_providers_words_are_dug_out(raw: Any, found: str | None) -> None:
    """Text, JSON, and JSON inside strings give the provider's sentence; pages and empty shells give nothing."""
    assert find_inner_text(raw) == found


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\n\tb\u2028c", "a b c"),
        ("\x1b[31mred\x07 \x00 x", "[31mred x"),
        ("a\u202eb\u200bc\ud800", "abc"),
        ("x" * 301, "x" * 299 + "…"),
        (f"by {ACCOUNT}", "by user_…"),
    ],
)
def test_foreign_texts_are_made_harmless(text: str, clean: str) -> None:
    """Line breaks, control characters, lone surrogates, account ids and excess length do not get through."""
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://openrouter.ai/settings/privacy?x=1#y", True),
        ("https://openrouter.ai", True),
        ("http://openrouter.ai/", False),
        ("https://openrouter.ai.evil.test/", False),
        ("https://openrouter.ai@evil.test/", False),
        ("https://openrouter.ai:8/", False),
        ("https://openrouter.ai/\\evil", False),
        ("https://openrouter.ai/\n", False),
        ("javascript:alert(1)", False),
        ("https://openrouter.ai/" + "a" * 300, False),
        (None, False),
    ],
)
def test_only_openrouters_pages_are_linked(url: Any, kept: bool) -> None:
    """An address from a reply is used only if it is plain https at openrouter.ai."""
    assert clean_page(url) == (url if kept else None)


def test_lists_are_read_leniently() -> None:
    """What is no list of texts gives nothing, and a long list is cut."""
    assert clean_list("abc") == ()
    assert clean_list([1, "", "a"]) == ("a",)
    assert len(clean_list(["a"] * 50)) == 10


def test_every_kind_is_described() -> None:
    """The table names every kind in order, each in complete words without a placeholder left."""
    assert tuple(KINDS) == get_args(Kind)
    for info in KINDS.values():
        cause, hint = info.describe()
        assert all(text.endswith(".") and text[0].isupper() and "{" not in text for text in (cause, hint))
        assert len(info.labels) == len(set(info.labels))
    assert len({info.hint for info in KINDS.values()}) == len({info.cause for info in KINDS.values()}) == len(KINDS)


def test_every_template_can_be_filled() -> None:
    """No rule has a placeholder that nothing fills, and none offers what its kind does not list."""
    for rule in RULES:
        info = KINDS[rule.kind]
        assert all("{" not in fill(text) for text in (rule.cause, rule.hint) if text)
        assert set(rule.offers or ()) <= set(info.offers)


def test_general_words_start_sentences_with_a_capital() -> None:
    """A general word at the start is capitalised, a name is left as it is spelt."""
    assert fill("{model} has gone.") == "The model has gone."
    assert fill("{model} has gone.", {"model": "a/b"}) == "a/b has gone."
    assert set(GENERAL) >= {"model", "provider"}


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("key_missing", None, 3),
        ("key_rejected", 401, 3),
        ("key_wrong_kind", 403, 3),
        ("locked", None, 3),
        *((kind, None, 4) for kind in ("no_model", "model_unknown", "model_unavailable", "data_policy", "guardrail")),
        *((kind, None, 4) for kind in ("no_endpoint", "moderation", "content_blocked", "attestation")),
        ("unknown", 403, 4),
        *((kind, None, 4) for kind in ("request_invalid", "context_too_long", "payload_too_large")),
        *((kind, None, 5) for kind in ("credits_exhausted", "credits_insufficient", "credits_in_flight")),
        *((kind, None, 5) for kind in ("key_limit", "budget", "free_quota", "rate_limited", "capacity")),
        *((kind, None, 6) for kind in ("provider_failed", "provider_overloaded", "upstream_timeout", "upstream_error")),
        *((kind, None, 6) for kind in ("bad_gateway_page", "stream_error", "stream_cut", "empty_completion")),
        *((kind, None, 6) for kind in ("stalled", "offline", "tls", "unexpected_reply")),
        ("unknown", None, 1),
        ("unknown", 200, 1),
        ("unknown", 302, 6),
        ("unknown", 418, 4),
        ("unknown", 599, 6),
        ("store_damaged", None, 1),
    ],
)
def test_exit_codes_tell_the_families_apart(kind: str, status: int | None, code: int) -> None:
    """Each kind has the exit code of its family; an unknown one goes by its status."""
    assert exit_code(kind, status) == code


@pytest.mark.parametrize(("kind", "action"), [("key_missing", "add_key"), ("locked", "unlock")])
def test_an_absent_key_is_explained_without_a_reply(kind: Any, action: str) -> None:
    """A missing or locked key is told as such, with the button that helps first."""
    error = local_error(kind)
    assert isinstance(error, KeyUnavailable)
    assert error.kind == kind
    assert error.actions[0].kind == action
    assert error.message
    assert error.hint


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from([POOL, WINDOW, ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = """
    raw reason reasons patterns limit_source failed_routing_step ineligibility_reasons error_type provider_name
    missing_attestation_types headers retry_after_seconds model_slug is_byok previous_errors code retryable
    retry_after excluded_by fallback_models requested_models affected_providers
    flagged_input available_providers requested_providers constraint field detail
"""
"""Members of `error.metadata` and `error.availability` that are read."""

members = st.dictionaries(
    st.sampled_from(MEMBERS.split()),
    json_values,
)
errors = st.fixed_dictionaries(
    {},
    optional={
        "code": json_values,
        "message": json_values | st.sampled_from([row.text for row in ROWS.values()]),
        "metadata": json_values | members,
        "availability": json_values | members,
        "error_type": json_values,
    },
)
bodies = st.fixed_dictionaries({"error": errors | json_values}) | st.fixed_dictionaries(
    {"choices": st.lists(st.fixed_dictionaries({"error": errors}), max_size=2)}
)


@given(
    body=st.binary(max_size=200) | (bodies | json_values).map(lambda value: json.dumps(value).encode()),
    status=st.none() | st.integers(100, 599),
    phase=st.sampled_from(get_args(Phase)),
    cause=st.sampled_from(get_args(Cause)),
    reset=st.text(max_size=20) | st.sampled_from(["inf", "nan", "1e300", "1800000000000"]),
    utc_offset=st.integers(-100_000, 100_000),
)
@example(
    body=b'{"error":' + b"[" * 1000 + b"]" * 1000 + b"}",
    status=400,
    phase="replied",
    cause="reply",
    reset="",
    utc_offset=0,
)
def test_whatever_arrives_is_explained(
    body: bytes, status: int | None, phase: Phase, cause: Cause, reset: str, utc_offset: int
) -> None:
    """Arbitrary bytes and JSON end in a known kind with printable, one-line, bounded words; nothing is ever raised."""
    fault = read_fault(phase=phase, status=status, headers={"x-ratelimit-reset": reset}, body=body)
    error = explain(replace(fault, cause=cause), known_models=KNOWN, utc_offset=utc_offset)
    assert error.kind in KINDS
    assert error.message
    assert error.hint
    text = all_text(error)
    assert len(text) < 2000
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text)
    json.dumps(error.as_dict())
