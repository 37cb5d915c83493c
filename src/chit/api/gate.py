"""Who may call: the local token that a request carries, and the models it may ask."""

import time
from collections.abc import Callable, Sequence
from shlex import quote
from typing import Protocol

from multidict import CIMultiDictProxy

from chit.api.refusal import ApiRefusal
from chit.core.local_token import PREFIX, LocalToken, hash_token
from chit.core.stray_secret import holds_key

FRESH_SECONDS = 0.5
"""For so long a token is not looked up again; another process may revoke one, or change its terms."""
_MOST = 256
"""Tokens that are remembered."""
_SCHEME = "bearer "
_CREATE = "Create a local token (chit token create NAME) and send it as the API key."


class Tokens(Protocol):
    """Where tokens are kept: a store, or who knows of one."""

    async def find_token(self, digest: str) -> LocalToken | None:
        """By the hash of it, revoked or not. Raises `StoreError`."""


class Gate:
    """Looks up tokens by their hashes, so that the time it takes tells nothing of them."""

    def __init__(self, tokens: Tokens, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that only grow."""
        self._tokens = tokens
        self._clock = clock
        self._known: dict[str, tuple[LocalToken, float]] = {}

    async def admit(self, headers: CIMultiDictProxy[str]) -> LocalToken:
        """The token that came as Bearer or as `x-api-key`. Raises `ApiRefusal` (401) and `StoreError`.

        A client may send both, one of them a key of its own for elsewhere: the first that is good counts.
        """
        given = _read_given(headers)
        found = [token for text in given if (token := await self._find(hash_token(text))) is not None]
        good = [token for token in found if token.revoked_at is None]
        if good:
            return good[0]
        raise _refuse(given, found)

    def check_model(self, token: LocalToken, request_model: str | None, models: Sequence[str]) -> None:
        """Every model that a request names must be allowed. Raises `ApiRefusal` (403).

        `request_model` is its `model`, `models` what else may answer it.
        """
        if not token.terms.models:
            return
        names = [*([] if request_model is None else [request_model]), *models]
        refused = next((name for name in names if not token.terms.allows(name)), None)
        if names and refused is None:
            return
        what = "no model, and the account's default might be any" if refused is None else refused
        raise ApiRefusal(
            403,
            f"The local token {token.name} may not ask this: the request names {what}.",
            "model_not_allowed",
            f"It may ask {', '.join(token.terms.models)}. To change it: chit token set {quote(token.name)} --model ID",
        )

    async def is_revoked(self, digest: str) -> bool:
        """Whether the token of this hash may no longer call, at most `FRESH_SECONDS` late. Raises `StoreError`."""
        token = await self._find(digest)
        return token is None or token.revoked_at is not None

    async def _find(self, digest: str) -> LocalToken | None:
        """Only good ones are remembered: who guesses fills nothing."""
        now = self._clock()
        kept = self._known.get(digest)
        if kept is not None and now - kept[1] < FRESH_SECONDS:
            return kept[0]
        self._known.pop(digest, None)
        token = await self._tokens.find_token(digest)
        if token is not None and token.revoked_at is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[digest] = token, now
        return token


def _read_given(headers: CIMultiDictProxy[str]) -> list[str]:
    """What may be a token. Raises `ApiRefusal` where a header came twice, or in a way that is not ours."""
    bearer, plain = headers.getall("Authorization", []), headers.getall("x-api-key", [])
    if len(bearer) > 1 or len(plain) > 1:
        raise _unauthorised("The request carries the same credential header twice.")
    given = [text[len(_SCHEME) :].strip() for text in bearer if text[: len(_SCHEME)].lower() == _SCHEME]
    if bearer and not given and not plain:
        raise _unauthorised("Authorization must be: Bearer, a space, and a local token.")
    return [text for text in (*given, *plain) if text]


def _refuse(given: Sequence[str], found: Sequence[LocalToken]) -> ApiRefusal:
    if found:
        return _unauthorised(f"The local token {found[0].name} is revoked.")
    if any(holds_key(text.replace(PREFIX, "")) for text in given):
        return _unauthorised("That is a key of a provider, not a local token of Chit; it was not used.")
    return _unauthorised("This local token is not known here." if given else "The request carries no local token.")


def _unauthorised(message: str) -> ApiRefusal:
    return ApiRefusal(401, message, "invalid_api_key", _CREATE, headers={"WWW-Authenticate": "Bearer"})
