"""What every store promises about money, as tests; `contract.py` has the rest."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.store.contract import OpenStore, run_to_end, settled
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Origin
from chit.core.next_turn import Turns
from chit.core.spending import DAY, MONTH, Figures, SpendingQuery
from chit.core.usage import Usage
from chit.store.protocol import Store

ANY = SpendingQuery()
NOON = datetime(2026, 3, 1, 12).timestamp()


async def run(
    store: Store, generation_id: str | None, cost: str | None, *, on: date = date(2026, 3, 1), **members: Any
) -> tuple[Conversation, Generation]:
    """One whole life in a conversation of its own, on that day."""
    origin: Origin = members.pop("origin", "cli")
    conversation = a_conversation(private=members.pop("private", False))
    question = a_message(conversation)
    answer = a_message(conversation, source="actor", parts=(), parent_id=question.id)
    at = datetime(on.year, on.month, on.day, 12).timestamp()
    generation = a_generation(answer, store.owner, created_at=at, origin=origin)
    await store.record_send(conversation=conversation, messages=[question, answer], generation=generation)
    usage = Usage(cost=None if cost is None else Decimal(cost), **members.pop("usage", {}))
    ended = replace(generation, owner=None, generation_id=generation_id, usage=usage, **({"state": "done"} | members))
    await store.record_end(ended, answer, now=100.0)
    return conversation, ended


class SpendingContract:
    """Inherit, and give a fixture `open_store`."""

    async def test_nothing_was_spent_yet(self, open_store: OpenStore) -> None:
        """Nothing is known, nothing can be chosen, and there are no days."""
        store = open_store()
        answer = await store.sum_spending(ANY)
        assert (answer.total, answer.first, answer.dearest) == (Figures(), None, ())
        assert answer.total.cost is None
        assert (await store.list_spending_choices()).models == ()
        assert list(await store.list_charges(ANY, None, 10)) == []

    async def test_what_may_have_been_billed(self, open_store: OpenStore) -> None:
        """Those of which nobody told a cost, the newest first, within the days that are asked for."""
        store, other = open_store(), open_store()
        await run(store, None, None, state="unknown", model="a/one")
        await run(store, "gen-1", "0.5")
        await run(store, None, None, state="failed")
        await run(store, None, None, on=date(2026, 3, 2), state="unknown")
        found = await other.list_unknown_charges(ANY, 10)
        assert [(each.day, each.state) for each in found] == [("2026-03-02", "unknown"), ("2026-03-01", "unknown")]
        assert list(await other.list_unknown_charges(ANY, 1)) == list(found[:1])
        assert list(await other.list_unknown_charges(SpendingQuery(model="a/one"), 9)) == list(found[1:])
        assert list(await other.list_unknown_charges(SpendingQuery(first=date(2026, 3, 3)), 9)) == []

    async def test_figures_are_told_apart(self, open_store: OpenStore) -> None:
        """By model, provider, origin, kind and day, with the served model where it is known."""
        store, other = open_store(), open_store()
        await run(store, "gen-1", "0.5", model="a/one", provider="P")
        await run(store, "gen-2", "0.25", model="a/two", provider="Q", origin="web", private=True)
        await run(store, "gen-3", None, on=date(2026, 3, 2), state="cut")
        answer = await other.sum_spending(ANY)
        assert (answer.first, answer.last, answer.by) == (date(2026, 3, 1), date(2026, 3, 2), DAY)
        assert {name: each.cost for name, each in answer.models.items()} == {
            "a/one": Decimal("0.5"),
            "a/two": Decimal("0.25"),
            "author/slug": None,
        }
        assert {name: each.charges for name, each in answer.providers.items()} == {"P": 1, "Q": 1, "": 1}
        assert {name: each.charges for name, each in answer.origins.items()} == {"cli": 2, "web": 1}
        assert answer.periods["2026-03-01"] == {"a/one": 5 * 10**11, "a/two": 25 * 10**10}
        assert (answer.total.pending, answer.total.failed, answer.total.known) == (3, 1, 2)
        choices = await other.list_spending_choices()
        assert (choices.models, choices.origins) == (("a/one", "a/two", "author/slug"), ("cli", "web"))

    async def test_a_query_leaves_the_rest_out(self, open_store: OpenStore) -> None:
        """Each of its members by itself; both its days belong to it."""
        store = open_store()
        await run(store, "gen-1", "1", model="a/one", provider="P")
        await run(store, "gen-2", "2", model="a/two", provider="Q", origin="web", private=True)
        await run(store, "gen-3", "4", model="a/two", provider="P", on=date(2026, 3, 4))
        for query, cost in (
            (SpendingQuery(model="a/two"), 6),
            (SpendingQuery(provider="P"), 5),
            (SpendingQuery(origin="web"), 2),
            (SpendingQuery(private=False), 5),
            (SpendingQuery(first=date(2026, 3, 2)), 4),
            (SpendingQuery(last=date(2026, 3, 3)), 3),
            (SpendingQuery(first=date(2026, 3, 4), last=date(2026, 3, 4)), 4),
            (SpendingQuery(model="a/two", private=True), 2),
        ):
            answer = await store.sum_spending(query)
            assert answer.total.cost == cost
            assert sum(sum(models.values()) for models in answer.periods.values()) == cost * 10**12
            assert sum(dear.cost for dear in answer.dearest) == cost
            listed = await store.list_charges(query, None, 10)
            assert sum(Decimal(charge.reported_cost or 0) for charge in listed) == cost
            days = await store.list_spending_days(query, None, 10)
            assert sum(day.figures.cost_pico for day in days) == cost * 10**12
        assert (await store.sum_spending(SpendingQuery(model="a/none"))).total == Figures()

    async def test_a_long_range_is_told_by_month(self, open_store: OpenStore) -> None:
        """A day more than a quarter, and the days at its ends belong to their months."""
        store = open_store()
        await run(store, "gen-1", "1", on=date(2025, 12, 31), model="a/b")
        await run(store, "gen-2", "2", on=date(2026, 3, 30), model="a/b")
        await run(store, "gen-3", "4", on=date(2026, 3, 1), model="a/b")
        quarter = SpendingQuery(first=date(2025, 12, 31), last=date(2026, 4, 1))
        assert (await store.sum_spending(quarter)).by == DAY
        answer = await store.sum_spending(replace(quarter, last=date(2026, 4, 2)))
        assert answer.by == MONTH
        assert answer.periods == {"2025-12": {"a/b": 10**12}, "2026-03": {"a/b": 6 * 10**12}}

    async def test_settling_puts_its_figures_in_the_place_of_the_reported(self, open_store: OpenStore) -> None:
        """Cost, model, provider, tokens and what caching saved; what differs is told, and what was reported stays."""
        store = open_store()
        await run(store, "gen-1", "1.5", model="a/one", provider="P", usage={"prompt_tokens": 10})
        await store.record_settlement(
            settled(
                "gen-1",
                total_cost=1.25,
                model="a/served",
                provider_name="Q",
                native_tokens_prompt=12,
                native_tokens_cached=8,
                cache_discount=0.5,
                latency=700,
            )
        )
        answer = await store.sum_spending(ANY)
        total = answer.total
        assert (total.cost, total.pending) == (Decimal("1.25"), 0)
        assert (total.reported_pico, total.settled_pico, total.difference_pico) == (
            15 * 10**11,
            125 * 10**10,
            -25 * 10**10,
        )
        assert (total.prompt_tokens, total.cached_tokens, total.saved_pico) == (12, 8, 5 * 10**11)
        assert (list(answer.models), list(answer.providers)) == (["a/served"], ["Q"])
        assert [sum(buckets.values()) for buckets in answer.latencies.values()] == [1]

    async def test_an_id_is_billed_once(self, open_store: OpenStore) -> None:
        """However many generations carry it, in however many conversations: on the day and the face of the first."""
        store = open_store()
        await run(store, "gen-1", "1", origin="web")
        await run(store, "gen-1", "3", on=date(2026, 3, 5))
        answer = await store.sum_spending(ANY)
        assert (answer.total.charges, answer.total.cost, list(answer.origins)) == (1, Decimal(3), ["web"])
        await store.record_settlement(settled("gen-1", total_cost=2))
        assert (await store.sum_spending(ANY)).total.cost == 2
        assert [charge.day for charge in await store.list_charges(ANY, None, 10)] == ["2026-03-01"]

    async def test_what_is_unknown_is_counted(self, open_store: OpenStore) -> None:
        """Lost without an id: billed perhaps. Refused: not billed. Pending: known later. Running: not yet."""
        store = open_store()
        await run(store, None, None, state="unknown")
        await run(store, None, None, state="failed")
        await run(store, "gen-1", None)
        await send(store)
        total = (await store.sum_spending(ANY)).total
        assert (total.charges, total.unknown, total.pending, total.failed, total.cost) == (3, 1, 1, 2, None)

    async def test_what_may_have_been_billed_is_listed(self, open_store: OpenStore) -> None:
        """The newest first and no more than twenty, with the way to each; only of what was asked for."""
        store = open_store()
        gone, _ = await run(store, None, None, state="unknown", model="a/old")
        for number in range(20):
            conversation, lost = await run(store, None, None, state="unknown", on=date(2026, 3, 2 + number))
        await run(store, "gen-1", "1", on=date(2026, 3, 30))
        await run(store, None, None, state="failed", on=date(2026, 3, 30))
        await store.delete_conversation(gone.id, now=1.0)
        answer = await store.sum_spending(ANY)
        assert (answer.total.unknown, len(answer.doubtful)) == (21, 20)
        first = answer.doubtful[0]
        assert (first.conversation_id, first.message_id, first.title) == (conversation.id, lost.message_id, "Why?")
        assert (first.created_at, first.generation_id, first.private) == (lost.created_at, None, False)
        times = [each.created_at for each in answer.doubtful]
        assert times == sorted(times, reverse=True)
        (old,) = (await store.sum_spending(SpendingQuery(model="a/old"))).doubtful
        assert (old.model, old.title) == ("a/old", None)
        assert (await store.sum_spending(SpendingQuery(first=date(2026, 3, 30)))).doubtful == ()

    async def test_a_providers_bill_is_a_figure_of_its_own(self, open_store: OpenStore) -> None:
        """What the owner of a provider's key pays there is never part of the cost; without such a key it is nothing."""
        store = open_store()
        await run(store, "gen-1", "0.01", usage={"is_byok": True, "upstream_cost": Decimal(2)})
        await run(store, "gen-2", "0.02", usage={"upstream_cost": Decimal(5)})
        total = (await store.sum_spending(ANY)).total
        assert (total.byok, total.provider_pico, total.cost) == (1, 2 * 10**12, Decimal("0.03"))

    async def test_deleting_keeps_costs(self, open_store: OpenStore) -> None:
        """Also for good; the dearest then lead nowhere."""
        store = open_store()
        conversation, _ = await run(store, "gen-1", "1")
        assert (await store.sum_spending(ANY)).dearest[0].title == "Why?"
        await store.delete_conversation(conversation.id, now=1.0)
        await store.purge_deleted(2.0)
        answer = await store.sum_spending(ANY)
        assert answer.total.cost == 1
        (dear,) = answer.dearest
        assert (dear.title, dear.message_id, dear.cost) == (None, None, Decimal(1))

    async def test_the_dearest_come_first(self, open_store: OpenStore) -> None:
        """The ten that cost most; what cost nothing is not among them. Of a long time too."""
        store = open_store()
        for number in range(12):
            await run(store, f"gen-{number}", str(number), model=f"a/{number % 3}")
        await run(store, "gen-old", "0.5", on=date(2020, 1, 1))
        for query in (SpendingQuery(first=date(2026, 3, 1)), ANY):
            assert [int(dear.cost) for dear in (await store.sum_spending(query)).dearest] == [*range(11, 1, -1)]

    async def test_lists_come_in_pieces(self, open_store: OpenStore) -> None:
        """Each goes on where the one before ended; nothing is left out or told twice."""
        store = open_store()
        for number in range(7):
            await run(store, f"gen-{number}", "1", on=date(2026, 3, 1 + number % 3), model=f"a/{number}")
        for one_piece in (store.list_charges, store.list_spending_days):
            models: list[str] = []
            days: list[str] = []
            after = None
            while piece := await one_piece(ANY, after, 2):
                assert len(piece) <= 2
                models += [each.model for each in piece]
                days += [each.day for each in piece]
                after = piece[-1].cursor
            assert sorted(models) == [f"a/{number}" for number in range(7)]
            assert days == sorted(days)

    async def test_a_charge_is_listed_whole(self, open_store: OpenStore) -> None:
        """With every digit of its costs, and the state of its settlement."""
        store = open_store()
        conversation, generation = await run(
            store,
            "gen-1",
            "0.0000000000000000019",
            origin="web",
            time_to_first_token_ms=812,
            usage={"is_byok": True, "upstream_cost": Decimal("0.5")},
        )
        await store.record_settlement(settled("gen-1", total_cost=2, provider_name="P", cache_discount=-0.5))
        (charge,) = await store.list_charges(ANY, None, 10)
        assert (charge.id, charge.generation_id, charge.conversation_id) == (generation.id, "gen-1", conversation.id)
        assert (charge.reported_cost, charge.settled_cost) == ("0.0000000000000000019", "2")
        assert (charge.saved, charge.provider_cost) == (Decimal("-0.5"), Decimal("0.5"))
        assert (charge.state, charge.settlement, charge.time_to_first_token_ms) == ("done", "settled", 812)
        assert (charge.requested_model, charge.model, charge.provider) == ("author/slug", "author/slug", "P")
        (day,) = await store.list_spending_days(ANY, None, 10)
        assert (day.day, day.origin, day.figures.charges) == ("2026-03-01", "web", 1)

    async def test_the_turns_of_a_conversation(self, open_store: OpenStore) -> None:
        """How long its replies are, and what caching saved, which is None until a record tells; it may have cost."""
        store = open_store()
        conversation, _, _ = await run_to_end(store, "gen-1", usage=Usage(completion_tokens=2**63 - 1))
        message = a_message(conversation, source="actor", parts=())
        second = a_generation(message, store.owner)
        await store.record_send(conversation=None, messages=[message], generation=second)
        ended = replace(second, state="done", owner=None, usage=Usage(completion_tokens=3))
        await store.record_end(ended, message, now=1.0)
        assert await store.sum_turns(conversation.id) == Turns(replies=2, completion_tokens=2**63 + 2)
        await store.record_settlement(settled("gen-1", cache_discount=-0.25, native_tokens_completion=5))
        turns = await store.sum_turns(conversation.id)
        assert (turns.saved, turns.average_reply) == (Decimal("-0.25"), 4)
        assert await store.sum_turns("none") == Turns()

    async def test_a_conversation_has_parameters_of_its_own(self, open_store: OpenStore) -> None:
        """They are replaced as a whole; one that was deleted has none."""
        store, other = open_store(), open_store()
        conversation, _, _ = await send(store)
        plugins = [{"id": "context-compression", "enabled": False}]
        assert await store.record_parameters(conversation.id, {"temperature": 0.5, "plugins": plugins})
        assert await store.record_parameters(conversation.id, {"plugins": plugins})
        assert (await other.get_conversation(conversation.id)).parameters == {"plugins": plugins}
        await store.delete_conversation(conversation.id, now=1.0)
        assert not await store.record_parameters(conversation.id, {})
        assert not await store.record_parameters("none", {})
