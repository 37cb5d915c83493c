"""Signing in with OpenRouter through a page: attempts, each bound to a browser and to a path nobody can guess."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chit.core.pkce import PATH_PREFIX, VERIFIER_BYTES, make_callback_path
from chit.core.secret import Secret
from chit.errors import InputError
from chit.openrouter.callback import CODE_SECONDS
from chit.openrouter.sign_in import SignIn
from chit.vault.found_key import FoundKey
from chit.vault.store import Place
from chit.web.key_keeping import KeyKeeping

_MOST = 16
"""Attempts at once. One more, and the oldest goes."""


@dataclass(slots=True, kw_only=True)
class _Attempt:
    sign_in: SignIn
    session: str
    """The hash of the session that began it."""
    ends_at: float
    one: asyncio.Lock = field(default_factory=asyncio.Lock)
    key: Secret | None = field(default=None, repr=False)
    """Made by OpenRouter and not kept yet, because that failed: the next try need not exchange anything."""


class SignIns:
    """Of one server and one base URL. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        keeping: KeyKeeping,
        base_url: str,
        *,
        learn: Callable[[Secret], None] = lambda key: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keeping = keeping
        self._base_url = base_url
        self._learn = learn
        self._clock = clock
        self._attempts: dict[str, _Attempt] = {}

    def begin(self, session: str, origin: str) -> str:
        """The address to open. OpenRouter leads back to `origin`, which is ours."""
        self._sweep()
        while len(self._attempts) >= _MOST:
            del self._attempts[next(iter(self._attempts))]
        path = make_callback_path(secrets.token_bytes(VERIFIER_BYTES))
        sign_in = SignIn.begin(self._base_url, callback_url=f"{origin}{path}")
        self._attempts[path.removeprefix(PATH_PREFIX)] = _Attempt(
            sign_in=sign_in, session=session, ends_at=self._clock() + CODE_SECONDS
        )
        return sign_in.address

    async def finish(
        self, random: str, code: str, *, session: str, place: Place | None, passphrase: str | None
    ) -> FoundKey:
        """Exchange the code and keep the key, once. The passphrase comes first: nothing may come in between.

        Raises `InputError` for an attempt that is unknown, used, too old or another browser's; what
        `KeyKeeping.prepare` raises leaves the attempt usable; else as `SignIn.exchange` and `KeyKeeping.save`.
        """
        async with self._get(random, session).one:
            attempt = self._get(random, session)  # it may have been finished meanwhile
            rest = await self._keeping.prepare(place, passphrase, verify=attempt.key is None)
            if attempt.key is None:
                attempt.key = await attempt.sign_in.exchange(code)
                self._learn(attempt.key)
            found = await self._keeping.save("inference", attempt.key, rest)
            self._attempts.pop(random, None)
            return found

    def _get(self, random: str, session: str) -> _Attempt:
        self._sweep()
        attempt = self._attempts.get(random)
        if attempt is None or attempt.session != session:
            raise InputError("this sign-in is used up, too old or another browser's", hint="Start a new one.")
        return attempt

    def _sweep(self) -> None:
        """What holds a key stays until that is kept."""
        now = self._clock()
        for random, attempt in list(self._attempts.items()):
            if attempt.ends_at <= now and attempt.key is None:
                del self._attempts[random]
