"""What `chit doctor` asks OpenRouter: the connection itself, the key, the credits. All at once, and never for long."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from chit.cli.daemon_threads import DaemonThreads
from chit.cli.unlocking import CommandKeys
from chit.errors import ChitError, KeyUnavailable
from chit.openrouter.client import OpenRouterClient, Timeouts
from chit.openrouter.probe import Probe, probe_connection
from chit.vault.found_key import VaultStatus
from chit.vault.status import find_status

if TYPE_CHECKING:
    from chit.vault.entry import KeyName

SECONDS = 10.0
"""For all of the network; the keychain has a limit of its own."""

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
    probe: Probe | ChitError
    key: Answer | None
    """`GET /key`; None where nothing was asked."""
    credits: Answer | None
    """`GET /credits`; None without a management key."""


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
    probe, key, account = await asyncio.gather(
        _try(probe_connection(keys.prefs.base_url, seconds=seconds)),
        _fetch(keys, "inference", seconds) if sends_keys and isinstance(place, str) else _ask_nothing(),
        _fetch(keys, "management", seconds) if sends_keys and management is True else _ask_nothing(),
    )
    return Reach(
        vault=vault,
        place=place if isinstance(place, str) else None,
        problem=place if isinstance(place, ChitError) else None,
        has_management_key=management is True,
        probe=probe,
        key=key,
        credits=account,
    )


async def _find_vault(keys: CommandKeys) -> VaultStatus:
    return await find_status(keys.store)


async def _find_place(keys: CommandKeys) -> str:
    if keys.given is not None:
        return keys.given.where
    return (await keys.store.get()).where


async def _find_management_key(keys: CommandKeys) -> bool:
    return await keys.store.find("management") is not None


async def _fetch(keys: CommandKeys, name: "KeyName", seconds: float) -> Answer:
    """What the key of that name is there for: to tell of itself, or of the account."""
    async with OpenRouterClient(
        base_url=keys.prefs.base_url,
        key=lambda: keys.use(name),
        timeouts=Timeouts(connect=seconds, lookup=seconds),
        scrub=keys.scrub,
    ) as client:
        return await _try(client.fetch_key() if name == "inference" else client.fetch_credits())


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
