"""SQLite's errors in our words."""

from pathlib import Path

import apsw
import pytest

from chit.errors import DiskFull, NotFound, StoreDamaged, StoreError, StoreUnreadable
from chit.store.faults import explain_store_error

DATABASE = Path("/home/person/chit.db")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (apsw.FullError("full"), DiskFull),
        (apsw.CorruptError("malformed"), StoreDamaged),
        (apsw.NotADBError("no"), StoreDamaged),
        (apsw.BusyError("busy"), StoreError),
        (apsw.LockedError("locked"), StoreError),
        (apsw.CantOpenError("no"), StoreUnreadable),
        (apsw.IOError("io"), StoreUnreadable),
        (OSError(28, "No space left on device"), DiskFull),
        (PermissionError(13, "Permission denied"), StoreUnreadable),
        (ValueError("odd"), StoreUnreadable),
    ],
)
def test_every_error_has_its_kind_and_advice(error: Exception, kind: type[StoreError]) -> None:
    """What SQLite or the system says becomes exactly one of our errors, with the place and what to do."""
    explained = explain_store_error(error, DATABASE)
    assert type(explained) is kind
    assert str(DATABASE.parent) in explained.message
    assert explained.hint


def test_our_own_errors_pass() -> None:
    """A StoreError is not explained twice."""
    error = NotFound("there is no message x")
    assert explain_store_error(error, DATABASE) is error


def test_the_connection_knows_why(tmp_path: Path) -> None:
    """An I/O error is told by the system's reason where the connection has one: a file too large is a full disk."""

    class Connection(apsw.Connection):
        system_errno = 27

    connection = Connection(str(tmp_path / "x.db"))
    assert type(explain_store_error(apsw.IOError("disk I/O error"), DATABASE, connection)) is DiskFull
    connection.close()


def test_a_connection_without_a_reason_changes_nothing(tmp_path: Path) -> None:
    """Where the system gave no reason, SQLite's own words stay."""
    connection = apsw.Connection(str(tmp_path / "x.db"))
    explained = explain_store_error(apsw.IOError("disk I/O error"), DATABASE, connection)
    connection.close()
    assert type(explained) is StoreUnreadable
    assert "disk I/O error" in explained.message
