"""Answers to callers: what upstream said, as it said it, and what is ours to say."""

from math import ceil

from aiohttp import web

from chit.api.headers import pass_back
from chit.api.refusal import ApiRefusal
from chit.core.api_error import write_api_error
from chit.core.sentence import sentence
from chit.errors import (
    ChitError,
    DiskFull,
    InputError,
    KeyUnavailable,
    NotFound,
    StoreError,
    UpstreamError,
    VaultLocked,
)
from chit.openrouter.whole import Whole

SHOULD_RETRY = "x-should-retry"
"""What the SDKs of OpenAI and Anthropic obey when they decide whether to send again."""
_JSON = "application/json"
_NO_KEY = "no_api_key"
_STATUSES: tuple[tuple[type[ChitError], int, str | None], ...] = (
    (VaultLocked, 503, "vault_locked"),
    (KeyUnavailable, 503, _NO_KEY),
    (InputError, 400, None),
    (NotFound, 404, None),
    (DiskFull, 507, "disk_full"),
    (StoreError, 503, "store_failed"),
)
"""The first that fits; None is the error's own kind."""


def pass_whole(path: str, whole: Whole, error: ChitError | None, *, may_retry: bool) -> web.Response:
    """What upstream answered. A failure that is not JSON is told in the shape that the caller can read."""
    headers, body = pass_back(whole.headers), whole.body
    if whole.status >= 400:
        headers[SHOULD_RETRY] = "true" if may_retry else "false"
        if error is not None and not _is_json(body):
            body = _write(path, whole.status, error, raw=body.decode("utf-8", "replace"))
            headers["content-type"] = _JSON
    return web.Response(status=whole.status, body=body, headers=headers)


def tell(path: str, error: ChitError, *, may_retry: bool = False) -> web.Response:
    """An error where upstream has answered nothing that could be passed on."""
    headers = {SHOULD_RETRY: "true" if may_retry else "false"}
    wait = error.retry_after if isinstance(error, UpstreamError) else None
    if wait is not None:
        headers["Retry-After"] = str(max(1, ceil(wait)))
    return _respond(_status_of(error), _write(path, _status_of(error), error), headers)


def refuse(path: str, refusal: ApiRefusal) -> web.Response:
    """What was turned away. It may come again where a time to wait is named."""
    body = write_api_error(
        path,
        status=refusal.status,
        message=refusal.message,
        code=refusal.code,
        hint=refusal.hint,
        link=refusal.link,
    )
    may_retry = "true" if "Retry-After" in refusal.headers else "false"
    return _respond(refusal.status, body, {SHOULD_RETRY: may_retry, **refusal.headers})


def _respond(status: int, body: bytes, headers: dict[str, str]) -> web.Response:
    return web.Response(status=status, body=body, headers=headers, content_type=_JSON)


def _write(path: str, status: int, error: ChitError, raw: str | None = None) -> bytes:
    code = next((code for kind, _, code in _STATUSES if isinstance(error, kind)), None) or error.kind
    message = sentence(error.message[:1].upper() + error.message[1:])
    return write_api_error(path, status=status, message=message, code=code, hint=error.hint, link=error.link, raw=raw)


def _status_of(error: ChitError) -> int:
    """502, or 504 for silence, where nothing came back from upstream."""
    if isinstance(error, UpstreamError):
        return 504 if error.kind in ("upstream_timeout", "stalled") else 502
    return next((status for kind, status, _ in _STATUSES if isinstance(error, kind)), 500)


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[")
