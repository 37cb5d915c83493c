"""What `chit doctor` asks OpenRouter: the connection itself, the key, the credits. All at once, and never for long."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from chit.cli.daemon_threads import DaemonThreads
from chit.cli.unlocking import CommandKeys
from chit.core.balance_answers import CreditsAnswer, judge_credits, may_ask_instead
from chit.core.balance_records import read_key
from chit.errors import ChitError, KeyUnavailable
from chit.openrouter.client import OpenRouterClient, Timeouts
from chit.openrouter.credits_question import ask_credits
from chit.openrouter.probe import Probe, probe_connection
from chit.vault.found_key import VaultStatus
from chit.vault.status import find_status

if TYPE_CHECKING:
    from chit.vault.entry import KeyName

SECONDS = 10.0
"""For each question to the network; the keychain has a limit of its own."""

T = TypeVar("T")
Answer = Mapping[str, Any] | ChitError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What came back. Keys themselves are not here."""

    vault: VaultStatus | ChitError
    place: str | None
    """Where the key for questions was found, in words that may hold a path; None without one."""
    problem: ChitError | None
    """Why there is none."""
    has_management_key: bool
    management_problem: ChitError | None
    """Why it cannot be told whether there is one, or why it is not to be sent here."""
    probe: Probe | ChitError
    key: Answer | None
    """`GET /key`; None where nothing was asked."""
    credits: CreditsAnswer | None
    """What the management key is told, or a key for questions that is one; None where nothing was asked."""


async def reach_out(
    keys: CommandKeys, problem: KeyUnavailable | None, *, sends_keys: bool, seconds: float = SECONDS
) -> Reach:
    """Find the keys without asking anybody, then ask for everything at the same time.

    `problem` is why the key that was handed over cannot be used. Without `sends_keys` only the connection is tried.
    """
    asyncio.get_running_loop().set_default_executor(DaemonThreads())
    vault = await _try(_find_vault(keys))
    place: str | ChitError | None = problem or await _try(_find_place(keys))
    management = await _try(_find_management_key(keys))
    probe, key, credits = await asyncio.gather(
        _try(probe_connection(keys.prefs.base_url, seconds=seconds)),
        _ask_key(keys, seconds) if sends_keys and isinstance(place, str) else _ask_nothing(),
        _ask_credits(keys, "management", seconds) if sends_keys and management is True else _ask_nothing(),
    )
    if _may_ask_instead(key, credits):
        credits = await _ask_credits(keys, "inference", seconds)
    return Reach(
        vault=vault,
        place=place if isinstance(place, str) else None,
        problem=place if isinstance(place, ChitError) else None,
        has_management_key=management is True,
        management_problem=management if isinstance(management, ChitError) else None,
        probe=probe,
        key=key,
        credits=credits,
    )


async def _find_vault(keys: CommandKeys) -> VaultStatus:
    return await find_status(keys.store)


async def _find_place(keys: CommandKeys) -> str:
    if keys.given is not None:
        return keys.given.where
    return (await keys.store.get()).where


async def _find_management_key(keys: CommandKeys) -> bool:
    return await keys.store.find("management") is not None


def _may_ask_instead(key: Answer | None, credits: CreditsAnswer | None) -> bool:
    allowance = None if key is None or isinstance(key, ChitError) else read_key(key, 0)
    return may_ask_instead(allowance, None if credits is None else judge_credits(credits, 0))


async def _ask_key(keys: CommandKeys, seconds: float) -> Answer:
    """What the key for questions says of itself."""
    async with _open_client(keys, seconds) as client:
        return await _try(client.fetch_key())


async def _ask_credits(keys: CommandKeys, name: "KeyName", seconds: float) -> CreditsAnswer:
    """What the key of that name is told of the account."""
    async with _open_client(keys, seconds) as client:
        answer = await _try(ask_credits(client, lambda: keys.use(name)))
    return CreditsAnswer(said=answer) if isinstance(answer, ChitError) else answer


def _open_client(keys: CommandKeys, seconds: float) -> OpenRouterClient:
    return OpenRouterClient(
        base_url=keys.prefs.base_url,
        key=keys.use,
        timeouts=Timeouts(connect=seconds, lookup=seconds),
        scrub=keys.scrub,
    )


async def _try(asked: Awaitable[T]) -> T | ChitError:
    """One that fails in a way that nobody thought of must not take the others with it."""
    try:
        return await asked
    except ChitError as error:
        return error
    except Exception as error:
        name = type(error).__name__
        return ChitError(f"it could not be looked at: {name}", hint="This is a bug in Chit, sorry.", kind="bug")


async def _ask_nothing() -> None:
    """In the place of a question that is not asked."""
