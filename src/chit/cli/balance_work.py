"""The work of `chit balance`: find the keys, ask, print."""

import asyncio
import time

from chit.app import open_app
from chit.cli.balance_line import management_finder, write_notice
from chit.cli.balance_table import balance_lines
from chit.cli.exits import DONE, exit_code, print_error
from chit.cli.terminal import neutralise, write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.core.low_balance import find_low
from chit.errors import KeyUnavailable


def show_balance(keys: CommandKeys, *, as_json: bool) -> int:
    """Print it; 0 if OpenRouter could be asked anything. Raises `KeyUnavailable` if there is no key to ask with."""
    return asyncio.run(_show(keys, as_json=as_json))


async def _show(keys: CommandKeys, *, as_json: bool) -> int:
    missing: KeyUnavailable | None = None
    try:
        await keys.find()
    except KeyUnavailable as error:  # the management key may do without it
        missing = error
    finder = management_finder(keys, asks=keys.has_descriptor and missing is None)
    async with open_app(keys.prefs, key=keys.use, management_key=finder, scrub=keys.scrub, settling=False) as app:
        known = await app.balance.refresh()
        trouble = app.balance.trouble
        if missing is not None and isinstance(trouble, KeyUnavailable):
            raise missing
        now = time.time()
        if as_json:
            low = find_low(known, keys.prefs.low_balance)
            age = None if known.asked_at is None else max(0.0, round(now - known.asked_at, 3))
            write_json(known.as_dict() | {"age_seconds": age, "low": None if low is None else low.as_dict()})
        else:
            write_out(
                "".join(f"{title:<26}{neutralise(text)}".rstrip() + "\n" for title, text in balance_lines(known, now))
            )
            await app.balance.take_notice()  # a person who reads this is told
            write_notice(find_low(known, keys.prefs.low_balance))
    if trouble is None:
        return DONE
    print_error(trouble)
    return exit_code(trouble)
