"""Local tokens: rows, and what each spent."""

from typing import Any

import apsw

from chit.core.jsontext import decode_object
from chit.core.local_token import LocalToken, Spent, Terms, TokenSpending, decode_terms, encode_terms
from chit.core.surrogates import join_surrogates
from chit.core.usage import from_pico
from chit.store.rows import text_of
from chit.store.schema_spending import HALF, LOCAL_DAY
from chit.store.token_protocol import ChangeTerms
from chit.store.token_sums import ALWAYS

_COLUMNS = "id, hash, name, terms, created_at, revoked_at"
_BY_HASH = f"SELECT {_COLUMNS} FROM local_tokens WHERE hash = ?"  # noqa: S608 - the columns are ours
_BY_NAME = f"SELECT {_COLUMNS} FROM local_tokens WHERE name = ? AND revoked_at IS NULL"  # noqa: S608
_ALL = f"SELECT {_COLUMNS} FROM local_tokens ORDER BY id"  # noqa: S608
_SPENT = f"""
    WITH today (day) AS (SELECT {LOCAL_DAY.format(at=":now")})
    SELECT period, calls, unknown, awaited, cost_high, cost_low FROM today, token_spending
    WHERE token = :token AND period IN (day, substr(day, 1, 7), '{ALWAYS}')
"""  # noqa: S608 - all of it is ours
_LAST = """
    SELECT created_at FROM generations WHERE seq = (
        SELECT generation FROM token_calls WHERE token = ? ORDER BY generation DESC LIMIT 1)
"""


def record_token(connection: apsw.Connection, token: LocalToken) -> bool:
    """See `TokenStore.record_token`."""
    name = join_surrogates(token.name)
    if connection.execute(_BY_NAME, (name,)).fetchone() is not None:
        return False
    connection.execute(
        "INSERT INTO local_tokens (hash, name, terms, created_at, revoked_at) VALUES (?, ?, ?, ?, ?)",
        (token.hash, name, text_of(encode_terms(token.terms)), token.created_at, token.revoked_at),
    )
    return True


def find_token(connection: apsw.Connection, digest: str) -> LocalToken | None:
    """See `TokenStore.find_token`."""
    row = connection.execute(_BY_HASH, (digest,)).fetchone()
    return None if row is None else _read_token(row)


def find_token_spending(connection: apsw.Connection, digest: str, now: float) -> TokenSpending | None:
    """See `TokenStore.find_token_spending`."""
    row = connection.execute(_BY_HASH, (digest,)).fetchone()
    return None if row is None else _sum(connection, row, now)


def list_tokens(connection: apsw.Connection, now: float) -> list[TokenSpending]:
    """See `TokenStore.list_tokens`."""
    return [
        _sum(connection, row, now, last_at=connection.execute(_LAST, (row[0],)).get)
        for row in connection.execute(_ALL).fetchall()
    ]


def change_terms(connection: apsw.Connection, name: str, change: ChangeTerms) -> Terms | None:
    """See `TokenStore.change_terms`."""
    row = connection.execute(_BY_NAME, (join_surrogates(name),)).fetchone()
    if row is None:
        return None
    terms = change(_read_token(row).terms)
    connection.execute("UPDATE local_tokens SET terms = ? WHERE id = ?", (text_of(encode_terms(terms)), row[0]))
    return terms


def revoke_token(connection: apsw.Connection, name: str, now: float) -> bool:
    """See `TokenStore.revoke_token`."""
    query = "UPDATE local_tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL"
    connection.execute(query, (now, join_surrogates(name)))
    return connection.changes() == 1


def _read_token(row: tuple[Any, ...]) -> LocalToken:
    _, digest, name, terms, created_at, revoked_at = row
    return LocalToken(
        hash=digest,
        name=name,
        terms=decode_terms(decode_object(terms.encode())),
        created_at=created_at,
        revoked_at=revoked_at,
    )


def _sum(
    connection: apsw.Connection, row: tuple[Any, ...], now: float, *, last_at: float | None = None
) -> TokenSpending:
    found = {}
    for period, calls, unknown, awaited, high, low in connection.execute(_SPENT, {"token": row[0], "now": now}):
        cost = from_pico((high << HALF) + low)
        found[len(period)] = Spent(cost=cost, calls=calls, unknown=unknown, awaited=awaited)
    nothing = Spent()
    return TokenSpending(
        token=_read_token(row),
        day=found.get(len("2000-01-01"), nothing),
        month=found.get(len("2000-01"), nothing),
        total=found.get(len(ALWAYS), nothing),
        last_at=last_at,
    )
