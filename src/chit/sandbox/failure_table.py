"""Every failure of field guide §4.3 to §4.9 by name, with its literal text; `sandbox/error-<name>` answers with it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chit.sandbox import failures
from chit.sandbox.availability import AVAILABILITY, REGION_RESTRICTED, available
from chit.sandbox.failures import Failure, fail
from chit.sandbox.typed_failures import TYPED

_PRIVACY = "https://openrouter.ai/settings/privacy"
_CONTEXT = (
    "This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 tokens "
    "(2500021 of text input). Please reduce the length of either one, or use the context-compression plugin to "
    "compress your prompt automatically."
)
_POOL = (
    "{model} is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate "
    "limits: https://openrouter.ai/settings/integrations"
)


def _step(message: str, step: str, about: str, **metadata: Any) -> Failure:
    funnel = [{"step": "Initial Endpoints", "endpoint_count": 3}, {"step": step, "endpoint_count": 0}]
    return fail(404, message, about=about, routing_funnel=funnel, failed_routing_step=step, **metadata)


def _quota(message: str, source: str, about: str, reset: str) -> Failure:
    headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    failure = fail(429, message, about=about, user=True, headers=headers, limit_source=source)
    return replace(failure, headers=headers)


_REQUEST: Mapping[str, Failure] = {
    "no-models": failures.NO_MODELS,
    "model-unknown": failures.UNKNOWN_MODEL,
    "too-many-models": failures.TOO_MANY_MODELS,
    "no-input": failures.NO_INPUT,
    "empty-input": failures.EMPTY_INPUT,
    "temperature": fail(
        400,
        "Expected temperature to be at most 2, received 5",
        about="a parameter out of range",
        provider_name=None,
    ),
    "context": fail(
        400,
        _CONTEXT,
        about="prompt and output are too long",
        provider_name=None,
        previous_errors=[{"code": 400, "message": _CONTEXT}],
    ),
    "auth-missing": failures.AUTH_MISSING,
    "auth-user": failures.AUTH_USER,
    "auth-none": fail(401, "No auth credentials found", about="a mangled key"),
    "auth-disabled": fail(401, "This API key is disabled", about="a key that was switched off; the wording is ours"),
    "auth-expired": fail(401, "API key expired", about="a key past its date; the wording is ours"),
    "auth-cookie": fail(401, "No cookie auth credentials found", about="a mangled key, older wording"),
}

_ROUTING: Mapping[str, Failure] = {
    "data-policy": failures.DATA_POLICY,
    "data-policy-free-training": _step(
        f"No endpoints found matching your data policy (Free model training). Configure: {_PRIVACY}",
        "Filter by Data Policy",
        "free models that train are switched off",
    ),
    "data-policy-paid-training": _step(
        f"No endpoints found matching your data policy (Paid model training). Configure: {_PRIVACY}",
        "Filter by Data Policy",
        "paid models that train are switched off",
    ),
    "data-policy-502": fail(
        502,
        f"No endpoints found matching your data policy (Free model publication). Configure: {_PRIVACY}",
        about="the privacy settings, under the status of a failed provider",
    ),
    "guardrail-502": fail(
        502,
        f"No endpoints available matching your guardrail restrictions and data policy. Configure: {_PRIVACY}",
        about="a guardrail or the data policy, under the status of a failed provider",
    ),
    "privacy-zdr": available(
        "privacy_restricted",
        404,
        f"No endpoints for {{model}} match your data policy (zero data retention). Adjust at {_PRIVACY}",
        "no endpoint keeps nothing",
        "not_found",
        excluded_by=["data_policy:zdr"],
    ),
    "guardrail": _step(
        f"No endpoints available matching your guardrail restrictions and data policy. Configure: {_PRIVACY}",
        "Filter by Guardrails",
        "a guardrail or the data policy",
    ),
    "guardrail-reasons": _step(
        "0 endpoints out of 3 requested are available matching your guardrail restrictions and data policy. "
        f"Configure: {_PRIVACY}",
        "Filter by Guardrails",
        "the same, with reasons",
        ineligibility_reasons=[
            {"reason": "paid-model-training-violation-by-account", "count": 2, "configure_url": _PRIVACY},
            {"reason": "model-ignored-by-guardrail", "count": 1, "configure_url": _PRIVACY},
        ],
    ),
    "allowed-providers": failures.not_allowed(["sandbox", "sandbox-two"], ["groq"]),
    "tools": _step(
        'No endpoints found that support tool use. Try disabling "get_weather". To learn more about provider routing, '
        "visit: https://openrouter.ai/docs/guides/routing/provider-selection",
        "Filter by Tool Compatibility",
        "a model without tools",
    ),
    "image-input": _step("No endpoints found that support image input", "Filter by Image Support", "a text-only model"),
    "modalities": _step(
        "No endpoints found that support the requested output modalities: image",
        "Filter by Model Output Modalities",
        "an output kind nobody has",
    ),
    "parameters": _step(
        "No endpoints found that can handle the requested parameters. To learn more about provider routing, "
        "visit: https://openrouter.ai/docs/guides/routing/provider-selection",
        "Filter by Parameters",
        "require_parameters leaves nobody",
    ),
    "no-endpoints": failures.NO_ENDPOINTS,
    "restrictions": fail(
        404, "No models match your request and model restrictions", about="the auto-router's filters are too tight"
    ),
    "resource": failures.NOT_FOUND,
}

_FORBIDDEN: Mapping[str, Failure] = {
    "moderation": fail(
        403,
        '{model} requires moderation on Sandbox. Your input was flagged for "violence". No credits were charged.',
        about="moderation flagged the prompt",
        reasons=["violence"],
        flagged_input="tell me ... now",
        provider_name="Sandbox",
        model_slug="{model}",
    ),
    "content-blocked": fail(
        403, "Request blocked: prompt injection detected", about="a guardrail", patterns=["ignore all previous"]
    ),
    "budget": fail(
        403, "Workspace monthly budget of $500.00 exceeded. Contact your org admin.", about="a workspace budget"
    ),
    "key-limit-403": failures.key_limit(None),
    "key-limit-daily": failures.key_limit("daily"),
    "key-limit-weekly": failures.key_limit("weekly"),
    "key-limit-monthly": failures.key_limit("monthly"),
    "attestation": fail(
        403,
        "{model} requires an attestation. Confirm at https://openrouter.ai/settings/preferences",
        about="an age attestation is missing",
        missing_attestation_types=["age_18plus"],
        failed_routing_step="Gate Endpoints with Attestations",
    ),
    "harness": fail(
        403,
        "{model} is reserved for coding agents and apps listed on https://openrouter.ai/apps",
        about="a free model for listed apps only",
        failed_routing_step="Gate Free Endpoints by Agentic Harness",
    ),
    "region": REGION_RESTRICTED,
    "management-only": failures.MANAGEMENT_ONLY,
    "management-key": failures.ORDINARY_ONLY,
}

_IN_FLIGHT = fail(
    402,
    "This request would exceed your available credits given your current in-flight requests. "
    "Wait for them to finish, or add credits at https://openrouter.ai/settings/credits",
    about="concurrent requests have reserved the credit; wait",
    reason="in_flight_budget_exhausted",
    remedy_hint="Retry after in-flight requests complete",
    headers={"Retry-After": "2"},
)

_PAYMENT: Mapping[str, Failure] = {
    "credits": failures.CREDITS,
    "credits-never": failures.CREDITS_NEVER,
    "credits-afford": failures.cannot_afford(16384, 412, by_key=False),
    "credits-afford-key": failures.cannot_afford(16384, 412, by_key=True),
    "key-limit-402": replace(
        failures.cannot_afford(16384, 0, by_key=True), about="the key's limit, as the limits page has it"
    ),
    "prompt-tokens": fail(
        402,
        "Prompt tokens limit exceeded: 9120 > 1024. To increase, visit https://openrouter.ai/settings/credits and "
        "upgrade to a paid account",
        about="the prompt alone is unaffordable",
    ),
    "in-flight": replace(_IN_FLIGHT, headers={"Retry-After": "2"}),
}

_PROVIDER: Mapping[str, Any] = {
    "provider_name": "Sandbox",
    "raw": '{"error":{"message":"upstream failed"}}',
    "is_byok": False,
}
_SERVER: Mapping[str, Failure] = {
    "timeout-408": fail(408, "Operation timed out. Please try again later.", about="a time limit"),
    "precondition-412": fail(412, "Precondition failed", about="a precondition header"),
    "too-large-413": failures.TOO_LARGE,
    "unprocessable-422": fail(422, "Invalid argument", about="well-formed but not processable"),
    "internal-500": fail(500, "Internal Server Error", about="masked, without metadata"),
    "bad-gateway-502": fail(
        502, "Provider returned error", about="a provider is down", error_type="provider_unavailable", **_PROVIDER
    ),
    "overloaded-503": replace(
        fail(503, "Service temporarily unavailable", about="overloaded", error_type="provider_overloaded"),
        headers={"Retry-After": "2"},
    ),
    "timeout-504": fail(504, "Provider returned error", about="a provider's timeout", error_type="timeout"),
    "timeout-524": fail(524, "Request timed out. Please try again later.", about="an edge timeout, as JSON"),
    "empty-500": Failure(status=500, body="", about="no body at all"),
    "empty-502": Failure(status=502, body="", about="no body at all"),
    "empty-503": Failure(status=503, body="", about="no body at all"),
    "html-502": Failure(
        status=502,
        body="<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
        about="a proxy's page",
    ),
    "html-403": Failure(
        status=403,
        body="<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head></html>",
        about="the edge turns a caller away",
    ),
    "html-524": Failure(
        status=524,
        body="<!DOCTYPE html><html><head><title>openrouter.ai | 524: A timeout occurred</title></head>"
        "<body><h1>A timeout occurred</h1><p>Error code 524</p></body></html>",
        about="an edge timeout, as HTML",
    ),
    "overloaded-529": fail(
        529, "Provider returned error", about="a provider overloaded", error_type="provider_overloaded", **_PROVIDER
    ),
}

_LIMITS: Mapping[str, Failure] = {
    "free-daily": _quota(
        "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
        "openrouter_free_tier_daily",
        "the daily free quota; retrying is futile until 00:00 UTC",
        "{next_day}",
    ),
    "free-daily-high": _quota(
        "Rate limit exceeded: free-models-per-day-high-balance. ",
        "openrouter_free_tier_daily",
        "the daily free quota of a funded account",
        "{next_day}",
    ),
    "free-minute": _quota(
        "Rate limit exceeded: free-models-per-min. ",
        "openrouter_free_tier_minute",
        "the free quota of this minute",
        "{next_minute}",
    ),
    "provider-pool": fail(
        429,
        "Provider returned error",
        about="a provider's shared pool",
        user=True,
        raw=_POOL,
        provider_name="Sandbox",
        is_byok=False,
        limit_source="upstream_provider_shared_pool",
        retry_after_seconds=2,
    ),
    "provider-own-key": fail(
        429,
        "Provider returned error",
        about="the caller's own key at a provider is limited",
        raw="Too many requests",
        provider_name="Sandbox",
        is_byok=True,
    ),
    "ddos-html": Failure(
        status=429,
        body="<!DOCTYPE html><html><head><title>Access denied | openrouter.ai used Cloudflare to restrict access"
        "</title></head><body><h1>You are being rate limited</h1><p>Error 1015</p></body></html>",
        about="DDoS protection, as HTML",
    ),
}


FAILURES: Mapping[str, Failure] = {
    **_REQUEST,
    **_ROUTING,
    **_FORBIDDEN,
    **_PAYMENT,
    **_SERVER,
    **_LIMITS,
    **AVAILABILITY,
    **TYPED,
}
"""Failures by name."""
