"""The work of `chit balance`: find the keys, ask, print."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from chit.app import open_app
from chit.cli.balance_line import management_finder, write_notice
from chit.cli.balance_table import write_table
from chit.cli.columns import find_columns
from chit.cli.exits import DONE, exit_code, print_error
from chit.cli.terminal import write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.core.balance import Balance
from chit.core.low_balance import LowBalance, find_low
from chit.core.secret import Secret
from chit.errors import ChitError, KeyUnavailable


def show_balance(find_keys: Callable[[], CommandKeys], *, as_json: bool) -> int:
    """Print it; 0 if OpenRouter could be asked anything. `find_keys` may fail with a `ChitError`.

    With `as_json` the object is printed whatever went wrong; else raises what leaves nothing to print, such as
    `KeyUnavailable` if there is no key to ask with.
    """
    try:
        return asyncio.run(_show(find_keys(), as_json=as_json))
    except ChitError as error:
        if not as_json:
            raise
        print_error(error)
        write_json(_record(Balance(), None, error))
        return exit_code(error)


async def _show(keys: CommandKeys, *, as_json: bool) -> int:
    missing: KeyUnavailable | None = None
    try:
        await keys.find()
    except KeyUnavailable as error:  # the management key may do without it
        missing = error

    def use() -> Secret:
        if missing is not None:
            raise missing
        return keys.use()

    finder = management_finder(keys, asks=keys.has_descriptor and missing is None)
    async with open_app(keys.prefs, key=use, management_key=finder, scrub=keys.scrub, settling=False) as app:
        known = await app.balance.refresh()
        trouble = app.balance.trouble
        if missing is not None and isinstance(trouble, KeyUnavailable):
            trouble = missing
        low = find_low(known, keys.prefs.low_balance)
        if as_json:
            write_json(_record(known, low, trouble))
        elif missing is not None and trouble is missing and known.state == "unknown":
            raise missing
        else:
            write_out(write_table(known, time.time(), find_columns()))
            await app.balance.take_notice()  # a person who reads this is told
            write_notice(low)
    if trouble is None:
        return DONE
    print_error(trouble)
    return exit_code(trouble)


def _record(known: Balance, low: LowBalance | None, error: ChitError | None) -> dict[str, Any]:
    """The object: every member present, null where unknown or where nothing is wrong."""
    return known.as_dict() | {
        "age_seconds": None if known.asked_at is None else max(0.0, round(time.time() - known.asked_at, 3)),
        "low": None if low is None else low.as_dict(),
        "error": None if error is None else error.as_dict(),
    }
