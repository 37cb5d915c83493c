"""Signed-in browsers: a token of 256 bits each, given out once, kept as a hash, good for 30 days or until revoked."""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from aiohttp import web

from chit.errors import StoreError
from chit.notices import Notices, SessionRevoked
from chit.store.protocol import Session, Store

SESSION_SECONDS = 30 * 86_400.0
_USE_SECONDS = 3600.0
"""The last use is recorded once in so many seconds: a commit for each request would cost more than the request."""
_BYTES = 32
_SCHEME = "Bearer "


class Sessions:
    """Opens, finds and revokes. Every method but `find_hash` may raise `StoreError`."""

    def __init__(self, store: Store, notices: Notices, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._notices = notices
        self._clock = clock

    async def open(self, label: str) -> tuple[str, Session]:
        """A new token, which nobody can ask for again, and what is kept of it."""
        token, now = secrets.token_urlsafe(_BYTES), self._clock()
        session = Session(
            hash=_hash(token), label=label, created_at=now, expires_at=now + SESSION_SECONDS, last_used_at=now
        )
        await self._store.record_session(session)
        return token, session

    async def find(self, request: web.BaseRequest) -> Session | None:
        """The session whose token the request carries, if it is good now."""
        digest = find_hash(request)
        session = None if digest is None else await self._store.find_session(digest)
        now = self._clock()
        if session is None or session.expires_at <= now:
            return None
        if abs(now - session.last_used_at) > _USE_SECONDS:
            with suppress(StoreError):  # a full disk keeps nobody from reading
                await self._store.record_session_use(session.hash, now)
        return session

    async def list(self) -> list[Session]:
        """Those that are good now, oldest first."""
        now = self._clock()
        return [session for session in await self._store.list_sessions() if session.expires_at > now]

    async def revoke(self, digest: str | None = None) -> bool:
        """The one with this hash, or all. False if there was none. Its streams end (`SessionRevoked`)."""
        gone = await self._store.delete_sessions(only=digest)
        for each in gone:
            self._notices.publish(SessionRevoked(each))
        return bool(gone)


def find_hash(request: web.BaseRequest) -> str | None:
    """The hash of the token that a request carries, good or not; None if it carries none, or several."""
    given = request.headers.getall("Authorization", [])
    if len(given) != 1 or not given[0].startswith(_SCHEME):
        return None
    return _hash(given[0].removeprefix(_SCHEME))


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
