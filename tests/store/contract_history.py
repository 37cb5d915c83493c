"""What every store promises of the history that pages show, as tests; see `contract`."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.store.contract import LONE, OpenStore, run_to_end, settled
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.conversation import Conversation, ConversationSummary
from chit.core.messages import MediaPart, Message, TextPart
from chit.core.usage import Usage
from chit.errors import NotFound
from chit.store.protocol import Found, Store

LONG = "QUJD" * 2000


def costing(cost: str) -> Usage:
    """The usage of a reply that reports this cost."""
    return Usage(cost=Decimal(cost))


async def run_again(store: Store, conversation: Conversation, generation_id: str | None, usage: Usage) -> Message:
    """One more generation of a conversation, to its end, in a message of its own."""
    message = a_message(conversation, source="actor")
    generation = a_generation(message, store.owner)
    await store.record_send(conversation=None, messages=[message], generation=generation)
    ended = replace(generation, state="done", owner=None, generation_id=generation_id, usage=usage)
    await store.record_end(ended, message, now=100.0)
    return message


async def get_summary(store: Store, conversation: Conversation) -> ConversationSummary:
    """What a list shows of it."""
    summary = await store.find_summary(conversation.id)
    assert summary is not None
    return summary


async def listed(store: Store) -> list[str]:
    """The ids of the first hundred."""
    return [summary.id for summary in await store.list_conversations(None, 100)]


async def grow(store: Store, conversation: Conversation, parents: Sequence[int | None]) -> list[Message]:
    """A tree of messages in a new conversation: for each the place of its parent among those before it."""
    messages: list[Message] = []
    for number, parent in enumerate(parents):
        parent_id = None if parent is None else messages[parent].id
        messages.append(a_message(conversation, parts=(TextPart(str(number)),), parent_id=parent_id))
    generation = a_generation(messages[-1], None, state="done")
    await store.record_send(conversation=conversation, messages=messages, generation=generation)
    return messages


class HistoryContract:
    """Inherit beside `StoreContract`."""

    # lists and costs

    async def test_the_latest_in_use_is_listed_first(self, open_store: OpenStore) -> None:
        """A conversation stands where its newest message puts it, whatever the clock said, and moves up with a send."""
        store, other = open_store(), open_store()
        first, second, third = [(await send(store))[0] for _ in range(3)]
        assert await listed(other) == [third.id, second.id, first.id]
        message = a_message(first, created_at=-7.0)
        await store.record_send(conversation=None, messages=[message], generation=a_generation(message, store.owner))
        assert await listed(other) == [first.id, third.id, second.id]
        summary = (await other.list_conversations(None, 1))[0]
        assert summary == await other.find_summary(first.id)
        assert (summary.title, summary.origin, summary.created_at) == ("Why?", "cli", 1.5)
        assert (summary.last_at, summary.last_seq) == (-7.0, (await store.get_message(message.id)).seq)

    async def test_a_list_comes_in_pages(self, open_store: OpenStore) -> None:
        """Each page goes on behind the last of the one before, none is left out or doubled, and the last is empty."""
        store = open_store()
        made = [(await send(store))[0].id for _ in range(5)]
        pages: list[list[str]] = []
        before: int | None = None
        while page := await store.list_conversations(before, 2):
            pages.append([summary.id for summary in page])
            before = page[-1].last_seq
        assert pages == [[made[4], made[3]], [made[2], made[1]], [made[0]]]

    async def test_lists_leave_out_what_is_not_for_them(self, open_store: OpenStore) -> None:
        """Conversations of the local API are not listed but found; one without any message is neither."""
        store = open_store()
        api, empty = a_conversation(origin="api"), a_conversation()
        message = a_message(api)
        await store.record_send(conversation=api, messages=[message], generation=a_generation(message, store.owner))
        await store.record_send(conversation=empty, messages=[], generation=a_generation(message, store.owner))
        assert await listed(store) == []
        assert (await get_summary(store, api)).origin == "api"
        assert await store.find_summary(empty.id) is None
        assert await store.find_summary("nothing") is None

    async def test_a_cost_is_reported_then_settled(self, open_store: OpenStore) -> None:
        """Unknown is None; what a reply reported counts until its record settles, with the digits of both."""
        store = open_store()
        conversation, _, _ = await send(store)
        assert await store.sum_conversation(conversation.id) is None
        assert (await get_summary(store, conversation)).cost is None
        await run_again(store, conversation, "gen-1", costing("0.000000000001"))
        await run_again(store, conversation, "gen-2", costing("0.1"))
        summary = await get_summary(store, conversation)
        assert (summary.cost, summary.pending) == (Decimal("0.100000000001"), 2)
        await store.record_settlement(settled("gen-2", total_cost=0.3))
        summary = await get_summary(store, conversation)
        assert (summary.cost, summary.pending) == (Decimal("0.300000000001"), 1)
        assert await store.sum_conversation(conversation.id) == summary.cost
        assert (await store.list_conversations(None, 9))[0] == summary

    async def test_a_record_without_a_cost_leaves_the_reported_one(self, open_store: OpenStore) -> None:
        """Settled without a cost, or given up: what was reported is still the best that is known."""
        store = open_store()
        conversation, _, _ = await run_to_end(store, "gen-1", usage=costing("0.5"))
        await run_again(store, conversation, "gen-2", costing("0.25"))
        await store.record_settlement(settled("gen-1", total_cost=None))
        await store.record_settlement(replace(settled("gen-2"), state="gave_up", record=None))
        summary = await get_summary(store, conversation)
        assert (summary.cost, summary.pending) == (Decimal("0.75"), 0)

    async def test_an_id_met_twice_counts_once(self, open_store: OpenStore) -> None:
        """Two generations under one id are one charge, pending or settled; those without an id all count."""
        store = open_store()
        conversation, _, _ = await run_to_end(store, "gen-1", usage=costing("0.5"))
        await run_again(store, conversation, "gen-1", costing("0.5"))
        for _ in range(2):
            await run_again(store, conversation, None, costing("0.01"))
        summary = await get_summary(store, conversation)
        assert (summary.cost, summary.pending) == (Decimal("0.52"), 1)
        await store.record_settlement(settled("gen-1", total_cost=2))
        assert await store.sum_conversation(conversation.id) == Decimal("2.02")

    async def test_made_up_costs_never_break_a_list(self, open_store: OpenStore) -> None:
        """Sums beyond what one integer column holds are exact, negative ones as well."""
        store = open_store()
        conversation, _, _ = await send(store)
        for number, cost in enumerate(("9000000", "9000000.000000000001", "-0.5")):
            await run_again(store, conversation, f"gen-{number}", costing(cost))
        assert await store.sum_conversation(conversation.id) == Decimal("17999999.500000000001")
        assert (await store.list_conversations(None, 1))[0].cost == Decimal("17999999.500000000001")

    # branches

    async def test_a_page_is_the_end_of_its_branch(self, open_store: OpenStore) -> None:
        """Only ancestors of the leaf come, oldest first, as many as asked; then those before the oldest of them."""
        store = open_store()
        conversation = a_conversation()
        messages = await grow(store, conversation, [None, 0, 1, 1, 2, 3, 5])
        ids = [message.id for message in messages]

        async def page(leaf: str | None, before: str | None, limit: int) -> list[str]:
            return [m.text for m in await store.list_messages_page(conversation.id, leaf, before, limit)]

        assert await page(ids[4], None, 10) == ["0", "1", "2", "4"]
        assert await page(ids[4], None, 2) == ["2", "4"]
        assert await page(ids[4], ids[2], 2) == ["0", "1"]
        assert await page(ids[4], ids[0], 2) == []
        assert await page(ids[2], None, 2) == ["1", "2"]
        assert await page(None, None, 3) == ["3", "5", "6"]

    async def test_a_page_carries_current_extra_data(self, open_store: OpenStore) -> None:
        """Its messages are what get_message gives, the generation's record included."""
        store = open_store()
        conversation, answer, _ = await run_to_end(store, "gen-1", completion={"id": "gen-1"})
        await store.record_settlement(settled("gen-1"))
        question, reply = await store.list_messages_page(conversation.id, answer.id, None, 30)
        assert reply == await store.get_message(answer.id)
        assert reply.extra["OpenRouter"]["generation"]["total_cost"] == 1
        assert question == await store.get_message(question.id)

    async def test_a_page_of_elsewhere_is_not_found(self, open_store: OpenStore) -> None:
        """A leaf, or a message to go on before, that is not in the conversation is told; no messages are no pages."""
        store = open_store()
        conversation, _, _ = await send(store)
        _, foreign, _ = await send(store)
        for leaf, before in ((foreign.id, None), (None, foreign.id), ("nothing", None), (None, "nothing")):
            with pytest.raises(NotFound) as caught:
                await store.list_messages_page(conversation.id, leaf, before, 5)
            assert caught.value.hint
        assert await store.list_messages_page("nothing", None, None, 5) == []

    async def test_generations_come_by_message(self, open_store: OpenStore) -> None:
        """The newest of each message, settlement included and without the request; what has none is left out."""
        store = open_store()
        conversation, answer, _ = await run_to_end(store, "gen-1")
        newer = a_generation(answer, store.owner)
        await store.record_send(conversation=None, messages=[], generation=newer)
        other = await run_again(store, conversation, "gen-2", costing("1"))
        found = await store.find_generations([answer.id, other.id, "nothing"])
        assert found == {
            answer.id: replace(newer, request=b""),
            other.id: replace(await store.get_generation(found[other.id].id), request=b""),
        }
        assert found[other.id].settlement is not None
        assert await store.find_generations([]) == {}

    async def test_children_are_counted(self, open_store: OpenStore) -> None:
        """Each message with the number of those that follow it directly; a leaf and a stranger have no entry."""
        store = open_store()
        messages = await grow(store, a_conversation(), [None, 0, 0, 0, 1, 4])
        ids = [message.id for message in messages]
        assert await store.count_children([*ids, "nothing"]) == {ids[0]: 3, ids[1]: 1, ids[4]: 1}
        assert await store.count_children([]) == {}

    # rendered messages

    async def test_rendered_messages_are_kept_by_version(self, open_store: OpenStore) -> None:
        """The HTML last recorded comes back under its version alone, for those messages alone."""
        store, other = open_store(), open_store()
        _, one, _ = await run_to_end(store, "gen-1")
        _, two, _ = await run_to_end(store, "gen-2")
        await store.record_rendered(one.id, 1, "<p>old</p>")
        await store.record_rendered(two.id, 2, f"<p>{LONE}\0é</p>")
        assert await other.find_rendered([one.id, two.id, "nothing"], 1) == {one.id: "<p>old</p>"}
        await store.record_rendered(one.id, 2, "<p>new</p>")
        assert await other.find_rendered([one.id], 1) == {}
        assert await other.find_rendered([one.id, two.id], 2) == {
            one.id: "<p>new</p>",
            two.id: "<p>half \ufffd of a pair\0é</p>",
        }

    async def test_changed_parts_drop_what_was_rendered(self, open_store: OpenStore) -> None:
        """When a message is recorded with other parts its HTML is gone; with the same ones it stays."""
        store = open_store()
        _, answer, generation = await run_to_end(store, "gen-1")
        await store.record_rendered(answer.id, 1, "<p></p>")
        await store.record_end(generation, answer, now=200.0)
        assert await store.find_rendered([answer.id], 1) == {answer.id: "<p></p>"}
        await store.record_end(generation, replace(answer, parts=(TextPart("more"),)), now=200.0)
        assert await store.find_rendered([answer.id], 1) == {}

    async def test_what_is_being_written_is_not_kept_rendered(self, open_store: OpenStore) -> None:
        """HTML of a message whose reply is under way, or of none at all, is passed over without an error."""
        store = open_store()
        _, answer, generation = await send(store)
        await store.record_rendered(answer.id, 1, "<p>half</p>")
        await store.record_start(generation, "gen-1")
        await store.record_rendered(answer.id, 1, "<p>half</p>")
        await store.record_rendered("nothing", 1, "<p>half</p>")
        assert await store.find_rendered([answer.id, "nothing"], 1) == {}

    async def test_versions_stand_beside_each_other(self, open_store: OpenStore) -> None:
        """What follows the same message, or none, is listed for each of its own, oldest first; what is alone is not."""
        store = open_store()
        tree = await grow(store, a_conversation(), [None, 0, 0, 1, None, 0])
        await grow(store, a_conversation(), [None, None])
        ids = [message.id for message in tree]
        replies, roots = [ids[1], ids[2], ids[5]], [ids[0], ids[4]]
        versions = await store.list_versions([ids[3], ids[5], ids[0], "nothing", ids[1]])
        assert versions == {ids[5]: replies, ids[0]: roots, ids[1]: replies}
        assert await store.list_versions([]) == {}

    async def test_the_newest_under_a_message_is_a_leaf(self, open_store: OpenStore) -> None:
        """Whatever branched off below it; of a leaf it is the leaf, and only within its own conversation."""
        store = open_store()
        conversation, other = a_conversation(), a_conversation()
        ids = [message.id for message in await grow(store, conversation, [None, 0, 1, 0, 2, 3, 1])]
        await grow(store, other, [None])
        newest = [await store.find_newest_under(conversation.id, id) for id in ids]
        assert newest == [ids[6], ids[6], ids[4], ids[5], ids[4], ids[5], ids[6]]
        for conversation_id, id in ((other.id, ids[0]), (conversation.id, "nothing")):
            with pytest.raises(NotFound):
                await store.find_newest_under(conversation_id, id)

    async def test_how_long_it_thought_is_kept(self, open_store: OpenStore) -> None:
        """In milliseconds, none included; briefly or with the request."""
        store, other = open_store(), open_store()
        for number, milliseconds in enumerate((None, 0, 2100)):
            _, answer, generation = await run_to_end(store, f"gen-{number}", reasoning_ms=milliseconds)
            assert (await other.get_generation(generation.id)).reasoning_ms == milliseconds
            assert (await other.find_generations([answer.id]))[answer.id].reasoning_ms == milliseconds

    # renaming and deleting

    async def test_a_conversation_is_renamed(self, open_store: OpenStore) -> None:
        """It keeps its place in the list; what is not there, or deleted, has no name to change."""
        store = open_store()
        conversation, _, _ = await send(store)
        later, _, _ = await send(store)
        assert await store.rename_conversation(conversation.id, f"New {LONE}")
        assert (await store.get_conversation(conversation.id)).title == "New half \ufffd of a pair"
        assert await listed(store) == [later.id, conversation.id]
        await store.delete_conversation(later.id, now=1.0)
        assert not await store.rename_conversation(later.id, "x")
        assert not await store.rename_conversation("nothing", "x")

    async def test_parameters_of_a_conversation(self, open_store: OpenStore) -> None:
        """They come with it, are replaced as a whole, null and all, and do not move it; what is gone has none."""
        store, other = open_store(), open_store()
        conversation, _, _ = await send(store)
        later, _, _ = await send(store)
        assert (await other.get_conversation(conversation.id)).parameters == {}
        for parameters in ({"temperature": None, "stop": [LONE]}, {"seed": 2**70}, {}):
            assert await store.record_parameters(conversation.id, parameters)
            assert (await other.get_conversation(conversation.id)).parameters == parameters
        assert await listed(store) == [later.id, conversation.id]
        await store.delete_conversation(later.id, now=1.0)
        assert not await store.record_parameters(later.id, {})
        assert not await store.record_parameters("nothing", {})

    async def test_a_deleted_conversation_is_out_of_sight(self, open_store: OpenStore) -> None:
        """It leaves lists and short names; by its full id one learns that it was deleted; its cost is still known."""
        store, other = open_store(), open_store()
        conversation, answer, generation = await run_to_end(store, "gen-1", usage=costing("0.5"))
        names = {"conversation": conversation.id, "message": answer.id, "generation": generation.id}
        assert await store.delete_conversation(conversation.id, now=500.0)
        assert not await other.delete_conversation(conversation.id, now=900.0)
        assert not await other.delete_conversation("nothing", now=900.0)
        assert await listed(other) == []
        assert await other.find_summary(conversation.id) is None
        for kind, name in names.items():
            assert await other.find(name) == Found(kind, name)  # type: ignore[arg-type]
            assert await other.find(name[-12:]) is None
        assert await other.find("gen-1") == Found("generation", generation.id)
        with pytest.raises(NotFound, match="was deleted"):
            await other.get_conversation(conversation.id)
        assert await other.sum_conversation(conversation.id) == Decimal("0.5")
        assert await store.purge_deleted(500.0) == 0
        assert await other.restore_conversation(conversation.id)
        assert not await other.restore_conversation(conversation.id)
        assert await listed(store) == [conversation.id]
        assert [await store.find(name[-12:]) for name in names.values()] == [Found(*n) for n in names.items()]  # type: ignore[arg-type]

    async def test_a_message_brings_its_conversation_back(self, open_store: OpenStore) -> None:
        """What is sent into a deleted conversation all the same is paid for, so it is seen; an end changes nothing."""
        store = open_store()
        conversation, answer, generation = await send(store)
        await store.delete_conversation(conversation.id, now=1.0)
        await store.record_end(replace(generation, state="done", owner=None), answer, now=2.0)
        assert await listed(store) == []
        await run_again(store, conversation, "gen-1", costing("1"))
        assert await listed(store) == [conversation.id]

    async def test_a_purge_forgets_all_but_the_costs(self, open_store: OpenStore) -> None:
        """Messages, HTML and what was said are gone for good; generations stay, with their ids and every figure."""
        store, other = open_store(), open_store()
        conversation, answer, generation = await run_to_end(
            store, "gen-1", usage=costing("0.5"), completion={"said": "x"}, error={"kind": "cut"}
        )
        kept, kept_answer, _ = await run_to_end(store, "gen-2")
        await store.record_rendered(answer.id, 1, "<p>x</p>")
        await store.delete_conversation(conversation.id, now=500.0)
        assert await store.purge_deleted(500.5) == 1
        assert await store.purge_deleted(500.5) == 0
        assert await listed(other) == [kept.id]
        assert (await other.get_message(kept_answer.id)).id == kept_answer.id
        assert await other.list_messages(conversation.id) == []
        assert await other.find_rendered([answer.id], 1) == {}
        assert await other.find(conversation.id) is None
        assert await other.find(generation.id[-12:]) is None
        assert not await other.restore_conversation(conversation.id)
        left = await other.get_generation(generation.id)
        due = replace(left.settlement, ended_at=100.0) if left.settlement else None
        assert left == replace(generation, message_id="", request=b"", completion=None, error=None, settlement=due)
        assert await other.sum_conversation(conversation.id) == Decimal("0.5")
        await store.record_settlement(settled("gen-1", total_cost=0.75))
        assert await other.sum_conversation(conversation.id) == Decimal("0.75")

    async def test_a_purge_waits_for_running_replies(self, open_store: OpenStore) -> None:
        """While a reply is being written its conversation stays; with its end it may go."""
        store = open_store()
        conversation, answer, generation = await send(store)
        await store.delete_conversation(conversation.id, now=1.0)
        assert await store.purge_deleted(1e9) == 0
        await store.record_end(replace(generation, state="stopped", owner=None), answer, now=2.0)
        assert await store.purge_deleted(1e9) == 1

    async def test_a_purge_keeps_attachments_that_others_hold(self, open_store: OpenStore) -> None:
        """Media that stands in two conversations can be read in the one that is kept."""
        store = open_store()
        answers = []
        for _ in range(2):
            _, answer, generation = await send(store)
            whole = replace(answer, parts=(MediaPart({"type": "file", "data": LONG}),))
            await store.record_end(replace(generation, state="done", owner=None), whole, now=1.0)
            answers.append(whole)
        await store.delete_conversation(answers[0].conversation_id, now=1.0)
        assert await store.purge_deleted(1e9) == 1
        assert (await store.get_message(answers[1].id)).parts == answers[1].parts
