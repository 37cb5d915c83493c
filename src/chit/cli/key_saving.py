"""How a key gets into the store: with a passphrase where it takes one, and a line that says where it rests."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chit.about import KEYS_PAGE
from chit.cli.key_marks import remember_key
from chit.cli.terminal import neutralise, write_err, write_out
from chit.cli.typed_line import ask_hidden, at_terminal
from chit.cli.unlocking import CommandKeys
from chit.core.secret import Secret, SecretInvalid
from chit.errors import InputError, KeyUnavailable

if TYPE_CHECKING:
    from chit.vault.entry import KeyName
    from chit.vault.passphrase import Passphrase
    from chit.vault.store import Place

_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingPlace:
    """Where a key is about to be kept, and what opens that."""

    place: "Place"
    passphrase: "Passphrase | None"


async def prepare_place(keys: CommandKeys, place: "Place | None") -> RestingPlace:
    """Choose, and get the passphrase: nothing may come in between once there is a key. Raises as `get_passphrase`."""
    if place == "keychain":
        await keys.store.keychain.probe()
    chosen = place or await keys.store.choose_place()
    if chosen == "keychain":
        return RestingPlace(place=chosen, passphrase=None)
    if keys.store.file.exists():
        return RestingPlace(place=chosen, passphrase=await keys.get_passphrase())
    write_err("The key goes into a vault file. Choose a passphrase for it: nobody can open it without.\n")
    return RestingPlace(place=chosen, passphrase=keys.get_new_passphrase())


async def save_key(
    keys: CommandKeys,
    name: "KeyName",
    key: Secret,
    rest: RestingPlace,
    *,
    label: str = "",
    tell: Callable[[str], None] = write_out,
) -> None:
    """Keep it and `tell` where."""
    given = keys.given
    found = await keys.store.save(name, key, label=label, place=rest.place, passphrase=rest.passphrase)
    await remember_key(keys, found)
    tell(neutralise(f"The {name} key {key.masked} rests in {found.where}, for {found.base_url}.\n"))
    if given is not None and name == "inference":
        write_err(neutralise(f"chit: {given.where} holds a key as well, which is used instead.\n"))


def store_key(keys: CommandKeys, name: "KeyName", *, label: str, place: "Place | None") -> None:
    """`chit key set`."""
    key = _read_key(name)
    keys.learn(key)

    async def run() -> None:
        from chit.cli.key_checking import warn_of_kind

        await save_key(keys, name, key, await prepare_place(keys, place), label=label)
        await warn_of_kind(keys, name, key)

    asyncio.run(run())


def _read_key(name: "KeyName") -> Secret:
    if at_terminal():
        text = ask_hidden(f"Your OpenRouter {name} key (it is not shown): ")
    elif sys.stdin.isatty():
        raise KeyUnavailable("there is no terminal to ask for the key", hint="Pipe it in: … | chit key set")
    else:
        text = sys.stdin.buffer.read(_MOST_BYTES).decode("utf-8", "replace")
    try:
        return Secret(text)
    except SecretInvalid as error:
        raise InputError(f"that is no key: {error}", hint="Copy it again, or create one.", link=KEYS_PAGE) from None
