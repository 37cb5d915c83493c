"""What every store promises of searching, as tests: what is found, in which order, and what never is."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.store.said import ask
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.messages import Options, TextPart
from chit.core.search import read_query
from chit.core.search_page import SearchPage
from chit.errors import NotFound
from chit.store.protocol import SEARCH_LIMIT, Store

OpenStore = Callable[[], Store]


async def find(store: Store, text: str) -> list[str]:
    """The ids of the messages on the first page."""
    return [each.id for each in (await store.search(read_query(text))).messages]


class SearchContract:
    """Inherit, and give a fixture `open_store`."""

    async def test_a_message_is_found_with_what_it_is(self, open_store: OpenStore) -> None:
        """A question and its reply, the newest first, with conversation, source, time, model, cost and excerpt."""
        store = open_store()
        asked, reply = await ask(
            store, "why is the Sky blue", "the sky scatters", cost="0.1", settled="0.25", created_at=7.0, model="a/b-1"
        )
        page = await store.search(read_query("sky"))
        found, question = page.messages
        assert (found.id, question.id) == (reply.message.id, asked.message.id)
        assert (found.source, found.created_at, found.model, found.cost) == ("actor", 7.0, "a/b-1", Decimal("0.25"))
        assert (question.source, question.model, question.cost, question.has_error) == ("user", None, None, False)
        assert (found.conversation_id, found.title) == (asked.conversation.id, "why is the Sky blue")
        assert [(each.text, each.is_found) for each in question.excerpt] == [
            ("why is the ", False),
            ("Sky", True),
            (" blue", False),
        ]
        assert (page.titles, page.more, page.is_complete, page.is_idle) == ((), None, True, False)

    async def test_a_reply_is_found_once_it_has_ended(self, open_store: OpenStore) -> None:
        """Not while it is being written, its model included; of a failed one the excerpt tells the error."""
        store = open_store()
        _, answer, generation = await send(store, requested_model="some/model")
        assert await find(store, "from:model") == []
        assert await find(store, "model:some") == []
        ended = replace(generation, state="failed", owner=None, error={"message": "it broke"})
        await store.record_end(ended, answer, now=1.0)
        (found,) = (await store.search(read_query("from:model model:some has:error"))).messages
        assert (found.id, found.has_error, found.model) == (answer.id, True, "some/model")
        assert "".join(each.text for each in found.excerpt) == "it broke"
        await store.record_end(ended, replace(answer, parts=(TextPart("half of"),)), now=1.0)
        assert await find(store, "half") == [answer.id]

    async def test_costs_are_found_as_they_settle(self, open_store: OpenStore) -> None:
        """By the settled cost once there is one, exact to the pico-dollar; by the reported one before."""
        store = open_store()
        _, plain = await ask(store, "a", "a", cost="0.01")
        _, changed = await ask(store, "b", "b", cost="0.01", settled="3.5")
        _, unknown = await ask(store, "c", "c")
        _, late = await ask(store, "d", "d", settled="0.000000000001")
        assert await find(store, "cost:0.01..0.01") == [plain.message.id]
        assert await find(store, "cost:>1") == [changed.message.id]
        assert await find(store, "cost:<0.01") == [late.message.id]
        assert await find(store, "cost:0.000000000001..0.000000000001") == [late.message.id]
        assert await find(store, "cost:>3.5") == await find(store, "cost:2..1") == []
        assert unknown.message.id not in await find(store, "cost:>=0")

    async def test_pages_follow_each_other(self, open_store: OpenStore) -> None:
        """A page is full, its `more` leads to the next, and the last has none; each message stands on one."""
        store = open_store()
        first, _ = await ask(store, "word 0")
        every = [first.message.id]
        for number in range(1, SEARCH_LIMIT + 5):
            asked, _ = await ask(store, f"word {number}", conversation=first.conversation)
            every.append(asked.message.id)
        query = read_query("word")
        one = await store.search(query)
        assert (len(one.messages), one.more) == (SEARCH_LIMIT, one.messages[-1].seq)
        two = await store.search(query, before=one.more)
        assert [each.id for page in (one, two) for each in page.messages] == every[::-1]
        assert two.more is None
        assert (await store.search(query, limit=len(every))).more is None

    async def test_titles_are_found(self, open_store: OpenStore) -> None:
        """By their words, after a rename by the new ones; above the messages only those of which none stands there."""
        store = open_store()
        asked, _ = await ask(store, "plain question", "answer", model="a/b")
        place = asked.conversation.id
        assert (await store.search(read_query("plain"))).titles == ()
        assert await store.rename_conversation(place, "Zebra crossing")
        (found,) = (await store.search(read_query("zeb"))).titles
        assert (found.id, [(each.text, each.is_found) for each in found.title]) == (
            place,
            [("Zebra", True), (" crossing", False)],
        )
        page = await store.search(read_query("in:title zebra model:b"))
        assert ([each.id for each in page.titles], page.messages) == ([place], ())
        for text in ("in:title plain", "in:title zebra model:c", "in:title -zebra model:b", "in:title zebra has:error"):
            assert (await store.search(read_query(text))).titles == (), text
        untitled, _ = await ask(store, "nothing", conversation=None, model="x/y", origin="api")
        await store.rename_conversation(untitled.conversation.id, "")
        (one,) = (await store.search(read_query("in:title model:x/y"))).titles
        assert one.title[0].text == "Untitled"

    async def test_many_titles_have_pages(self, open_store: OpenStore) -> None:
        """Where only titles are asked for they come as messages do; above messages there are a few."""
        store = open_store()
        for number in range(5):
            asked, _ = await ask(store, f"question {number}")
            await store.rename_conversation(asked.conversation.id, f"zebra {number}")
        one = await store.search(read_query("in:title zebra"), limit=3)
        two = await store.search(read_query("in:title zebra"), limit=3, before=one.more)
        shown = [each.title[-1].text for page in (one, two) for each in page.titles]
        assert shown == [" 4", " 3", " 2", " 1", " 0"]
        assert two.more is None
        assert len((await store.search(read_query("zebra"))).titles) == 3

    async def test_what_is_deleted_is_not_found(self, open_store: OpenStore) -> None:
        """Neither by its words nor by its title, until it is restored; after a purge never again."""
        store = open_store()
        asked, reply = await ask(store, "zebra", "a zebra")
        await store.delete_conversation(asked.conversation.id, now=1.0)
        for text in ("zebra", "in:title zebra"):
            assert await store.search(read_query(text)) == SearchPage()
        await store.restore_conversation(asked.conversation.id)
        assert await find(store, "zebra") == [reply.message.id, asked.message.id]
        await store.delete_conversation(asked.conversation.id, now=1.0)
        assert await store.purge_deleted(2.0) == 1
        assert await store.search(read_query("zebra")) == SearchPage()

    async def test_what_is_archived_is_marked(self, open_store: OpenStore) -> None:
        """It is found, and says so."""
        store = open_store()
        asked, _ = await ask(store, "zebra", conversation=None)
        old = a_conversation(title="old zebra", archived_at=5.0)
        message = a_message(old, parts=(TextPart("zebra"),))
        await store.record_send(conversation=old, messages=[message], generation=a_generation(message, store.owner))
        page = await store.search(read_query("zebra"))
        assert [(each.id, each.is_archived) for each in page.messages] == [
            (message.id, True),
            (asked.message.id, False),
        ]
        titles = (await store.search(read_query("in:title zebra"))).titles
        assert [each.is_archived for each in titles] == [True, False]

    async def test_what_nobody_sees_is_not_found(self, open_store: OpenStore) -> None:
        """Messages that are hidden, and those of programs, whose results stand with the calls."""
        store = open_store()
        place = a_conversation()
        hidden = a_message(place, parts=(TextPart("zebra"),), options=Options(visible_to_user=False))
        result = a_message(place, source="client", parts=(TextPart("zebra"),))
        rules = a_message(place, source="system", parts=(TextPart("zebra"),))
        generation = a_generation(rules, store.owner)
        await store.record_send(conversation=place, messages=[hidden, result, rules], generation=generation)
        assert await find(store, "zebra") == await find(store, "from:system") == [rules.id]

    async def test_what_asks_for_nothing_finds_nothing(self, open_store: OpenStore) -> None:
        """No words, and words that no index has; these are named. A single letter is a word."""
        store = open_store()
        await ask(store, "c is a language 🎉")
        for text, unsearchable in (("", ()), ("🎉 &&", ("🎉", "&&")), ("in:title", ()), ("-", ("-",))):
            page = await store.search(read_query(text))
            assert page == SearchPage(is_idle=True, unsearchable=unsearchable), text
        assert len(await find(store, "c")) == len(await find(store, "language c")) == 1
        assert await find(store, "l") == []
        page = await store.search(read_query("language 🎉"))
        assert (len(page.messages), page.unsearchable) == (1, ("🎉",))

    async def test_texts_that_break_indexes(self, open_store: OpenStore) -> None:
        """NUL, half characters, facets spelled out, and a very long word can be stored, and found where they can be."""
        store = open_store()
        for text in ("nul\0byte", "half \ud83d pair", "fake \U000f0001 \U000f0000", "x" * 70_000, "今天天气"):
            asked, _ = await ask(store, text)
            word = {"n": "byte", "h": "pair", "f": "fake", "x": "x" * 400, "今": "天气"}[text[0]]
            assert await find(store, word) == [asked.message.id], text[:9]
        assert await find(store, "\U000f0001") == await find(store, "has:error") == []

    async def test_a_reply_that_is_for_programs_alone(self, open_store: OpenStore) -> None:
        """It is not found, neither by its words nor by what it is."""
        store = open_store()
        _, answer, generation = await send(store)
        hidden = replace(answer, parts=(TextPart("zebra"),), options=Options(visible_to_user=False))
        await store.record_end(replace(generation, state="done", owner=None), hidden, now=1.0)
        assert await find(store, "zebra") == await find(store, "from:model") == []

    async def test_the_stretch_around_a_message(self, open_store: OpenStore) -> None:
        """A page that has it ends at the leaf where that is near, else a third of a page below it."""
        store = open_store()
        asked, reply = await ask(store, "0", "0")
        ids, place = [asked.message.id, reply.message.id], asked.conversation
        for number in range(1, 6):
            made = await ask(store, str(number), "so", conversation=place, parent=ids[-1])
            ids += [each.message.id for each in made]
        assert await store.find_stretch(place.id, ids[3], ids[-1], 9) == (ids[-1], 0)
        assert await store.find_stretch(place.id, ids[2], ids[-1], 9) == (ids[5], 6)
        assert await store.find_stretch(place.id, ids[-1], ids[-1], 9) == (ids[-1], 0)
        other, _ = await ask(store, "other", conversation=place, parent=ids[1])
        for wrong in (other.message.id, "x"):
            with pytest.raises(NotFound):
                await store.find_stretch(place.id, wrong, ids[-1], 9)

    async def test_no_time_is_said(self, open_store: OpenStore) -> None:
        """A search that has none ends with what it has, which is nothing, and says that there may be more."""
        store = open_store()
        await ask(store, "zebra", "zebra")
        page = await store.search(read_query("zebra"), seconds=-10.0)
        assert (page.messages, page.is_complete) == ((), False)
        assert len(await find(store, "zebra")) == 2
