"""llm's database (`llm logs path`), read without changing it: a conversation at a time, whatever version made it.

Tables and columns that a version does not have are taken for empty. Which rows make a conversation is noted in a
temporary database first, since llm keeps no index of that.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import apsw

from chit.core.dossier import Dossier
from chit.core.llm_log import write_dossier
from chit.core.members import DossierInvalid
from chit.errors import InputError
from chit.transfer.import_report import Source
from chit.transfer.llm_responses import ResponseRows
from chit.transfer.llm_rows import Rows
from chit.transfer.llm_threads import ThreadRows
from chit.transfer.zip_reading import MOST_DOCUMENT, refuse_file

_TABLES = ("responses", "threads", "logs", "log")
"""One of these it must have."""
_BUSY_MILLISECONDS = 2_000
_STEPS = 10_000
"""Of SQLite's, after which it looks whether to stop: far less than a millisecond."""

Outcome = tuple[str, Dossier | str]


def open_llm_database(path: Path, closing: ExitStack, stop: Event) -> Source:
    """Once `stop` is set, whatever is being read ends soon. Raises `InputError`, then as well."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        closing.callback(connection.close)
        connection.set_progress_handler(stop.is_set, _STEPS)
        _harden(connection)
        database = _LlmDatabase(Rows(connection))
        return Source(total=database.count(), outcomes=database.read())
    except (apsw.Error, UnicodeDecodeError) as error:
        raise _explain(error) from error


def _harden(connection: apsw.Connection) -> None:
    """It may be anybody's: no view, no trigger and no function in its schema is run, and no value is too large."""
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    connection.pragma("trusted_schema", False)
    connection.pragma("cell_size_check", True)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, MOST_DOCUMENT)


def _explain(error: apsw.Error | UnicodeDecodeError) -> InputError:
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return InputError("the database is being written by another program", hint="Wait until llm is done.")
    return refuse_file(f"it is damaged, or no database of llm: {error}")


class _LlmDatabase:
    def __init__(self, rows: Rows) -> None:
        """Raises `InputError`."""
        if not any(map(rows.has, _TABLES)):
            raise refuse_file("it is a database of another program")
        self._rows = rows
        self._responses = ResponseRows(rows)
        self._threads = ThreadRows(rows)

    def count(self) -> int:
        """How many conversations there are."""
        return self._rows.count_conversations()

    def read(self) -> Iterator[Outcome]:
        """Those that were used last come last. Raises `InputError` where the database is damaged."""
        try:
            for number in range(1, self.count() + 1):
                yield self._read_one(number)
        except apsw.Error as error:
            raise _explain(error) from error

    def _read_one(self, number: int) -> Outcome:
        key = str(number)
        try:
            key = self._rows.get_conversation(number)
            self._rows.begin_conversation()
            logged = self._responses.read(key)
            messages = self._threads.read(key, logged)
            if not messages:
                raise DossierInvalid("it holds no messages")
            dossier = write_dossier(key, self._threads.find_name(key) or self._responses.find_name(key), messages)
        except (DossierInvalid, apsw.TooBigError) as error:
            return f"conversation {key}", str(error)
        except UnicodeDecodeError:
            return f"conversation {key}", "it holds text that is not UTF-8"
        title = dossier.conversation.title if dossier.conversation else ""
        return f"“{title}”" if title else dossier.id, dossier
