"""What an error of chat's shape is called elsewhere: OpenRouter's `error_type`, Anthropic's `type`, OpenAI's `code`."""

from collections.abc import Mapping
from typing import Any

_BY_STATUS: Mapping[int, str] = {
    400: "invalid_request",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    408: "timeout",
    412: "precondition_failed",
    413: "payload_too_large",
    422: "unprocessable",
    429: "rate_limit_exceeded",
    500: "server",
    502: "provider_unavailable",
    503: "provider_overloaded",
    504: "timeout",
    524: "timeout",
    529: "provider_overloaded",
}
_ANTHROPIC: Mapping[str, str] = {
    "authentication": "authentication_error",
    "payment_required": "billing_error",
    "permission_denied": "permission_error",
    "not_found": "not_found_error",
    "payload_too_large": "request_too_large",
    "rate_limit_exceeded": "rate_limit_error",
    "provider_overloaded": "overloaded_error",
    "timeout": "timeout_error",
    "server": "api_error",
    "unmapped": "api_error",
    "provider_unavailable": "api_error",
}
_SERVERS = ("server", "unmapped", "provider_unavailable", "provider_overloaded", "timeout")


def name_error(error: Mapping[str, Any], status: int = 500) -> str:
    """The `error_type` of an `error` object: what it says itself, else by its code, or the status if it has none (field
    guide §4.2).
    """
    metadata = error.get("metadata") or {}
    said = metadata.get("error_type") or error.get("error_type")
    return str(said or _BY_STATUS.get(error.get("code", status), "unmapped"))


def name_for_anthropic(kind: str) -> str:
    """The `type` of an Anthropic error, by `error_type`."""
    return _ANTHROPIC.get(kind, "invalid_request_error")


def name_for_responses(kind: str) -> str:
    """The `code` of an error of `/responses`, by `error_type`."""
    if kind in _SERVERS:
        return "server_error"
    return kind if kind == "rate_limit_exceeded" else "invalid_prompt"
