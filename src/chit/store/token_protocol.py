"""What is asked of a store about local tokens. Part of `protocol.Store`."""

from collections.abc import Callable
from typing import Protocol

from chit.core.local_token import LocalToken, Terms, TokenSpending

ChangeTerms = Callable[[Terms], Terms]
"""Called while nobody else can change them. What it raises comes out, and nothing is changed."""


class TokenStore(Protocol):
    """Days and months are those of the local time zone; `now` is unix seconds, and says which are meant."""

    async def record_token(self, token: LocalToken) -> bool:
        """Add it. False if one that is not revoked has its name."""

    async def find_token(self, digest: str) -> LocalToken | None:
        """By the hash of it, revoked or not."""

    async def find_token_spending(self, digest: str, *, now: float) -> TokenSpending | None:
        """As `find_token`, with what it has spent, exact to the pico-dollar; deleted conversations count."""

    async def list_tokens(self, *, now: float) -> list[TokenSpending]:
        """All, the oldest first, revoked ones included, each with its last call."""

    async def change_terms(self, name: str, change: ChangeTerms) -> Terms | None:
        """What they are now. None if there is no such token, or it is revoked."""

    async def revoke_token(self, name: str, *, now: float) -> bool:
        """False if there is no such token, or it is revoked already."""
