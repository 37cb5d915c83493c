"""`chit key test`: what OpenRouter says of the key."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chit.about import KEYS_PAGE, MANAGEMENT_KEYS_PAGE
from chit.cli.exits import DONE, exit_code, print_error
from chit.cli.terminal import neutralise, write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.core.balance_records import read_is_management
from chit.core.secret import Secret
from chit.core.usage import read_cost, show_cost
from chit.errors import ChitError
from chit.openrouter.client import OpenRouterClient, Timeouts

if TYPE_CHECKING:
    from chit.vault.entry import KeyName

SECONDS = 5.0
"""For the question that nobody asked for."""
_UNKNOWN = "–"
_MONEY = ("limit", "limit_remaining", "usage_daily")


def check_key(keys: CommandKeys, name: "KeyName", *, as_json: bool) -> int:
    """Ask, print; 0 if the key is of the kind that its name says, else 3. Raises `KeyUnavailable`, `UpstreamError`."""
    data = asyncio.run(_fetch(keys, name))
    kind = _read_kind(data)
    masked = keys.use(name).masked
    if as_json:
        write_json({"name": name, "key": masked, "kind": kind} | _pick(data))
    else:
        write_out("".join(f"{title:<12}{neutralise(text)}\n" for title, text in _lines(data, masked, kind)))
    problem = _find_mismatch(name, kind)
    if problem is None:
        return DONE
    print_error(problem)
    return exit_code(problem)


async def warn_of_kind(keys: CommandKeys, name: "KeyName", key: Secret) -> None:
    """One line on standard error if OpenRouter says that a key that was just stored is not what it was stored as.

    Nothing is said where it cannot be asked.
    """
    with suppress(ChitError):
        async with OpenRouterClient(
            base_url=keys.prefs.base_url,
            key=lambda: key,
            timeouts=Timeouts(connect=SECONDS, lookup=SECONDS),
            scrub=keys.scrub,
        ) as client:
            problem = _find_mismatch(name, _read_kind(await client.fetch_key()))
        if problem is not None:
            print_error(problem)


async def _fetch(keys: CommandKeys, name: "KeyName") -> dict[str, Any]:
    await keys.find(name)
    prefs = keys.prefs
    async with OpenRouterClient(
        base_url=prefs.base_url,
        key=lambda: keys.use(name),
        app_name=prefs.app_name,
        app_url=prefs.app_url,
        scrub=keys.scrub,
    ) as client:
        return await client.fetch_key()


def _read_kind(data: Mapping[str, Any]) -> str | None:
    return {True: "management", False: "ordinary", None: None}[read_is_management(data)]


def _pick(data: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a program may rely on, null where unknown; money as text, exact."""
    money = {name: None if (cost := read_cost(data.get(name))) is None else str(cost) for name in _MONEY}
    return money | {name: data.get(name) for name in ("label", "limit_reset", "expires_at", "is_free_tier")}


def _lines(data: Mapping[str, Any], masked: str, kind: str | None) -> list[tuple[str, str]]:
    limit, remaining, today = (show_cost(read_cost(data.get(name))) for name in _MONEY)
    has_no_limit = "limit" in data and data["limit"] is None
    reset = data.get("limit_reset")
    free = data.get("is_free_tier")
    return [
        ("key", masked),
        ("kind", kind or _UNKNOWN),
        ("label", str(data.get("label") or _UNKNOWN)),
        ("limit", "none" if has_no_limit else limit),
        ("remaining", f"{remaining}, reset {reset}" if reset else remaining),
        ("used today", today),
        ("expires", _tell_expiry(data)),
        ("free tier", {True: "yes", False: "no"}.get(free, _UNKNOWN) if isinstance(free, bool) else _UNKNOWN),
    ]


def _tell_expiry(data: Mapping[str, Any]) -> str:
    if "expires_at" in data and data["expires_at"] is None:
        return "never"
    return str(data.get("expires_at") or _UNKNOWN)


def _find_mismatch(name: str, kind: str | None) -> ChitError | None:
    if name == "inference" and kind == "management":
        return ChitError(
            "this is a management key: it cannot ask models",
            hint="Store it with `chit key set --management`, and an ordinary one with `chit key set`.",
            kind="key_wrong_kind",
            link=KEYS_PAGE,
        )
    if name == "management" and kind == "ordinary":
        return ChitError(
            "this is an ordinary key: it cannot read the balance",
            hint="Create a management key and store it: chit key set --management",
            kind="key_wrong_kind",
            link=MANAGEMENT_KEYS_PAGE,
        )
    return None
