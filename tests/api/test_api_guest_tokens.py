"""Tokens of another home."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from tests.store.contract_tokens import a_token

from chit.api.guest_tokens import GuestTokens
from chit.core.local_token import Terms, hash_token
from chit.store.sqlite import open_store


async def test_a_guest_is_known_by_its_present_terms(tmp_path: Path) -> None:
    """From its first call on; and it is in the place of another that had its name."""
    store = open_store(tmp_path)
    guests = GuestTokens(store, clock=lambda: 7.0)
    token = a_token()
    await guests.welcome(token)
    await guests.welcome(token)
    assert await store.find_token(token.hash) == token
    changed = replace(token, terms=Terms(day=Decimal(5)))
    await guests.welcome(changed)
    assert await store.find_token(token.hash) == changed
    other = replace(token, hash=hash_token("other"))
    await guests.welcome(other)
    assert await store.find_token(other.hash) == other
    gone = await store.find_token(token.hash)
    assert gone is not None
    assert gone.revoked_at == 7.0
    await store.close()
