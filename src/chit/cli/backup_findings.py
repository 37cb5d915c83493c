"""Findings about backups: whether there is one that would do, and which to restore where something is damaged."""

import shlex
import time
from collections.abc import Callable
from pathlib import Path

from chit.cli.age import show_age
from chit.cli.findings import Finding, Hide
from chit.errors import StoreError
from chit.store.backups import Backup, find_newest_whole, list_backups
from chit.store.home import Home

_MAKE = "Make one: chit backup"


def examine_backups(folder: Path, hide: Hide, clock: Callable[[], float] = time.time) -> list[Finding]:
    """Those in the home folder; the newest are checked, until one is whole. `clock` gives unix seconds."""
    home = Home(folder)
    try:
        backups = list_backups(home)
        newest = find_newest_whole(home)
    except StoreError as error:
        text = f"they cannot be looked at: {hide(error.message)}"
        return [Finding(topic="backups", verdict="warn", text=text, hint=hide(error.hint))]
    if not backups:
        hint = _MAKE if home.database.exists() else ""
        return [Finding(topic="backups", verdict="note", text="there is none in the home folder", hint=hint)]
    if newest is None:
        text = f"{len(backups)}, of which none is whole"
        return [Finding(topic="backups", verdict="warn", text=text, hint=_MAKE)]
    age = show_age(max(0.0, clock() - newest.made_at))
    text = f"{len(backups)}, the newest that is whole {age} old: {hide(newest.path.name)}"
    return [Finding(topic="backups", verdict="ok", text=text)]


def advise(home: Home, hide: Hide) -> str:
    """What to do about damage: which backup to restore, if one will do."""
    newest = _find_newest(home)
    if newest is not None:
        return "Put the newest whole backup in its place; what is there now is kept: chit restore " + _quote(
            hide(str(newest.path))
        )
    return (
        "There is no whole backup in the home folder. Move chit.db and what lies beside it aside, and keep it: most of "
        "it can usually be recovered."
    )


def _quote(path: str) -> str:
    """For a shell, which must still see the sign of the person's home."""
    sign = "~/" if path.startswith("~/") else ""
    return sign + shlex.quote(path.removeprefix(sign))


def _find_newest(home: Home) -> Backup | None:
    try:
        return find_newest_whole(home)
    except StoreError:
        return None
