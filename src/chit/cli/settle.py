"""`chit settle`: fetch the records of generations that are still pending."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chit.cli.exits import DONE, exit_code, print_error
from chit.cli.options import api_key_file, as_json, passphrase_fd
from chit.errors import NotFound

if TYPE_CHECKING:
    from chit.app import App

WAIT_SECONDS = 60.0


@click.command(
    short_help="Look up pending costs now.",
    epilog="""\b
Examples:
  chit settle
  chit settle --wait
  chit settle gen-1795421188-GbmHZdG7bAwivu2MI0jV --json
""",
)
@click.argument("ids", nargs=-1, metavar="[GENERATION_ID]...")
@click.option("--wait", is_flag=True, help="Keep trying, at most 60 s, until none is pending.")
@as_json
@api_key_file
@passphrase_fd
def settle(
    ids: tuple[str, ...], wait: bool, as_json: bool, api_key_file: Path | None, passphrase_fd: int | None
) -> int:
    """Look up pending costs now: all of them, or those of the gen-… ids given."""
    import asyncio

    from chit.app import open_app
    from chit.cli.prefs import load_prefs_aloud
    from chit.cli.unlocking import CommandKeys

    prefs = load_prefs_aloud()
    keys = CommandKeys(prefs, passphrase_fd=passphrase_fd)
    keys.take_given(api_key_file)

    async def run() -> int:
        await keys.find()
        async with open_app(prefs, key=keys.use, scrub=keys.scrub, settling=False) as app:
            counts = await _settle(app, ids, seconds=WAIT_SECONDS if wait else 0.0)
            _print(counts, as_json=as_json)
            trouble = app.settler.trouble if counts["pending"] else None
        if trouble is None:
            return DONE
        print_error(trouble)
        return exit_code(trouble)

    return asyncio.run(run())


async def _settle(app: "App", ids: tuple[str, ...], *, seconds: float) -> dict[str, int]:
    """How many ended in each state. Raises `NotFound`."""
    import asyncio
    import time

    counts = {"settled": 0, "pending": 0, "gave_up": 0}
    for name in ids:
        await _check_known(app, name)
    deadline = time.monotonic() + seconds
    while names := await _list_pending(app, ids):
        for outcome in await app.settler.settle_now(names):
            if outcome.state != "pending":
                counts[outcome.state] += 1
        counts["pending"] = len(await _list_pending(app, ids))
        left = deadline - time.monotonic()
        if not counts["pending"] or left <= 0:
            break
        await asyncio.sleep(min(2.0, left))
    return counts


async def _check_known(app: "App", name: str) -> None:
    found = await app.store.find(name)
    if found is None or found.kind != "generation":
        raise NotFound(f"no generation here has the id {name}", hint="`chit ask --json` prints the gen-… id.")


async def _list_pending(app: "App", ids: tuple[str, ...]) -> list[str]:
    """Without `ids`, all. Another process may settle some of them meanwhile."""
    pending = [job.generation_id for job in await app.store.list_pending()]
    return [name for name in pending if name in ids or not ids]


def _print(counts: dict[str, int], *, as_json: bool) -> None:
    from chit.cli.terminal import write_json, write_out

    if as_json:
        write_json(counts)
        return
    words = [f"{counts['settled']} settled", f"{counts['pending']} still pending"]
    if counts["gave_up"]:
        words.append(f"{counts['gave_up']} given up: OpenRouter has no record of them")
    write_out(" · ".join(words) + "\n")
