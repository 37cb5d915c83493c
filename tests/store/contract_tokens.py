"""What every store promises about local tokens, as tests; `contract.py` has the rest."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.store.contract import OpenStore
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.generation import Generation, Settlement
from chit.core.local_token import LocalToken, Spent, Terms, TokenSpending, hash_token
from chit.core.usage import Usage
from chit.errors import InputError, StoreError
from chit.store.protocol import Store

NOON = datetime(2026, 3, 1, 12).timestamp()
TERMS = Terms(day=Decimal("0.50"), total=Decimal("1E+1"), models=("openai/*", "a/b"), private=True)


def a_token(name: str = "editor", **members: Any) -> LocalToken:
    """A token that may do anything."""
    defaults: dict[str, Any] = {"hash": hash_token(name), "name": name, "created_at": 1.5}
    return LocalToken(**(defaults | members))


async def call(
    store: Store, cost: str | None, *, at: float = NOON, id: str | None = None, name: str = "editor", **members: Any
) -> Generation:
    """One whole call of a token, in a conversation of its own."""
    conversation = a_conversation(origin="api", private=members.pop("private", False))
    question = a_message(conversation)
    answer = a_message(conversation, source="actor", parts=(), parent_id=question.id)
    digest = hash_token(name)
    generation = a_generation(answer, store.owner, created_at=at, origin="api", token=digest)
    await store.record_send(conversation=conversation, messages=[question, answer], generation=generation)
    usage = Usage(cost=None if cost is None else Decimal(cost))
    ended = replace(generation, owner=None, generation_id=id, usage=usage, **({"state": "done"} | members))
    await store.record_end(ended, answer, now=100.0)
    return ended


async def look(store: Store, at: float = NOON, name: str = "editor") -> TokenSpending:
    """What it spent; it is there."""
    found = await store.find_token_spending(hash_token(name), now=at)
    assert found is not None
    return found


def spent(cost: str, calls: int, **members: int) -> Spent:
    """In one period."""
    return Spent(cost=Decimal(cost), calls=calls, **members)


class TokenContract:
    """Inherit, and give a fixture `open_store`."""

    async def test_a_token_is_kept_with_its_terms(self, open_store: OpenStore) -> None:
        """Another store finds it by its hash alone, with every term; a hash that nobody has finds nothing."""
        store, other = open_store(), open_store()
        token = a_token(terms=TERMS)
        assert await store.record_token(token)
        assert await other.find_token(token.hash) == token
        assert await other.find_token(hash_token("nobody")) is None
        assert await other.find_token_spending(hash_token("nobody"), now=NOON) is None
        nothing = Spent()
        assert await other.list_tokens(now=NOON) == [
            TokenSpending(token=token, day=nothing, month=nothing, total=nothing, last_at=None)
        ]

    async def test_a_name_is_taken_until_it_is_revoked(self, open_store: OpenStore) -> None:
        """Two tokens of one name cannot be told apart; a revoked one stays for the ledger, and gives its name free."""
        store = open_store()
        assert await store.record_token(a_token())
        assert not await store.record_token(a_token(hash="another"))
        assert await store.revoke_token("editor", now=7.0)
        assert not await store.revoke_token("editor", now=8.0)
        assert await store.record_token(a_token(hash="another"))
        listed = [(each.token.hash, each.token.revoked_at) for each in await store.list_tokens(now=NOON)]
        assert listed == [(hash_token("editor"), 7.0), ("another", None)]

    async def test_terms_are_changed_while_nobody_else_can(self, open_store: OpenStore) -> None:
        """The change is told what they are; what it raises comes out and changes nothing; revoked ones stay."""
        store, other = open_store(), open_store()
        await store.record_token(a_token(terms=TERMS))
        changed = await other.change_terms("editor", lambda terms: replace(terms, day=None))
        assert changed == replace(TERMS, day=None)

        def refuse(_: Terms) -> Terms:
            raise InputError("no")

        with pytest.raises((InputError, StoreError), match="no"):
            await store.change_terms("editor", refuse)
        found = await store.find_token(hash_token("editor"))
        assert found is not None
        assert found.terms == changed
        await store.revoke_token("editor", now=7.0)
        assert await store.change_terms("editor", lambda terms: terms) is None

    async def test_a_generation_knows_its_token(self, open_store: OpenStore) -> None:
        """However it is read; one without a token has none, and one of a token that is not there is refused whole."""
        store, other = open_store(), open_store()
        await store.record_token(a_token())
        ended = await call(store, "0.5")
        assert (await other.get_generation(ended.id)).token == hash_token("editor")
        found = await other.find_generations([ended.message_id])
        assert found[ended.message_id].token == hash_token("editor")
        with pytest.raises(StoreError):
            await call(store, "0.5", name="nobody")
        assert (await other.list_tokens(now=NOON))[0].total.calls == 1

    async def test_days_and_months_roll_over(self, open_store: OpenStore) -> None:
        """What was spent counts for the day and the month in which it was sent, and in all for ever."""
        store = open_store()
        await store.record_token(a_token())
        midnight = datetime(2026, 4, 1).timestamp()
        for at, cost in ((NOON, "1"), (midnight - 0.001, "2"), (midnight, "4")):
            await call(store, cost, at=at)
        found = [await look(store, at) for at in (NOON, midnight - 0.001, midnight, midnight + 40 * 86_400)]
        costs = [[int(period.cost) for period in (each.day, each.month, each.total)] for each in found]
        assert costs == [[1, 3, 7], [2, 3, 7], [4, 4, 7], [0, 0, 7]]
        assert (await store.list_tokens(now=NOON))[0].last_at == midnight

    async def test_a_settlement_changes_what_was_spent(self, open_store: OpenStore) -> None:
        """Reported cost counts until it settles; one of which nothing is known counts nothing, and is told."""
        store, other = open_store(), open_store()
        await store.record_token(a_token())
        await call(store, "0.25", id="gen-1")
        await call(store, None, id="gen-2", state="stopped")
        await call(store, None, state="unknown")
        await call(store, None, state="failed")
        assert (await look(other)).total == spent("0.25", 4, unknown=1, awaited=1)
        record = {"id": "gen-1", "total_cost": 0.125}
        await other.record_settlement(Settlement(generation_id="gen-1", state="settled", record=record))
        await other.record_settlement(Settlement(generation_id="gen-2", state="gave_up"))
        assert (await look(store)).day == spent("0.125", 4, unknown=2)

    async def test_an_id_counts_once(self, open_store: OpenStore) -> None:
        """A run of OpenRouter's that two calls report is billed once."""
        store = open_store()
        await store.record_token(a_token())
        await call(store, "0.25", id="gen-1")
        await call(store, "0.25", id="gen-1")
        assert (await look(store)).total == spent("0.25", 1)

    async def test_what_is_deleted_keeps_counting(self, open_store: OpenStore) -> None:
        """A conversation may go for good, or have been private: what it cost stays on the account of its token."""
        store = open_store()
        await store.record_token(a_token())
        for private in (False, True):
            ended = await call(store, "0.25", private=private)
            await store.delete_conversation(ended.conversation_id, now=5.0)
        await store.purge_deleted(6.0)
        assert (await look(store)).day == spent("0.5", 2)

    async def test_a_clock_that_jumps_loses_nothing(self, open_store: OpenStore) -> None:
        """A call from a day that never was counts in all, and on that day."""
        store = open_store()
        await store.record_token(a_token())
        for at in (NOON, NOON + 20_000 * 86_400, -5.0, 1e300):
            await call(store, "1", at=at)
        assert (await look(store)).total == spent("4", 4)
        assert (await look(store)).day == spent("1", 1)
        assert (await look(store, 1e300)).day == spent("2", 2)

    async def test_another_time_zone_loses_nothing(self, open_store: OpenStore, timezone: pytest.MonkeyPatch) -> None:
        """What was counted stays on its day when it settles elsewhere; days are those of the place one is at now."""
        store = open_store()
        await store.record_token(a_token())
        at = 1_772_366_400.0  # noon of 1 March 2026 in UTC
        for zone, cost in (("UTC", "1"), ("Pacific/Kiritimati", "2")):
            timezone.setenv("TZ", zone)
            time.tzset()
            await call(store, cost, at=at, id=f"gen-{cost}")
        record = {"id": "gen-1", "total_cost": 3}
        await store.record_settlement(Settlement(generation_id="gen-1", state="settled", record=record))
        found = await look(store, at)
        assert (found.day, found.month, found.total) == (spent("2", 1), spent("5", 2), spent("5", 2))
        assert (await look(store, at - timedelta(days=1).total_seconds())).day == spent("3", 1)
