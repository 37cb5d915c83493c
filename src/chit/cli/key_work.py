"""The work of `chit key unlock|lock|passphrase|forget|export`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chit.about import KEYS_PAGE
from chit.cli.terminal import neutralise, write_err, write_out
from chit.cli.typed_line import at_terminal
from chit.cli.unlocking import CommandKeys
from chit.errors import InputError, VaultLocked
from chit.vault.entry import KEY_NAMES

if TYPE_CHECKING:
    from chit.vault.entry import KeyName


def unlock_vault(keys: CommandKeys) -> None:
    """Open it, and leave it with a process that serves this user's commands."""

    async def run() -> None:
        await keys.get_passphrase()
        await keys.store.share(idle_seconds=keys.idle_seconds)

    asyncio.run(run())
    minutes = round(keys.idle_seconds / 60)
    until = f"after {minutes} idle minutes" if minutes else "only when you say so"
    write_out(f"The vault is unlocked for your commands. It locks {until}: chit key lock\n")


def lock_vault(keys: CommandKeys) -> None:
    """Close it, wherever it is open."""
    was_open = asyncio.run(keys.store.agent.lock())
    write_out("The vault is locked.\n" if was_open else "The vault was not unlocked.\n")


def change_passphrase(keys: CommandKeys) -> None:
    """Old, new, and the new once more."""

    async def run() -> None:
        old = await keys.get_passphrase()
        await keys.store.change_passphrase(old, keys.get_new_passphrase())

    asyncio.run(run())
    write_out("The vault has its new passphrase. Copies made before still open with the old one.\n")


def confirm(question: str) -> bool:
    """Yes or no, from a person. Raises `InputError` where there is none."""
    if not at_terminal():
        raise InputError("there is no terminal to ask whether you are sure", hint="Say so with --yes.")
    if click.confirm(question, err=True):
        return True
    write_err("Nothing was deleted.\n")
    return False


def forget_key(keys: CommandKeys, name: "KeyName") -> None:
    """One key, wherever it rests."""

    async def run() -> tuple[str, ...]:
        try:
            return await keys.store.forget(name)
        except VaultLocked:
            if not keys.can_get_passphrase():
                raise
            return await keys.store.forget(name, passphrase=await keys.get_passphrase())

    places = asyncio.run(run())
    _tell_forgotten(keys, f"the {name} key", places)


def forget_all(keys: CommandKeys) -> None:
    """Every key, and the vault file whatever is in it."""

    async def run() -> list[str]:
        places = ["file"] if keys.store.file.exists() else []
        await keys.store.forget_vault()
        for name in KEY_NAMES:
            places += await keys.store.forget(name)
        return places

    _tell_forgotten(keys, "every stored key", asyncio.run(run()))


def _tell_forgotten(keys: CommandKeys, what: str, places: "tuple[str, ...] | list[str]") -> None:
    names = {"keychain": keys.store.keychain.where, "file": f"the vault file {keys.store.file.path}"}
    where = " and ".join(names[place] for place in dict.fromkeys(places))
    if where:
        write_out(neutralise(f"Deleted: {what}, from {where}. At OpenRouter it still works: {KEYS_PAGE}\n"))
    else:
        write_out("There was nothing to delete.\n")
    if keys.given is not None:
        write_err(neutralise(f"chit: {keys.given.where} still holds a key, which is yours to remove.\n"))


def export_vault(keys: CommandKeys, target: str, *, force: bool) -> None:
    """The sealed file as it is."""
    sealed = keys.store.export()
    if target == "-":
        if sys.stdout.isatty():
            raise InputError("the vault file is no text for a terminal", hint="Name a file, or send it into a pipe.")
        sys.stdout.buffer.write(sealed)
        sys.stdout.buffer.flush()
        return
    try:
        _write_file(Path(target), sealed, force=force)
    except FileExistsError:
        raise InputError(f"{target} is there already", hint="Name another file, or replace it with --force.") from None
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}", hint="Name another file.") from error
    write_out(neutralise(f"The sealed vault is in {target}. Its passphrase opens it, in Chit or with age.\n"))


def _write_file(path: Path, data: bytes, *, force: bool) -> None:
    """For this user alone. Raises `OSError`."""
    from chit.vault.replacement import replace_file

    if force:
        replace_file(path, data)
        return
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with open(handle, "wb") as file:
        file.write(data)
