"""The work of `chit export`: to standard output, or to a file that is either whole or not there."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from chit.cli.history_home import find_conversation, run_with_history
from chit.cli.output import PRIVATE, Output, OutputFile, open_output
from chit.cli.prefs import load_prefs_aloud
from chit.cli.terminal import is_terminal, neutralise, write_err
from chit.cli.unlocking import CommandKeys
from chit.core.dossier_json import Scrub
from chit.core.scrub import Scrubber
from chit.errors import ChitError, InputError
from chit.store.protocol import Store
from chit.store.sqlite import SqliteStore
from chit.transfer.exporting import Form, export_all, export_one


def export_conversations(
    names: Sequence[str], *, everything: bool, form: Form, output: str | None, force: bool
) -> None:
    """One file, or a zip of them. Raises `InputError`, `NotFound`, `StoreError`."""
    if everything == bool(names):
        raise InputError("say which conversations: ids, or --all", hint="`chit list` shows the ids.")
    is_zip = everything or len(names) > 1
    if is_zip and (output is None or (output == "-" and is_terminal(sys.stdout))):
        raise InputError("several conversations make a zip, which needs a file", hint="Name one: -o chit.zip")
    scrub = find_scrub()
    with open_output(output, overwrite=force, mode=PRIVATE) as target:

        async def work(store: SqliteStore) -> int:
            ids = None if everything else [await find_conversation(store, name) for name in names]
            if is_zip:
                return await _write(target, export_all(store, form, scrub, ids))
            assert ids  # noqa: S101 - there is one, or a zip is made
            return await _write(target, _export_one(store, ids[0], form, scrub))

        size = run_with_history(work)
        if isinstance(target, OutputFile):
            target.keep()
            write_err(neutralise(f"{target.name}: {size / 1000:,.0f} kB\n"))


async def _export_one(store: Store, conversation_id: str, form: Form, scrub: Scrub) -> AsyncIterator[bytes]:
    yield (await export_one(store, conversation_id, form, scrub))[1]


def find_scrub() -> Scrub:
    """Hides the key that was handed over, and whatever looks like one."""
    keys = CommandKeys(load_prefs_aloud())
    with suppress(ChitError):
        keys.take_given()
    looks_like_one = Scrubber(()).scrub
    return lambda text: looks_like_one(keys.scrub(text))


async def _write(target: Output, pieces: AsyncIterator[bytes]) -> int:
    """How many bytes. Raises as `Output.write_bytes`."""
    size = 0
    async for piece in pieces:
        target.write_bytes(piece)
        size += len(piece)
    return size
