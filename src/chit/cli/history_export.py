"""The work of `chit export`: to standard output, or to a file that is either whole or not there."""

import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from chit.cli.history_home import find_conversation, run_with_history
from chit.cli.prefs import load_prefs_aloud
from chit.cli.terminal import neutralise, write_err
from chit.cli.unlocking import CommandKeys
from chit.core.dossier_json import Scrub
from chit.core.scrub import Scrubber
from chit.errors import ChitError, InputError
from chit.store.protocol import Store
from chit.store.sqlite import SqliteStore
from chit.transfer.exporting import Form, export_all, export_one

_STDOUT = Path("-")


def export_conversations(
    names: Sequence[str], *, everything: bool, form: Form, output: Path | None, force: bool
) -> None:
    """One file, or a zip of them. Raises `InputError`, `NotFound`, `StoreError`."""
    if everything == bool(names):
        raise InputError("say which conversations: ids, or --all", hint="`chit list` shows the ids.")
    is_zip = everything or len(names) > 1
    target = _STDOUT if output is None else output
    if target == _STDOUT and is_zip and (output is None or sys.stdout.isatty()):
        raise InputError("several conversations make a zip, which needs a file", hint="Name one: -o chit.zip")
    if target != _STDOUT and not force and target.exists():
        raise InputError(f"{target} is there already", hint="Name another file, or replace it with --force.")
    scrub = find_scrub()

    async def work(store: SqliteStore) -> int:
        ids = None if everything else [await find_conversation(store, name) for name in names]
        if is_zip:
            return await _write(target, export_all(store, form, scrub, ids))
        assert ids  # noqa: S101 - there is one, or a zip is made
        return await _write(target, _export_one(store, ids[0], form, scrub))

    size = run_with_history(work)
    if target != _STDOUT:
        write_err(neutralise(f"{target}: {size / 1000:,.0f} kB\n"))


async def _export_one(store: Store, conversation_id: str, form: Form, scrub: Scrub) -> AsyncIterator[bytes]:
    yield (await export_one(store, conversation_id, form, scrub))[1]


def find_scrub() -> Scrub:
    """Hides the key that was handed over, and whatever looks like one."""
    keys = CommandKeys(load_prefs_aloud())
    with suppress(ChitError):
        keys.take_given()
    looks_like_one = Scrubber(()).scrub
    return lambda text: looks_like_one(keys.scrub(text))


async def _write(target: Path, pieces: AsyncIterator[bytes]) -> int:
    """How many bytes. Raises `BrokenPipeError`, and `ChitError` for a file that cannot be written."""
    if target == _STDOUT:
        return await _write_out(pieces)
    size = 0
    try:
        with _replacing(target) as file:
            async for piece in pieces:
                size += file.write(piece)
    except OSError as error:
        raise ChitError(
            f"{target} cannot be written: {error.strerror}", hint="Name another file.", kind="output_failed"
        ) from error
    return size


@contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file for this user alone, which takes its place once it is whole. Raises `OSError`."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


async def _write_out(pieces: AsyncIterator[bytes]) -> int:
    """As they are: a terminal gets no control characters."""
    size = 0
    async for piece in pieces:
        shown = neutralise(piece.decode()).encode() if sys.stdout.isatty() else piece
        size += len(shown)
        sys.stdout.buffer.write(shown)
    sys.stdout.buffer.flush()
    return size
