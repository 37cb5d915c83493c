"""The one line that says that the balance is low, and the key that a balance needs."""

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from chit.cli.terminal import neutralise, write_err
from chit.core.secret import Secret
from chit.core.sentence import sentence
from chit.errors import ChitError, StoreError
from chit.vault.sources import explain_missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from chit.app import App
    from chit.balance import FindKey
    from chit.cli.unlocking import CommandKeys
    from chit.core.low_balance import LowBalance
    from chit.store.protocol import Store

LOAD_SECONDS = 0.5
"""How long a command may take at its end to look at what is known."""
ASK_SECONDS = 2.0
"""How long it asks anew where money ran out."""


def management_finder(keys: "CommandKeys", *, asks: bool = False) -> "FindKey":
    """Finds the management key; a person is asked for a passphrase only with `asks`."""

    async def find() -> Secret:
        await keys.find("management", asks=asks)
        return keys.use("management")

    return find


def thrifty_finder(keys: "CommandKeys", find_store: "Callable[[], Store]") -> "FindKey":
    """The same for a command that should cost little: with a key that was handed over, vault and keychain are not even
    opened unless a management key was ever stored here.
    """
    find = management_finder(keys)

    async def was_stored() -> bool:
        from chit.app import has_key_mark

        try:
            return await has_key_mark(find_store(), "management")
        except StoreError:
            return False

    async def find_if_stored() -> Secret:
        if keys.given is not None and not await was_stored():
            raise explain_missing("management")
        return await find()

    return find_if_stored


async def tell_low_balance(app: "App", error: ChitError | None) -> None:
    """One line on standard error if a notice is due; `error` is what went wrong with the reply.

    OpenRouter is only asked here after an error about money. A refresh that is under way is not waited for.
    """
    from chit.balance import is_about_money

    if not app.prefs.low_balance:
        return
    if app.prefs.settle == "background" and is_about_money(error):
        with suppress(TimeoutError):
            async with asyncio.timeout(ASK_SECONDS):
                await app.balance.refresh()
    with suppress(TimeoutError):
        async with asyncio.timeout(LOAD_SECONDS):
            await app.balance.load()
    write_notice(await app.balance.take_notice(), age=time.time() - (app.balance.balance.asked_at or 0))


def write_notice(notice: "LowBalance | None", *, age: float = 0) -> None:
    """The line; `age` of the balance in seconds is told from two minutes on."""
    if notice is None:
        return
    from chit.core.moments import tell_age

    since = f" (known {tell_age(age)})" if age >= 120 else ""
    write_err(neutralise(f"chit: {sentence(notice.text + since)} {notice.link}\n"))
