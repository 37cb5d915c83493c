"""What every store promises of pins, the archive, and versions that no model wrote, as tests; see `contract`."""

from dataclasses import replace
from typing import get_args

from tests.store.contract import OpenStore, run_to_end
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.conversation import Conversation
from chit.core.generation import Origin
from chit.core.messages import MediaPart, TextPart
from chit.store.protocol import Found, Shelf, Store

LONG = "QUJD" * 2000
SHELVES: tuple[Shelf, ...] = get_args(Shelf)


async def shelves(store: Store, *conversations: Conversation) -> dict[str, str]:
    """For each shelf, which of these stand on it, by their places."""
    names = {conversation.id: str(place) for place, conversation in enumerate(conversations)}
    return {
        shelf: "".join(names[each.id] for each in await store.list_conversations(None, 100, shelf)) for shelf in SHELVES
    }


class ShelvesContract:
    """Inherit beside `StoreContract`."""

    async def test_each_shelf_holds_its_own(self, open_store: OpenStore) -> None:
        """The latest in use first on each; what is archived is on no other shelf, pinned or not."""
        store, other = open_store(), open_store()
        made = [(await send(store))[0] for _ in range(5)]
        assert await shelves(other, *made) == {"all": "43210", "open": "43210", "pinned": "", "archived": ""}
        for place in (1, 2, 4):
            assert await store.pin_conversation(made[place].id, 7.0)
        for place in (0, 2):
            assert await store.archive_conversation(made[place].id, 8.0)
        assert await shelves(other, *made) == {"all": "43210", "open": "3", "pinned": "41", "archived": "20"}
        both = await other.find_summary(made[2].id)
        assert both
        assert (both.pinned_at, both.archived_at, both.private) == (7.0, 8.0, False)
        assert (await other.list_conversations(None, 9, "archived"))[0] == both
        row = await other.get_conversation(made[2].id)
        assert (row.pinned_at, row.archived_at) == (7.0, 8.0)
        assert await store.archive_conversation(made[2].id, None)
        assert await store.pin_conversation(made[1].id, None)
        assert await shelves(other, *made) == {"all": "43210", "open": "31", "pinned": "42", "archived": "0"}

    async def test_those_that_began_somewhere(self, open_store: OpenStore) -> None:
        """By their origin, on each shelf and in pages; those of the local API only so."""
        store = open_store()
        origins = get_args(Origin)
        made = [replace(a_conversation(), origin=origin) for origin in origins * 2]
        for conversation in made:
            reply = a_message(conversation, source="actor", parts=())
            generation = a_generation(reply, owner=store.owner)
            await store.record_send(conversation=conversation, messages=[reply], generation=generation)
        for origin in origins:
            found = await store.list_conversations(None, 9, "all", origin)
            assert [each.id for each in found] == [each.id for each in reversed(made) if each.origin == origin]
            assert await store.list_conversations(found[0].last_seq, 9, "open", origin) == found[1:]
            assert await store.list_conversations(None, 9, "archived", origin) == []
        assert {each.origin for each in await store.list_conversations(None, 99)} == {*origins} - {"api"}

    async def test_a_shelf_comes_in_pages(self, open_store: OpenStore) -> None:
        """Each page goes on behind the last of the one before, whatever stands on other shelves between."""
        store = open_store()
        made = [(await send(store))[0].id for _ in range(6)]
        for id in made[::2]:
            await store.archive_conversation(id, 1.0)
        pages: list[list[str]] = []
        before: int | None = None
        while page := await store.list_conversations(before, 2, "archived"):
            pages.append([summary.id for summary in page])
            before = page[-1].last_seq
        assert pages == [[made[4], made[2]], [made[0]]]

    async def test_what_is_not_to_be_seen_has_no_shelf(self, open_store: OpenStore) -> None:
        """Neither what is not there nor what was deleted can be placed; what comes back stands where it stood."""
        store = open_store()
        conversation, _, _ = await send(store)
        assert await store.pin_conversation(conversation.id, 1.0)
        assert await store.delete_conversation(conversation.id, now=2.0)
        for id in (conversation.id, "nothing"):
            assert not await store.pin_conversation(id, 3.0)
            assert not await store.archive_conversation(id, 3.0)
        assert await shelves(store, conversation) == dict.fromkeys(SHELVES, "")
        assert await store.restore_conversation(conversation.id)
        assert await shelves(store, conversation) == {"all": "0", "open": "", "pinned": "0", "archived": ""}

    async def test_a_message_brings_an_archived_conversation_back(self, open_store: OpenStore) -> None:
        """Sent or only recorded; a new conversation that comes archived stays so, and other ones where they are."""
        store = open_store()
        sent, recorded, left = [(await send(store))[0] for _ in range(3)]
        new = a_conversation(archived_at=4.0)
        for conversation in (sent, recorded, left):
            await store.archive_conversation(conversation.id, 5.0)
        for conversation, created in ((sent, None), (new, new)):
            message = a_message(conversation)
            generation = a_generation(message, None, state="done")
            await store.record_send(conversation=created, messages=[message], generation=generation)
        await store.record_messages([a_message(recorded)])
        assert await shelves(store, sent, recorded, left, new) == {
            "all": "1302",
            "open": "10",
            "pinned": "",
            "archived": "32",
        }

    async def test_messages_are_recorded_without_a_generation(self, open_store: OpenStore) -> None:
        """In their order, media and extra data included; their conversation moves up, and back if it was deleted."""
        store, other = open_store(), open_store()
        conversation, answer, _ = await run_to_end(store, "gen-1")
        later, _, _ = await send(store)
        await store.delete_conversation(conversation.id, now=1.0)
        media = MediaPart({"type": "file", "data": LONG})
        first = a_message(conversation, source="actor", parent_id=answer.parent_id, parts=(TextPart("Mine"), media))
        first = replace(first, extra={"OpenRouter": {"edited": {"from": answer.id}}})
        second = a_message(conversation, parent_id=first.id)
        await store.record_messages([first, second])
        assert [each.id for each in await other.list_conversations(None, 9)] == [conversation.id, later.id]
        found = await other.find_messages([second.id, first.id, "nothing"])
        assert found == {id: await other.get_message(id) for id in (first.id, second.id)}
        assert replace(found[first.id], seq=0) == first
        assert found[first.id].seq < found[second.id].seq
        assert await other.find_generation(first.id) is None
        assert await other.list_versions([first.id]) == {first.id: [answer.id, first.id]}
        assert await other.find_newest_under(conversation.id, first.id) == second.id
        assert await other.find(second.id[-12:]) == Found("message", second.id)
        assert await other.find_messages([]) == {}

    async def test_many_messages_carry_current_extra_data(self, open_store: OpenStore) -> None:
        """As one alone does: what the generation knows is in it."""
        store = open_store()
        _, answer, _ = await run_to_end(store, "gen-1", completion={"id": "gen-1"})
        found = await store.find_messages([answer.id])
        assert found == {answer.id: await store.get_message(answer.id)}
        assert found[answer.id].extra["OpenRouter"]["completion"] == {"id": "gen-1"}
