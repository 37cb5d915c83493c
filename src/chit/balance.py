"""The balance, kept honest and fresh: asked for at the start, after replies, when money ran out, and on demand.

What is known is shared between processes through the store, under a name that is bound to the base URL and to marks of
the keys (never to the keys): with another key it is not found. Nothing here holds up a request.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from chit.core.balance import Balance, Credits, KeyAllowance
from chit.core.balance_answers import (
    NO_MANAGEMENT_KEY,
    NOT_MANAGEMENT,
    UNREADABLE,
    Reason,
    choose_error,
    explain_reason,
    judge_credits,
    may_ask_instead,
)
from chit.core.balance_records import read_balance, read_key
from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.core.low_balance import LowBalance, decide_notice, read_told
from chit.core.secret import Secret
from chit.errors import ChitError, KeyUnavailable, StoreError, UpstreamError, VaultError
from chit.notices import BalanceChanged, GenerationEnded, Notice, Notices
from chit.openrouter.client import OpenRouterClient
from chit.openrouter.credits_question import ask_credits
from chit.prefs import UserPrefs
from chit.store.protocol import Store
from chit.vault.fingerprint import KEY_MARKS, fingerprint, read_marks

REFRESH_SECONDS = 60.0
"""What is younger is not asked for anew, except on demand and when money ran out."""
HEAD_START_SECONDS = 0.2
"""A question that is asked as the program starts goes first."""
PAUSE_SECONDS = 5.0
"""Between two questions in the background, however many requests fail for want of money."""
NOTICE_SECONDS = 3600.0
"""What is older is no reason to tell a person anything."""

_ABOUT_MONEY = ("credits_exhausted", "credits_insufficient", "credits_in_flight", "key_limit", "budget")

FindKey = Callable[[], Awaitable[Secret]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """The keys of one question, or why there are none."""

    inference: Secret | KeyUnavailable
    management: Secret | KeyUnavailable | None
    """None where nobody can say."""


class BalanceWatch:
    """Knows the balance: `run` for as long as the program lives, `load` or `refresh` for a moment."""

    def __init__(
        self,
        *,
        store: Store,
        client: OpenRouterClient,
        notices: Notices,
        prefs: UserPrefs,
        key: Callable[[], Secret],
        management_key: FindKey | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Both keys are asked for each time, and may raise `KeyUnavailable`; finding the management key may take time.

        `clock` gives unix seconds.
        """
        self.balance = Balance()
        """What is known here; `load` also looks at what other processes found out."""
        self.trouble: ChitError | None = None
        """Why the last question brought nothing at all."""
        self._store = store
        self._client = client
        self._notices = notices
        self._base_url = prefs.base_url
        self._threshold = prefs.low_balance
        self._key = key
        self._management_key = management_key
        self._clock = clock
        self._bound_to: str | None = None
        self._marks: dict[str, str] = {}
        self._asking = asyncio.Lock()
        self._begun = self._answered = self._stale = 0
        self._ended = asyncio.Event()
        self._ran_out = asyncio.Event()

    def change_threshold(self, threshold: Decimal) -> None:
        """From now on a balance below this is low; US dollars, 0 for never."""
        self._threshold = threshold

    async def load(self) -> Balance:
        """What was last found out with these keys, by this process or another; OpenRouter is not asked."""
        await self._recall(await self._find_keys())
        return self.balance

    async def refresh(self) -> Balance:
        """Ask now, or wait for a question that is under way, unless money ran out after it began.

        What cannot be asked stays as it was, with its age and the reason; nothing is raised for it.
        """
        before = self._answered
        async with self._asking:
            if self._answered <= max(before, self._stale):
                await self._ask()
        return self.balance

    async def refresh_if_due(self) -> Balance:
        """Ask unless some process did so within the last minute."""
        await self.load()
        return self.balance if self._seconds_left() else await self.refresh()

    async def take_notice(self) -> LowBalance | None:
        """The notice that is due by what is known here, for the caller to show: it counts as told.

        What was told outlives the process. Two processes that ask in the same moment may both get it.
        """
        return await self._decide(self.balance.newer_than(self._clock() - NOTICE_SECONDS), showing=True)

    async def run(self) -> None:
        """Until cancelled: ask at the start, after replies at most once a minute, and when money ran out."""
        unsubscribe = self._notices.subscribe(self._note)
        try:
            await asyncio.sleep(HEAD_START_SECONDS)
            await self.refresh_if_due()
            while True:
                await self._await_reason()
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            unsubscribe()

    def _note(self, notice: Notice) -> None:
        if isinstance(notice, GenerationEnded):
            self._ended.set()
            if is_about_money(notice.error):
                self._stale = self._begun
                self._ran_out.set()

    async def _await_reason(self) -> None:
        await self._ended.wait()
        while (seconds := self._seconds_left()) and not self._ran_out.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._ran_out.wait()
        ran_out = self._ran_out.is_set()
        self._ended.clear()
        self._ran_out.clear()
        await (self.refresh() if ran_out else self.refresh_if_due())

    def _seconds_left(self) -> float:
        """Until the next question may be asked; a clock that was set back does not count."""
        tried_at = self.balance.tried_at
        passed = REFRESH_SECONDS if tried_at is None else self._clock() - tried_at
        return REFRESH_SECONDS - passed if 0 <= passed < REFRESH_SECONDS else 0.0

    # --- asking ----------------------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        self._begun = question = self._begun + 1
        keys = await self._find_keys()
        await self._recall(keys)
        known = self.balance
        (key, key_reason), (credits, credits_reason) = await asyncio.gather(
            self._ask_key(keys.inference), self._ask_credits(keys.management)
        )
        if may_ask_instead(key, credits):
            credits, credits_reason = await self._ask_credits(keys.inference)
        self.trouble = choose_error(key_reason, credits_reason) if key is None and credits is None else None
        self.balance = Balance(
            credits=credits or (None if credits_reason is NOT_MANAGEMENT else known.credits),
            key=key or known.key,
            credits_problem=explain_reason(credits_reason),
            key_problem=explain_reason(key_reason),
            tried_at=self._clock(),
        )
        self._answered = question
        await self._record("balance", self.balance.as_dict())
        await self._decide(self.balance, showing=False)
        self._notices.publish(BalanceChanged(self.balance))

    async def _ask_key(self, key: Secret | KeyUnavailable) -> tuple[KeyAllowance | None, Reason]:
        if not isinstance(key, Secret):
            return None, key
        try:
            allowance = read_key(await self._client.fetch_key(key=lambda: key), self._clock())
        except ChitError as error:
            return None, error
        return (None, UNREADABLE) if allowance.says_nothing else (allowance, None)

    async def _ask_credits(self, key: Secret | KeyUnavailable | None) -> tuple[Credits | None, Reason]:
        if not isinstance(key, Secret):
            return None, NO_MANAGEMENT_KEY if key is None or key.kind == KeyUnavailable.kind else key
        judged = judge_credits(await ask_credits(self._client, lambda: key), self._clock())
        return (judged, None) if isinstance(judged, Credits) else (None, judged)

    # --- remembering -----------------------------------------------------------------------------------------------

    async def _find_keys(self) -> _Keys:
        inference: Secret | KeyUnavailable
        management: Secret | KeyUnavailable | None = None
        try:
            inference = self._key()
        except KeyUnavailable as error:
            inference = error
        if self._management_key is not None:
            try:
                management = await self._management_key()
            except KeyUnavailable as error:
                management = error
        return _Keys(inference=inference, management=management)

    async def _recall(self, keys: _Keys) -> None:
        """Bind to these keys, and take over what is known with them."""
        name = await self._name_of(keys)
        if name != self._bound_to:
            self._bound_to, self.balance = name, Balance()
        stored = read_balance(await self._find_record("balance"))
        if (stored.tried_at or 0) > (self.balance.tried_at or 0):
            self.balance = stored
            self._notices.publish(BalanceChanged(stored))

    async def _name_of(self, keys: _Keys) -> str | None:
        """By which the base URL with these keys is known; None without any key."""
        self._marks = {
            "inference": await self._find_mark("inference", keys.inference),
            "management": await self._find_mark("management", keys.management),
        }
        marks = self._marks.values()
        return sha256("\n".join([self._base_url, *marks]).encode()).hexdigest()[:16] if any(marks) else None

    async def _find_mark(self, name: str, key: Secret | KeyUnavailable | None) -> str:
        """A key in a locked vault is the one that was last seen there: locking must not make forget."""
        if isinstance(key, Secret):
            return fingerprint(key)
        if not isinstance(key, VaultError):
            return ""
        try:
            recorded = read_marks(await self._store.find_setting(KEY_MARKS))
        except StoreError:
            recorded = None
        return (recorded and recorded.fingerprints.get(name)) or self._marks.get(name, "")

    async def _decide(self, balance: Balance, *, showing: bool) -> LowBalance | None:
        """The notice if it is to be shown, which counts as told; what has recovered is forgotten in any case."""
        told = read_told(await self._find_record("balance_told"))
        notice, after = decide_notice(balance, self._threshold, told)
        if notice is not None and not showing:
            return None
        if after != told and not await self._record("balance_told", after.as_dict()):
            return None  # what cannot be remembered would be told for ever
        return notice

    async def _find_record(self, what: str) -> dict[str, Any]:
        """A store that fails, or holds nonsense, has nothing."""
        if self._bound_to is None:
            return {}
        try:
            return decode_object((await self._store.find_setting(f"{what} {self._bound_to}") or "{}").encode())
        except (StoreError, JsonInvalid):
            return {}

    async def _record(self, what: str, record: dict[str, Any]) -> bool:
        """Whether it is kept: a store that fails costs only the memory."""
        if self._bound_to is None:
            return False
        try:
            await self._store.record_setting(f"{what} {self._bound_to}", encode_json(record).decode())
        except StoreError:
            return False
        return True


def is_about_money(error: ChitError | None) -> bool:
    """Whether credits, a key's limit or a budget are why (field guide §4.6, §4.7: a key's limit answers 403)."""
    return isinstance(error, UpstreamError) and (error.status == 402 or error.kind in _ABOUT_MONEY)
