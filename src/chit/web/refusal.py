"""A request that is turned away: what it is told, and what its caller sees of an error of ours."""

from collections.abc import Mapping
from math import ceil

from aiohttp import web

from chit.core.api_error import is_api_path, write_api_error
from chit.core.jsontext import encode_json
from chit.core.sentence import sentence
from chit.errors import (
    ChitError,
    DiskFull,
    InputError,
    KeyUnavailable,
    KindNotTaken,
    NotFound,
    StoreError,
    TooLarge,
    TooManyTries,
    UpstreamError,
    VaultLocked,
    WrongPassphrase,
)
from chit.web.headers import put_headers

_STATUSES = (
    (TooLarge, 413),
    (KindNotTaken, 415),
    (InputError, 400),
    (WrongPassphrase, 403),
    (VaultLocked, 423),
    (TooManyTries, 429),
    (KeyUnavailable, 409),
    (UpstreamError, 502),
    (NotFound, 404),
    (DiskFull, 507),
    (StoreError, 503),
)
"""The first that fits."""


_CODES = {
    401: "invalid_api_key",
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    415: "not_json",
}
_HINTS = {
    401: "Make one: `chit token create NAME`, and send it as `Authorization: Bearer …` or `x-api-key`.",
    404: "`/v1/chat/completions`, `/v1/responses`, `/v1/messages`, `/v1/embeddings` and `/v1/models` are answered.",
}
"""For programs."""


class Refused(Exception):
    """Raised by a check or a handler: answer with this status and these words, and do nothing."""

    def __init__(self, status: int, words: str, **headers: str) -> None:
        """An underscore in the name of a header stands for a hyphen."""
        super().__init__(words)
        self.status = status
        self.words = words
        self.headers = {name.replace("_", "-"): text for name, text in headers.items()}


def refuse(status: int, words: str, headers: Mapping[str, str] | None = None, *, path: str = "") -> web.Response:
    """A short text for a person, or under `/v1` for a program; nothing of the request is repeated in it."""
    if is_api_path(path):
        code = _CODES.get(status, "bug" if status >= 500 else "request_refused")
        body = write_api_error(path, status=status, message=words, code=code, hint=_HINTS.get(status, ""))
        response = web.Response(status=status, body=body, headers=headers, content_type="application/json")
        response.headers["x-should-retry"] = "false"
    else:
        response = web.Response(status=status, text=f"{words}\n", headers=headers)
    put_headers(response.headers)
    return response


def explain(error: ChitError) -> web.Response:
    """The `error` object, as `chit ask --json` has it, with `said`: cause and hint as they stand on a page."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    shown = error.as_dict() | {"said": " ".join(map(_begin, filter(None, (error.message, error.hint))))}
    wait = shown["retry_after"]
    return web.Response(
        status=status,
        body=encode_json({"error": shown}),
        headers={} if wait is None else {"Retry-After": str(max(1, ceil(wait)))},
        content_type="application/json",
        charset="utf-8",
    )


def _begin(text: str) -> str:
    return sentence(text[:1].upper() + text[1:])
