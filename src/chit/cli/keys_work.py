"""The work of `chit keys`: the API keys of the account, with the management key."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from chit.cli.cells import find_width, fit, measure, pad
from chit.cli.key_saving import RestingPlace, prepare_place, save_key
from chit.cli.terminal import neutralise, write_err, write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.core.account_keys import AccountKey, NewKey, account_key_record, find_keys
from chit.core.secret import Secret
from chit.core.usage import show_cost
from chit.errors import ChitError, InputError, NotFound, UpstreamError, VaultLocked
from chit.openrouter.account import change_account_key, create_account_key, list_account_keys
from chit.openrouter.client import OpenRouterClient
from chit.vault.store import Place

T = TypeVar("T")
_HASH = 8
"""Characters of a hash that are shown: enough to name one key among thousands."""


def ask_as_manager(keys: CommandKeys, work: Callable[[OpenRouterClient], Awaitable[T]]) -> T:
    """`work` with a client, once the management key is found. Raises `KeyUnavailable`, `UpstreamError`."""
    return asyncio.run(_ask(keys, work))


async def _ask(keys: CommandKeys, work: Callable[[OpenRouterClient], Awaitable[T]]) -> T:
    await keys.find("management")
    prefs = keys.prefs
    async with OpenRouterClient(
        base_url=prefs.base_url,
        key=lambda: keys.use("management"),
        app_name=prefs.app_name,
        app_url=prefs.app_url,
        scrub=keys.scrub,
    ) as client:
        return await work(client)


def list_keys(keys: CommandKeys, *, as_json: bool) -> None:
    """Print them. Raises as `ask_as_manager`."""
    found = ask_as_manager(keys, lambda client: list_account_keys(client, lambda: keys.use("management")))
    if as_json:
        write_json({"items": [account_key_record(each) for each in found]})
    elif found:
        write_out(write_keys(found, find_width()))
    else:
        write_out("The account has no API key yet. Create one: chit keys create NAME --limit 5\n")


def create_key(keys: CommandKeys, wanted: NewKey, *, keep: bool, place: Place | None, as_json: bool) -> None:
    """Make it; its text goes to standard output, or into the vault unseen. Raises as `ask_as_manager`, `InputError`."""

    async def run() -> tuple[AccountKey, str]:
        rest = await _prepare(keys, place) if keep else None
        tell = write_err if as_json else write_out
        return await _ask(keys, lambda client: _create(keys, client, wanted, rest, tell))

    made, text = asyncio.run(run())
    if as_json:
        write_json({**account_key_record(made), "key": None if keep else text})
    elif not keep:
        write_out(f"{text}\n")
        write_err("chit: it is shown this once. Keep it where it is needed; in Chit: chit key set\n")


async def _prepare(keys: CommandKeys, place: Place | None) -> RestingPlace:
    """Before the management key is unlocked, since this does that as well: one passphrase is enough for both."""
    with suppress(VaultLocked):
        await keys.find("management", asks=False)  # without one, nobody types a passphrase in vain
    return await prepare_place(keys, place)


async def _create(
    keys: CommandKeys, client: OpenRouterClient, wanted: NewKey, rest: RestingPlace | None, tell: Callable[[str], None]
) -> tuple[AccountKey, str]:
    try:
        made, text = await create_account_key(client, lambda: keys.use("management"), wanted)
    except UpstreamError as error:
        if error.status is None or error.status < 400:
            write_err("chit: whether it was made is not known: see `chit keys`\n")
        raise
    keys.learn(Secret(text))
    if rest is not None:
        await _keep(keys, text, rest, label=wanted.name, tell=tell)
    return made, text


async def _keep(keys: CommandKeys, text: str, rest: RestingPlace, *, label: str, tell: Callable[[str], None]) -> None:
    """In the vault; a key that cannot be kept there is printed, since it cannot be had again. Raises as `save_key`."""
    try:
        await save_key(keys, "inference", Secret(text), rest, label=label, tell=tell)
    except ChitError:
        write_out(f"{text}\n")
        raise


def change_key(keys: CommandKeys, name: str, *, disabled: bool, as_json: bool) -> None:
    """The one that is meant. Raises as `ask_as_manager`, `NotFound`, and `InputError` where it could be several."""

    async def work(client: OpenRouterClient) -> AccountKey:
        found = find_keys(await list_account_keys(client, lambda: keys.use("management")), name)
        if not found:
            raise NotFound(f"the account has no key {name}", hint="`chit keys` lists them.")
        if len(found) > 1:
            raise InputError(f"{len(found)} keys are called {name}", hint="Name the hash that `chit keys` shows.")
        await change_account_key(client, lambda: keys.use("management"), found[0].hash, disabled=disabled)
        return found[0]

    changed = ask_as_manager(keys, work)
    if as_json:
        write_json({"hash": changed.hash, "name": changed.name, "disabled": disabled})
    else:
        what = "does not work any more: chit keys enable" if disabled else "works again: chit keys disable"
        write_out(neutralise(f"{changed.name or changed.label} {what} {changed.hash[:_HASH]}\n"))


def write_keys(found: Sequence[AccountKey], width: int | None) -> str:
    """Hash, name, label, what it spent and may spend, as far as there is room."""
    names = max(measure(fit(each.name, None)) for each in found)
    names = names if width is None else min(names, max(8, width - _HASH - 2))
    lines = []
    for each in found:
        line = f"{each.hash[:_HASH]}  {pad(fit(each.name, names), names)}"
        for more in _tell(each):
            if width is not None and measure(line) + 2 + measure(more) > width:
                break
            line = f"{line}  {more}"
        lines.append(f"{line.rstrip()}\n")
    return neutralise("".join(lines))


def _tell(key: AccountKey) -> list[str]:
    reset = f" {key.reset}" if key.reset else ""
    limit = "no limit" if key.limit is None else f"{show_cost(key.remaining)} left of {show_cost(key.limit)}{reset}"
    facts = ["disabled" if key.disabled else "", f"{show_cost(key.usage)} used", limit, key.label]
    return [fact for fact in [*facts, f"until {key.expires_at[:10]}" if key.expires_at else ""] if fact]
