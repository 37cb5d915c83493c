"""`chit backup`: a copy of the history that is whole, made while others go on using it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chit.cli.options import as_json
from chit.errors import InputError

if TYPE_CHECKING:
    from chit.store.backups import Backup, Contents


@click.command(
    short_help="Copy the history to a folder.",
    epilog="""\b
Examples:
  chit backup
  chit backup /media/stick/chit
  chit backup --list

Keys and the vault are not in a backup: your passphrase or key stays with you. See docs/backup.md.
""",
)
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[FOLDER]")
@click.option("--list", "lists", is_flag=True, help="Show the backups in the home folder instead, the newest first.")
@as_json
def backup(folder: Path | None, lists: bool, as_json: bool) -> None:
    """Copy the history and its attachments, checked, to FOLDER: a new one in CHIT_HOME/backups by default.

    Running replies are not held up. Preferences, keys and the vault are not in it.
    """
    from chit.cli.prefs import load_prefs_aloud
    from chit.store.backup import make_backup
    from chit.store.backups import list_backups
    from chit.store.home import Home
    from chit.store.restoration import finish_replacements

    if lists and folder is not None:
        raise InputError("--list shows the backups in the home folder, and takes no other")
    home = Home(load_prefs_aloud().home)
    if home.backups.is_dir():
        finish_replacements(home)
    if lists:
        _show_list(list_backups(home), as_json=as_json)
    else:
        _show_made(make_backup(home, folder and folder.absolute()), as_json=as_json)


def _show_made(made: "Backup", *, as_json: bool) -> None:
    from chit.cli.terminal import neutralise, write_err, write_json, write_out

    if as_json:
        write_json(backup_record(made))
        return
    write_out(f"{neutralise(str(made.path))}\nchecked: {describe(made)}\n")
    for flaw in made.flaws:
        write_err(f"chit: not whole, as the history itself is not: {neutralise(flaw)}. See: chit doctor\n")


def _show_list(backups: "list[Backup]", *, as_json: bool) -> None:
    from chit.cli.terminal import neutralise, write_json, write_out

    if as_json:
        write_json({"backups": [backup_record(each) for each in backups]})
    elif backups:
        write_out("".join(f"{neutralise(str(each.path))}\n  {describe(each)}\n" for each in backups))
    else:
        write_out("There is no backup yet. Make one: chit backup\n")


def describe(backup: "Backup") -> str:
    """`31 conversations · 412 replies · $3.10 · 12.4 MiB`."""
    from chit.core.usage import show_cost

    size = f"{backup.size / 1024**2:.1f} MiB"
    if backup.contents is None:
        return f"cannot be read · {size}"
    return f"{count(backup.contents)} · {show_cost(backup.contents.cost)} · {size}"


def count(contents: "Contents") -> str:
    """`31 conversations · 412 replies`."""
    conversations = f"{contents.conversations:,} conversation{'' if contents.conversations == 1 else 's'}"
    return f"{conversations} · {contents.replies:,} repl{'y' if contents.replies == 1 else 'ies'}"


def backup_record(backup: "Backup") -> dict[str, Any]:
    """Its JSON form; money is text, exact to its last digit, and unknown is null."""
    from chit.core.usage import write_cost

    contents = backup.contents
    cost = None if contents is None or contents.cost is None else write_cost(contents.cost)
    return {
        "path": str(backup.path),
        "made_at": backup.made_at,
        "bytes": backup.size,
        "readable": contents is not None,
        "schema": contents and contents.schema,
        "conversations": contents and contents.conversations,
        "replies": contents and contents.replies,
        "cost": cost,
        "flaws": list(backup.flaws),
    }
