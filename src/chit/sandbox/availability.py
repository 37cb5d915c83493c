"""Model-availability failures (field guide §4.3): the envelope with `error.availability`, one for every code."""

from collections.abc import Mapping
from typing import Any

from chit.sandbox.failures import Failure

_PRIVACY = "https://openrouter.ai/settings/privacy"


def available(code: str, status: int, message: str, about: str, kind: str, **more: Any) -> Failure:
    """A failure in the availability envelope (shape B); retryable exactly when `retry_after` seconds are given."""
    retry_after = more.get("retry_after")
    availability = {
        "code": code,
        "retryable": retry_after is not None,
        "requested_models": ["{model}"],
        "docs_url": "https://openrouter.ai/docs/api_reference/errors-and-debugging",
    }
    error = {"message": message, "error_type": kind, "http_status": status, "availability": availability | more}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Failure(status=status, body={"error": error}, headers=headers, about=about)


REGION_RESTRICTED = available(
    "region_restricted", 403, "{model} is not available in your region", "a geographic gate", "permission_denied"
)
WRONG_ENDPOINT = available(
    "wrong_endpoint",
    400,
    "{model} cannot be used for chat completions",
    "the wrong kind of model",
    "invalid_request",
)
_CAPACITY = available(
    "capacity_exhausted",
    429,
    "All providers for {model} are at capacity",
    "all providers are full",
    "rate_limit_exceeded",
    retry_after=2,
)
_EXCLUSIONS = (
    "geo",
    "data_region",
    "data_policy:zdr",
    "data_policy:training",
    "max_price",
    "context_length",
    "require_parameters",
    "quantization",
    "allowed_providers",
)


def _excluded(by: str) -> Failure:
    """The 404 whose only word on its cause is `excluded_by`."""
    return available(
        "constraint_filtered",
        404,
        "No endpoints for {model} meet the constraints of this request",
        f"{by} excludes every provider",
        "not_found",
        excluded_by=[by],
    )


AVAILABILITY: Mapping[str, Failure] = {
    "capacity": _CAPACITY,
    "availability-capacity-exhausted": _CAPACITY,
    "availability-model-not-found": available(
        "model_not_found", 400, "{model} is not a valid model ID", "an unknown id", "not_found"
    ),
    "availability-wrong-endpoint": WRONG_ENDPOINT,
    "availability-no-endpoints": available(
        "no_endpoints", 404, "No endpoints found for {model}.", "nothing routable", "not_found"
    ),
    "availability-model-deprecated": available(
        "model_deprecated",
        404,
        "{model} has been deprecated",
        "retired; others are named",
        "not_found",
        fallback_models=["openai/gpt-5-mini", "google/gemini-2.5-flash"],
    ),
    "availability-model-unavailable-upstream": available(
        "model_unavailable_upstream",
        404,
        "{model} is no longer offered upstream",
        "the provider removed it",
        "not_found",
    ),
    "availability-privacy-restricted": available(
        "privacy_restricted",
        404,
        f"No endpoints for {{model}} match your data policy (training). Adjust at {_PRIVACY}",
        "the data policy removed all endpoints",
        "not_found",
        excluded_by=["data_policy:training"],
    ),
    "availability-constraint-filtered": available(
        "constraint_filtered",
        404,
        "No endpoints for {model} meet max_price",
        "a price, context or parameter filter",
        "not_found",
        excluded_by=["max_price"],
        constraint={"field": "provider.max_price", "detail": "cheapest endpoint costs more"},
    ),
    "availability-free-variant-ended": available(
        "free_variant_ended",
        404,
        "The free variant of {model} has ended",
        "only paid endpoints are left",
        "not_found",
        fallback_models=["openai/gpt-5-mini"],
    ),
    "availability-region-restricted": REGION_RESTRICTED,
    "availability-temporarily-unavailable": available(
        "temporarily_unavailable",
        503,
        "{model} is temporarily unavailable",
        "transient upstream failures",
        "provider_unavailable",
        retry_after=2,
        affected_providers=["Sandbox"],
    ),
    **{f"excluded-{by.replace(':', '-').replace('_', '-')}": _excluded(by) for by in _EXCLUSIONS},
}
"""Failures by name."""
