"""The operations about local tokens of the store on SQLite."""

from chit.core.local_token import LocalToken, Terms, TokenSpending
from chit.store import tokens
from chit.store.database import Database
from chit.store.token_protocol import ChangeTerms


class TokenDatabase(Database):
    """See `token_protocol.TokenStore` for what each method promises."""

    async def record_token(self, token: LocalToken) -> bool:
        """See `TokenStore.record_token`."""
        return await self._write(lambda db: tokens.record_token(db, token))

    async def find_token(self, digest: str) -> LocalToken | None:
        """See `TokenStore.find_token`."""
        return self._read(lambda db: tokens.find_token(db, digest))

    async def find_token_spending(self, digest: str, *, now: float) -> TokenSpending | None:
        """See `TokenStore.find_token_spending`."""
        return self._read(lambda db: tokens.find_token_spending(db, digest, now))

    async def list_tokens(self, *, now: float) -> list[TokenSpending]:
        """See `TokenStore.list_tokens`."""
        return self._read(lambda db: tokens.list_tokens(db, now))

    async def change_terms(self, name: str, change: ChangeTerms) -> Terms | None:
        """See `TokenStore.change_terms`."""
        return await self._write(lambda db: tokens.change_terms(db, name, change))

    async def revoke_token(self, name: str, *, now: float) -> bool:
        """See `TokenStore.revoke_token`."""
        return await self._write(lambda db: tokens.revoke_token(db, name, now))
