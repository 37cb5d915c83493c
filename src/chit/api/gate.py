"""Stand-in until branch `tokens` is merged."""

from collections.abc import Mapping, Sequence
from typing import Any

from chit.api.refusal import ApiRefusal
from chit.core.jsontext import decode_object
from chit.core.local_token import LocalToken, decode_terms, hash_token


class Gate:
    """Looks at the table."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def admit(self, headers: Mapping[str, str]) -> LocalToken:
        """Raises `ApiRefusal`."""
        text = headers.get("x-api-key") or headers.get("Authorization", "").removeprefix("Bearer ")
        token = self._find(hash_token(text))
        if token is None:
            raise ApiRefusal(401, "This token is not known here.", "invalid_token")
        return token

    def check_model(self, token: LocalToken, model: str | None, models: Sequence[str]) -> None:
        """Raises `ApiRefusal`."""

    async def is_revoked(self, digest: str) -> bool:
        """Whether it is gone."""
        return self._find(digest) is None

    def _find(self, digest: str) -> LocalToken | None:
        query = "SELECT name, terms FROM local_tokens WHERE hash = ? AND revoked_at IS NULL"
        row = self._store._read(lambda db: db.execute(query, (digest,)).fetchone())
        return row and LocalToken(hash=digest, name=row[0], terms=decode_terms(decode_object(row[1].encode())))
