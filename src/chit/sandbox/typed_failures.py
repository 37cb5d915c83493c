"""Failures that only their `error_type` tells apart (field guide §4.2): the message says as little as it may."""

from collections.abc import Mapping

from chit.sandbox.failures import Failure, fail

_STATUSES: Mapping[str, int] = {
    "context_length_exceeded": 400,
    "max_tokens_exceeded": 400,
    "token_limit_exceeded": 400,
    "string_too_long": 400,
    "authentication": 401,
    "permission_denied": 403,
    "payment_required": 402,
    "rate_limit_exceeded": 429,
    "provider_overloaded": 503,
    "provider_unavailable": 502,
    "invalid_request": 400,
    "invalid_prompt": 400,
    "not_found": 404,
    "precondition_failed": 412,
    "payload_too_large": 413,
    "unprocessable": 422,
    "content_policy_violation": 403,
    "refusal": 403,
    "invalid_image": 400,
    "image_too_large": 400,
    "image_too_small": 400,
    "unsupported_image_format": 400,
    "image_not_found": 400,
    "image_download_failed": 400,
    "server": 500,
    "timeout": 504,
    "unmapped": 500,
}


def _typed(kind: str, status: int) -> Failure:
    return fail(status, "The request failed", about=f"error_type {kind} alone", error_type=kind)


TYPED: Mapping[str, Failure] = {
    f"type-{kind.replace('_', '-')}": _typed(kind, status) for kind, status in _STATUSES.items()
}
"""Failures by name, one for every `error_type`."""
