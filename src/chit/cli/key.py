"""`chit key`: the keys that Chit keeps for you, and the vault they may rest in."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from chit.cli.options import api_key_file, as_json, management, passphrase_fd, store_place
from chit.errors import InputError

if TYPE_CHECKING:
    from chit.cli.unlocking import CommandKeys

Name = Literal["inference", "management"]
Place = Literal["keychain", "file"]


@click.group(
    epilog="""\b
Examples:
  chit key set
  op read op://Private/OpenRouter/key | chit key set
  chit key status
""",
)
def key() -> None:
    """Store, look at and forget your OpenRouter keys. A key is never taken from the command line."""


@key.command(
    name="set",
    epilog="""\b
Examples:
  chit key set
  chit key set --management --store file
  chit key set --label work < key.txt
""",
)
@click.argument("words", nargs=-1, metavar="", type=click.UNPROCESSED)
@management
@click.option("--label", default="", metavar="TEXT", help="A name of yours, shown by `chit key status`.")
@store_place
@passphrase_fd
def set_key(
    words: tuple[str, ...], management: bool, label: str, place: Place | None, passphrase_fd: int | None
) -> None:
    """Store a key, typed unseen or piped in.

    It goes into the system's keychain, or into a vault file that a passphrase opens.
    """
    from chit.cli.key_saving import store_key

    _refuse_on_command_line(*words, label)
    keys = _open_keys(passphrase_fd)
    store_key(keys, _name(management), label=label, place=place)


@key.command(
    epilog="""\b
Examples:
  chit key status
  chit key status --json
""",
)
@as_json
@api_key_file
def status(as_json: bool, api_key_file: Path | None) -> int:
    """Show where keys are, and which is used.

    The exit code is 0 if there is one to send with, else 3.
    """
    from chit.cli.key_status import show_status

    return show_status(_open_keys(None, api_key_file), as_json=as_json)


@key.command(
    epilog="""\b
Examples:
  chit key test
  chit key test --management
""",
)
@management
@as_json
@api_key_file
@passphrase_fd
def test(management: bool, as_json: bool, api_key_file: Path | None, passphrase_fd: int | None) -> int:
    """Ask OpenRouter what the key is and may still spend."""
    from chit.cli.key_checking import check_key

    return check_key(_open_keys(passphrase_fd, api_key_file), _name(management), as_json=as_json)


@key.command(
    epilog="""\b
Examples:
  chit key unlock
  chit key unlock --passphrase-fd 3 3< passphrase.txt
""",
)
@passphrase_fd
def unlock(passphrase_fd: int | None) -> None:
    """Open the vault for your other commands.

    A process in the background keeps it open until it has been idle for a while, or `chit key lock`.
    """
    from chit.cli.key_work import unlock_vault

    unlock_vault(_open_keys(passphrase_fd))


@key.command(
    epilog="""\b
Examples:
  chit key lock
""",
)
def lock() -> None:
    """Close the vault."""
    from chit.cli.key_work import lock_vault

    lock_vault(_open_keys())


@key.command(
    epilog="""\b
Examples:
  chit key passphrase
""",
)
@passphrase_fd
def passphrase(passphrase_fd: int | None) -> None:
    """Change the vault's passphrase.

    From --passphrase-fd come two lines: the old one and the new one.
    """
    from chit.cli.key_work import change_passphrase

    change_passphrase(_open_keys(passphrase_fd))


@key.command(
    epilog="""\b
Examples:
  chit key forget
  chit key forget --all --yes
""",
)
@management
@click.option(
    "--all", "everything", is_flag=True, help="Every key, and the vault file with them; no passphrase needed."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask first.")
@passphrase_fd
def forget(management: bool, everything: bool, yes: bool, passphrase_fd: int | None) -> None:
    """Delete a stored key."""
    from chit.cli.key_work import confirm, forget_all, forget_key

    what = "every stored key and the vault file" if everything else f"the {_name(management)} key"
    if not yes and not confirm(f"Delete {what}?"):
        return
    keys = _open_keys(passphrase_fd)
    if everything:
        forget_all(keys)
    else:
        forget_key(keys, _name(management))


@key.command(
    short_help="Copy the sealed vault file.",
    epilog="""\b
Examples:
  chit key export vault.age
  chit key export - | age --decrypt
""",
)
@click.argument("target", metavar="PATH")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(target: str, force: bool) -> None:
    """Copy the sealed vault file to PATH, or to standard output with '-'.

    The passphrase opens it, in Chit or in the `age` program.
    """
    from chit.cli.key_work import export_vault

    export_vault(_open_keys(), target, force=force)


def _name(management: bool) -> Name:
    return "management" if management else "inference"


def _open_keys(passphrase_fd: int | None = None, api_key_file: Path | None = None) -> "CommandKeys":
    from chit.cli.prefs import load_prefs_aloud
    from chit.cli.unlocking import CommandKeys

    keys = CommandKeys(load_prefs_aloud(), passphrase_fd=passphrase_fd)
    keys.take_given(api_key_file)
    return keys


def _refuse_on_command_line(*words: str) -> None:
    from chit.about import KEYS_PAGE
    from chit.core.stray_secret import holds_key

    if any(holds_key(word) for word in words):
        raise InputError(
            "a key on the command line is seen by other programs and kept in your shell's history; it was not stored",
            hint="Revoke it, create a new one, and paste that when asked by: chit key set",
            link=KEYS_PAGE,
        )
    if any(words[:-1]):
        raise InputError("`chit key set` takes no argument", hint="It asks for the key, or reads it from a pipe.")
