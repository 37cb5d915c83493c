"""What every store promises of whole conversations. A subclass gives the fixture `open_store`."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.dossiers import PICTURE_ADDRESS, a_dossier, a_generation, same
from tests.store.contract import OpenStore, append, claim, settled
from tests.store.samples import send

from chit.core.dossier import Dossier
from chit.core.generation import Settlement
from chit.core.messages import MediaPart, TextPart
from chit.core.usage import Usage
from chit.errors import NotFound, StoreError
from chit.store.dossier_protocol import Added
from chit.store.protocol import Store

DAY = 86_400.0


async def add(store: Store, dossier: Dossier, now: float = 1000.0) -> Added:
    """Without keys to hide."""
    return await store.add_dossier(dossier, scrub=same, now=now)


def pending(dossier: Dossier, **members: float | None) -> Dossier:
    """Its cost is still looked for."""
    [generation] = dossier.generations
    assert generation.generation_id
    waiting = Settlement(generation_id=generation.generation_id, **members)  # type: ignore[arg-type] # by name
    return replace(dossier, generations=(replace(generation, settlement=waiting),))


class DossierContract:
    """Inherit, and give a fixture `open_store`."""

    async def test_what_is_added_is_there_for_everyone(self, open_store: OpenStore) -> None:
        """Another store sees the conversation, its messages, its reply, its record, its cost and its words."""
        dossier = a_dossier()
        assert await add(open_store(), dossier) == Added(is_new=True, changed=True, messages=2)
        other = open_store()
        loaded = await other.load_dossier(dossier.id)
        assert [replace(each, seq=0) for each in loaded.messages] == list(dossier.messages)
        assert loaded.generations == dossier.generations
        assert loaded.conversation
        assert replace(loaded.conversation, seq=0) == dossier.conversation
        assert await other.sum_conversation(dossier.id) == Decimal("0.0000012")
        [summary] = await other.list_conversations(None, 9)
        assert (summary.id, summary.pending) == (dossier.id, 0)
        assert (await other.get_message(dossier.messages[1].id)).extra["OpenRouter"]["generation"]["total_cost"]

    async def test_adding_twice_changes_nothing(self, open_store: OpenStore) -> None:
        """Attack 42: the second time all is here."""
        store, dossier = open_store(), a_dossier()
        await add(store, dossier)
        before = await store.load_dossier(dossier.id)
        assert await add(store, dossier) == Added()
        assert await store.load_dossier(dossier.id) == before

    async def test_a_contradiction_changes_nothing(self, open_store: OpenStore) -> None:
        """Not even what was missing is added; the reason is told."""
        store, dossier = open_store(), a_dossier()
        await add(store, replace(dossier, messages=dossier.messages[:1], generations=()))
        spoilt = replace(dossier.messages[0], parts=(TextPart("Other"),))
        added = await add(store, replace(dossier, messages=(spoilt, dossier.messages[1])))
        assert added == Added(conflict="a message in it is another one here (parts)")
        assert len((await store.load_dossier(dossier.id)).messages) == 1

    async def test_what_belongs_elsewhere_is_a_contradiction(self, open_store: OpenStore) -> None:
        """A message or a generation of another conversation."""
        store, dossier, other = open_store(), a_dossier(), a_dossier()
        await add(store, dossier)
        for stolen, what in (
            (replace(other, messages=dossier.messages, generations=()), "messages"),
            (replace(other, messages=(), generations=(replace(dossier.generations[0], message_id=""),)), "generations"),
        ):
            assert await add(store, stolen) == Added(conflict=f"{what} in it belong to another conversation here")
        assert await store.list_dossiers() == [dossier.id]

    async def test_dossiers_come_in_the_order_of_use(self, open_store: OpenStore) -> None:
        """Least lately used first, every origin; deleted ones of which costs are left stand before all others."""
        store = open_store()
        first, second, gone = a_dossier(), a_dossier(), a_dossier()
        assert second.conversation
        for each in (first, replace(second, conversation=replace(second.conversation, origin="api")), gone):
            await add(store, each)
        await store.delete_conversation(gone.id, now=5.0)
        assert await store.list_dossiers() == [gone.id, first.id, second.id]

    async def test_of_a_deleted_conversation_only_costs_are_loaded(self, open_store: OpenStore) -> None:
        """And of one that is not there nothing is."""
        store, dossier = open_store(), a_dossier()
        await add(store, dossier)
        await store.delete_conversation(dossier.id, now=5.0)
        loaded = await store.load_dossier(dossier.id)
        assert (loaded.conversation, loaded.messages, len(loaded.generations)) == (None, (), 1)
        with pytest.raises(NotFound):
            await store.load_dossier("nowhere")

    async def test_a_deleted_conversation_comes_back(self, open_store: OpenStore) -> None:
        """By the import of an earlier export, before it is purged and after; its costs alone bring nothing back."""
        store, dossier = open_store(), a_dossier()
        await add(store, dossier)
        await store.delete_conversation(dossier.id, now=5.0)
        gone = await store.load_dossier(dossier.id)
        assert await add(store, gone) == Added()
        assert await add(store, dossier) == Added(changed=True)
        assert (await store.load_dossier(dossier.id)).messages
        await store.delete_conversation(dossier.id, now=5.0)
        await store.purge_deleted(9.0)
        assert await add(store, gone) == Added()
        assert await add(store, dossier) == Added(is_new=True, changed=True, messages=2)
        assert (await store.load_dossier(dossier.id)).generations == dossier.generations
        assert (await store.find_generation(dossier.messages[1].id)) == dossier.generations[0]

    async def test_a_row_without_reply_or_error_is_filled(self, open_store: OpenStore) -> None:
        """With an error in the place of a reply as well."""
        store, dossier = open_store(), a_dossier()
        failed = a_generation(dossier.messages[1], completion=None, error={"message": "no"}, state="failed")
        for each in (failed, replace(failed, id="x", error=None)):
            dossier = replace(dossier, generations=(*dossier.generations, each))
        await add(store, dossier)
        await store.delete_conversation(dossier.id, now=5.0)
        await store.purge_deleted(9.0)
        await add(store, dossier)
        assert (await store.load_dossier(dossier.id)).generations == dossier.generations

    async def test_costs_of_a_deleted_conversation_are_added(self, open_store: OpenStore) -> None:
        """They count in totals, and no conversation appears."""
        store, dossier = open_store(), a_dossier()
        gone = replace(dossier, conversation=None, messages=(), generations=())
        assert await add(store, gone) == Added()
        bare = replace(dossier.generations[0], message_id="", request=b"", completion=None)
        assert await add(store, replace(gone, generations=(bare,))) == Added(changed=True)
        assert await store.sum_conversation(dossier.id) == Decimal("0.0000012")
        assert await store.list_conversations(None, 9) == []
        assert (await store.load_dossier(dossier.id)).generations == (bare,)

    async def test_a_pending_cost_goes_on_settling(self, open_store: OpenStore) -> None:
        """When it was due there it is due here; one that still ran there is looked for in two seconds."""
        store = open_store()
        await add(store, pending(a_dossier(), ended_at=900.0, next_attempt_at=990.0))
        assert await store.next_settlement_at() == 990.0
        [job] = await store.list_pending()
        assert await claim(store, 991.0) == [job.generation_id]
        await store.record_settlement(settled(job.generation_id))
        await add(store, pending(a_dossier()), now=2000.0)
        [job] = await store.list_pending()
        assert (job.ended_at, job.next_attempt_at) == (2000.0, 2002.0)

    async def test_a_record_is_taken_over(self, open_store: OpenStore) -> None:
        """Of a cost that was still looked for here; who looks for it just now changes nothing any more."""
        store, dossier = open_store(), a_dossier()
        await add(store, pending(dossier, ended_at=900.0, next_attempt_at=990.0))
        [name] = await claim(store, 991.0)
        assert await add(store, dossier) == Added(changed=True)
        assert await store.list_pending() == []
        assert not await store.record_settlement(Settlement(generation_id=name, attempts=5))
        assert await store.sum_conversation(dossier.id) == Decimal("0.0000012")

    async def test_an_absurd_cost_never_fails_an_import(self, open_store: OpenStore) -> None:
        """It is kept as text, and sums pass it by."""
        store, dossier = open_store(), a_dossier()
        absurd = replace(dossier.generations[0], usage=Usage(cost=Decimal("99999999999.5")))
        await add(store, replace(dossier, generations=(absurd,)))
        assert (await store.load_dossier(dossier.id)).generations[0].usage.cost == Decimal("99999999999.5")

    async def test_what_runs_comes_with_what_was_received(self, open_store: OpenStore) -> None:
        """The bytes so far, beside the row as it stands."""
        store = open_store()
        conversation, _, generation = await send(store)
        await append(store, generation, b"data: 1\n", b"data: 2\n")
        loaded = await store.load_dossier(conversation.id)
        assert loaded.received == {generation.id: b"data: 1\ndata: 2\n"}
        assert loaded.generations[0].state == "sent"

    async def test_media_of_requests_is_told_once(self, open_store: OpenStore) -> None:
        """Two requests with one picture: two references, one text; and the picture is sent again as it was."""
        store, dossier = open_store(), a_dossier()
        request = f'{{"x":"{PICTURE_ADDRESS}"}}'.encode()
        again = a_generation(dossier.messages[1], request=request)
        picture = replace(dossier.messages[0], parts=(MediaPart({"type": "image_url", "image_url": PICTURE_ADDRESS}),))
        generations = (replace(dossier.generations[0], request=request), again)
        await add(store, replace(dossier, messages=(picture, dossier.messages[1]), generations=generations))
        loaded = await store.load_dossier(dossier.id)
        assert len(loaded.blobs) == 1
        assert all(b"\\u0062lob:sha256:" in each.request for each in loaded.generations)
        assert await add(open_store(), loaded) == Added()
        assert (await store.get_generation(again.id)).request == request

    async def test_a_closed_store_loads_nothing(self, open_store: OpenStore) -> None:
        """As any other reading."""
        store = open_store()
        await store.list_dossiers()
        await store.close()
        with pytest.raises(StoreError):
            await store.list_dossiers()
