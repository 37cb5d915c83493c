"""`chit settle`: fetch the records of generations that are still pending."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chit.cli.options import api_key_file, as_json

if TYPE_CHECKING:
    from chit.app import App

WAIT_SECONDS = 60.0


@click.command()
@click.argument("ids", nargs=-1, metavar="[GENERATION_ID]...")
@click.option("--wait", is_flag=True, help="Keep trying, at most 60 s, until none is pending.")
@as_json
@api_key_file
def settle(ids: tuple[str, ...], wait: bool, as_json: bool, api_key_file: Path | None) -> int:
    """Look up pending costs now: all of them, or those of the gen-… ids given."""
    import asyncio

    from chit.app import open_app
    from chit.prefs import load_prefs
    from chit.vault.sources import load_key

    prefs, key = load_prefs(), load_key(api_key_file)

    async def run() -> dict[str, int]:
        async with open_app(prefs, key=lambda: key, settling=False) as app:
            return await _settle(app, ids, seconds=WAIT_SECONDS if wait else 0.0)

    counts = asyncio.run(run())
    _print(counts, as_json=as_json)
    return 0


async def _settle(app: "App", ids: tuple[str, ...], *, seconds: float) -> dict[str, int]:
    """How many ended in each state."""
    import asyncio
    import time

    counts = {"settled": 0, "pending": 0, "gave_up": 0}
    names = list(ids) or [job.generation_id for job in await app.store.list_pending()]
    deadline = time.monotonic() + seconds
    while names:
        outcomes = await app.settler.settle_now(names)
        for outcome in outcomes:
            if outcome.state != "pending":
                counts[outcome.state] += 1
                names.remove(outcome.generation_id)
        if time.monotonic() >= deadline or not names:
            break
        await asyncio.sleep(min(2.0, max(0.0, deadline - time.monotonic())))
    pending = {job.generation_id for job in await app.store.list_pending()}
    counts["pending"] = len(pending.intersection(names))
    return counts


def _print(counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        from chit.core.jsontext import encode_json

        sys.stdout.write(encode_json(counts).decode() + "\n")
        return
    words = [f"{counts['settled']} settled", f"{counts['pending']} still pending"]
    if counts["gave_up"]:
        words.append(f"{counts['gave_up']} given up: OpenRouter has no record of them")
    sys.stdout.write(" · ".join(words) + "\n")
