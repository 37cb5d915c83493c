"""The copy that is kept of a history before its schema is changed (promise G11)."""

from contextlib import suppress
from pathlib import Path

import apsw

from chit.errors import DiskFull, StoreDamaged, StoreError
from chit.store.faults import explain_store_error
from chit.store.home import Home
from chit.store.integrity import check_pages
from chit.store.snapshot import copy_database, measure, sync

PREFIX = "before-schema-"
_UNFINISHED = ".new-"
_IS_FILLED = """
    SELECT EXISTS (SELECT 1 FROM conversations) OR EXISTS (SELECT 1 FROM generations) OR EXISTS (SELECT 1 FROM settings)
"""


def keep_before(connection: apsw.Connection, database: Path, schema: int) -> None:
    """`backups/before-schema-N.db`, verified, in the place of earlier ones; nothing of a history that is empty.

    `schema` is the one that it is about to get. The caller is alone in the home. Raises `DiskFull` and `StoreDamaged`,
    and nothing is changed then.
    """
    if not connection.execute(_IS_FILLED).get:
        return
    folder = Home(database.parent).backups
    kept = folder / f"{PREFIX}{schema}.db"
    unfinished = folder / f"{_UNFINISHED}{kept.name}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(f"{_UNFINISHED}{PREFIX}*"):  # of a process that was killed
            left.unlink()
        copy_database(connection, unfinished)
        _verify(unfinished, database)
        unfinished.replace(kept)
        sync(folder)
    except (apsw.Error, OSError) as error:
        explained = explain_store_error(error, kept, connection)
        raise (_refuse_room(connection, folder) if isinstance(explained, DiskFull) else explained) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    for earlier in folder.glob(f"{PREFIX}*.db"):
        if earlier != kept:
            earlier.unlink()


def _verify(copy: Path, database: Path) -> None:
    if problems := check_pages(copy):
        raise StoreDamaged(
            f"{database} is damaged, so that it is not brought up to date: {problems[0]}",
            hint="Restore a backup: `chit doctor` names the newest that is whole. Nothing was changed.",
        )


def _refuse_room(connection: apsw.Connection, folder: Path) -> StoreError:
    return DiskFull(
        f"there is no room in {folder} for the backup that is made before the history is brought up to date "
        f"({measure(connection) // 1024**2 + 1} MiB)",
        hint="Free some space and try again; nothing was changed.",
    )
