"""Errors of ours on the local API, in the shape that its callers know: OpenAI's, or on Messages Anthropic's."""

from typing import Any

from chit.core.jsontext import encode_json

PREFIX = "/v1"
"""Where the local API is."""
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES = {402: "billing_error", 503: "overloaded_error", 529: "overloaded_error"}
_SERVER, _ANTHROPIC_SERVER = "server_error", "api_error"


def is_api_path(path: str) -> bool:
    """Whether what is wrong there is told in these shapes."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def write_api_error(
    path: str, *, status: int, message: str, code: str, hint: str = "", link: str | None = None, raw: str | None = None
) -> bytes:
    """The body. `raw` is what upstream said where that was no error of its own shape."""
    told: dict[str, Any] = {"message": message, "code": code}
    told |= {"hint": hint} if hint else {}
    told |= {"link": link} if link else {}
    told |= {"metadata": {"raw": raw}} if raw else {}
    if path == f"{PREFIX}/messages" or path.startswith(f"{PREFIX}/messages/"):
        kind = _ANTHROPIC_TYPES.get(status) or _TYPES.get(status) or _default(status, _ANTHROPIC_SERVER)
        return encode_json({"type": "error", "error": {"type": kind, **told}})
    kind = _TYPES.get(status) or _default(status, _SERVER)
    return encode_json({"error": {"type": kind, "param": None, **told}})


def _default(status: int, server: str) -> str:
    return server if status >= 500 else _TYPES[400]
