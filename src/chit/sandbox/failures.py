"""A failed reply before any token: status, headers, body – and the table of those `sandbox/error-<name>` gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed reply, as it goes on the wire."""

    status: int
    body: Mapping[str, Any] | str
    """JSON, or text for what the edge in front of OpenRouter sends. `{model}` stands for the requested model id."""
    headers: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    @property
    def content_type(self) -> str:
        """`application/json`, or `text/html` for text bodies."""
        return "text/html; charset=UTF-8" if isinstance(self.body, str) else "application/json"

    def encode(self, model: str, now: float) -> bytes:
        """The body as bytes, with the requested model id and quota resets (`now` in unix seconds) filled in."""
        raw = self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)
        quoted = orjson.dumps(model.encode("utf-8", "replace").decode())[1:-1]
        return _with_resets(raw.decode(), now).encode().replace(b"{model}", quoted)

    def encode_headers(self, now: float) -> dict[str, str]:
        """The headers to send at `now` (unix seconds), content type included."""
        sent = {name: _with_resets(value, now) for name, value in self.headers.items()}
        return {"Content-Type": self.content_type} | sent


def _with_resets(text: str, now: float) -> str:
    for name, seconds in (("{next_day}", 86_400), ("{next_minute}", 60)):
        text = text.replace(name, str((int(now) // seconds + 1) * seconds * 1000))
    return text


def fail(status: int, message: str, *, about: str = "", user: bool = False, **metadata: Any) -> Failure:
    """A failure in OpenRouter's plain JSON envelope (shape A); keyword arguments become `error.metadata`."""
    error: dict[str, Any] = {"message": message, "code": status}
    if metadata:
        error["metadata"] = metadata
    body: dict[str, Any] = {"error": error}
    if user:
        body["user_id"] = "user_0000000000000000000000000"
    return Failure(status=status, body=body, about=about)


NO_MODELS = fail(400, "No models provided", user=True, about="no model named, no account default")
UNKNOWN_MODEL = fail(400, "{model} is not a valid model ID", user=True, about="no such model id")
NO_INPUT = fail(400, 'Input required: specify "prompt" or "messages"', user=True, about="neither prompt nor messages")
EMPTY_INPUT = fail(400, "Input must have at least 1 token.", about="messages without text", provider_name=None)
TOO_MANY_MODELS = fail(400, "'models' array must have 3 items or fewer.", user=True, about="too many fallbacks")
AUTH_MISSING = fail(401, "Missing Authentication header", about="no key was sent")
AUTH_USER = fail(401, "User not found.", about="wrong, deleted or disabled key")
MANAGEMENT_ONLY = fail(403, "Only management keys can perform this operation", about="an ordinary key, administering")
ORDINARY_ONLY = fail(403, "Management keys cannot perform this operation", about="a management key, completing")
CREDITS = fail(402, "Insufficient credits. Add more using https://openrouter.ai/credits", about="the balance is gone")
CREDITS_NEVER = fail(
    402,
    "Insufficient credits. This account never purchased credits. Make sure your key is on the correct account or org, "
    "and if so, purchase more at https://openrouter.ai/settings/credits",
    about="a new account, or the wrong one",
)
DATA_POLICY = fail(
    404,
    "No endpoints found matching your data policy (Free model publication). "
    "Configure: https://openrouter.ai/settings/privacy",
    about="the privacy settings exclude every endpoint of a free model",
    routing_funnel=[
        {"step": "Initial Endpoints", "endpoint_count": 1},
        {"step": "Filter by Data Policy", "endpoint_count": 0},
    ],
    failed_routing_step="Filter by Data Policy",
)
NO_ENDPOINTS = fail(
    404, "No endpoints found for {model}.", about="nothing routable is left", failed_routing_step="Filter by Fallback"
)
NOT_FOUND = fail(404, "Resource not found", about="no such path")
TOO_LARGE = fail(413, "Request payload too large", about="the body is too large")


def key_limit(period: str | None) -> Failure:
    """The 403 of a key that has reached its cap; `period` is its `limit_reset`."""
    text = f"Key limit exceeded ({period or 'total'} limit). Manage it using https://openrouter.ai/settings/keys"
    return fail(403, text, about="the key's own spending limit")


def cannot_afford(wanted: int, affordable: int, *, by_key: bool) -> Failure:
    """The 402 of a request whose output cap costs more than is left; both numbers are tokens."""
    remedy = (
        "visit https://openrouter.ai/settings/keys and create a key with a higher total limit"
        if by_key
        else "visit https://openrouter.ai/settings/credits and upgrade to a paid account"
    )
    text = (
        "This request requires more credits, or fewer max_tokens. "
        f"You requested up to {wanted} tokens, but can only afford {affordable}. To increase, {remedy}"
    )
    whose = "the key's limit" if by_key else "the balance"
    return fail(402, text, about=f"{whose} does not cover the output cap; fewer max_tokens would do")


def not_allowed(available: list[str], requested: list[str]) -> Failure:
    """The 404 of a request whose provider lists leave none of the providers (slugs) that serve the model."""
    return fail(
        404,
        "No allowed providers are available for the selected model.",
        about="the provider lists leave nobody",
        available_providers=available,
        requested_providers=requested,
        failed_routing_step="Filter by Allowed Providers",
    )
