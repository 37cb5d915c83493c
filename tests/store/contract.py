"""What every store promises, as tests: a subclass gives the fixture `open_store`, which opens one more on one place."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.store.samples import a_conversation, a_generation, a_message, send

from chit.core.conversation import Conversation
from chit.core.generation import Generation, Settlement
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Options,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.core.usage import Usage
from chit.errors import NotFound, StoreError
from chit.store.protocol import Found, Integrity, Session, Store

OpenStore = Callable[[], Store]

DAY = 86_400.0
HUGE = 2**70
LONE = "half \ud83d of a pair"


async def append(store: Store, generation: Generation, *pieces: bytes) -> list[StoreError | None]:
    """Append all at once and wait until each is durable or lost."""
    outcomes: list[StoreError | None] = []
    complete = asyncio.Event()

    def done(error: StoreError | None) -> None:
        outcomes.append(error)
        if len(outcomes) == len(pieces):
            complete.set()

    for piece in pieces:
        store.append_received(generation, piece, done)
    await complete.wait()
    return outcomes


async def run_to_end(
    store: Store, generation_id: str, *, now: float = 100.0, **members: Any
) -> tuple[Conversation, Message, Generation]:
    """One whole life of a generation; its settlement is due two seconds after `now`."""
    conversation, answer, generation = await send(store)
    await store.record_start(generation, generation_id)
    ended = replace(generation, generation_id=generation_id, state="done", owner=None, **members)
    await store.record_end(ended, answer, now=now)
    return conversation, answer, ended


async def claim(store: Store, now: float, *, lease: float = 90.0, only: list[str] | None = None) -> list[str]:
    """The ids that a claim yields."""
    claimed = await store.claim_settlements(now=now, lease_seconds=lease, limit=10, only=only)
    return [job.generation_id for job in claimed]


def settled(generation_id: str, **record: Any) -> Settlement:
    """An outcome with a record."""
    return Settlement(
        generation_id=generation_id,
        state="settled",
        attempts=1,
        record={"id": generation_id, "total_cost": 1, **record},
    )


def a_session(digest: str, **members: Any) -> Session:
    """A browser that signed in a while ago."""
    defaults: dict[str, Any] = {"label": "Firefox on Linux", "created_at": 1.0, "expires_at": 1e9, "last_used_at": 1.0}
    return Session(hash=digest, **(defaults | members))


class StoreContract:
    """Inherit, and give a fixture `open_store`."""

    async def test_a_send_is_stored_whole(self, open_store: OpenStore) -> None:
        """After record_send another store sees the conversation, its messages in order and the generation as sent."""
        store, other = open_store(), open_store()
        conversation, answer, generation = await send(store)
        assert replace(await other.get_conversation(conversation.id), seq=0) == conversation
        question, reply = await other.list_messages(conversation.id)
        assert (question.text, question.source, question.seq < reply.seq) == ("Why?", "user", True)
        assert (reply.id, reply.parent_id, reply.parts) == (answer.id, question.id, ())
        stored = await other.get_generation(generation.id)
        assert stored == generation
        assert stored.state == "sent"
        assert await other.list_pending() == []

    async def test_a_second_question_joins_its_conversation(self, open_store: OpenStore) -> None:
        """Without a conversation record_send adds to the one that exists, in the order of sending."""
        store = open_store()
        conversation, first, generation = await send(store)
        more = a_message(conversation, parent_id=first.id, created_at=0.0)
        second = a_message(conversation, parent_id=more.id, source="actor", parts=(), created_at=0.0)
        again = a_generation(second, store.owner)
        await store.record_send(conversation=None, messages=[more, second], generation=again)
        assert [m.id for m in await store.list_messages(conversation.id)][1:] == [first.id, more.id, second.id]
        assert [g.id for g in await store.list_generations(conversation.id)] == [generation.id, again.id]

    async def test_a_send_that_fails_leaves_nothing(self, open_store: OpenStore) -> None:
        """When one row of a send cannot be stored, none of it is."""
        store = open_store()
        conversation = a_conversation()
        message = a_message(conversation)
        with pytest.raises(StoreError):
            await store.record_send(
                conversation=conversation, messages=[message, message], generation=a_generation(message, store.owner)
            )
        with pytest.raises(NotFound):
            await store.get_conversation(conversation.id)
        with pytest.raises(NotFound):
            await store.get_message(message.id)

    async def test_the_start_opens_a_settlement_that_waits(self, open_store: OpenStore) -> None:
        """From record_start the row streams under its id, and its settlement exists without being due."""
        store = open_store()
        _, answer, generation = await send(store)
        await store.record_start(generation, "gen-1")
        stored = await store.get_generation(generation.id)
        assert (stored.state, stored.generation_id, stored.owner) == ("streaming", "gen-1", store.owner)
        assert stored.settlement == Settlement(generation_id="gen-1")
        assert await store.next_settlement_at() is None
        assert await store.list_pending() == []
        assert await claim(store, 1e12) == []
        assert await claim(store, 1e12, only=["gen-1"]) == []
        assert (await store.get_message(answer.id)).parts == ()

    async def test_a_leased_job_is_due_when_its_lease_ends(self, open_store: OpenStore) -> None:
        """While somebody holds the only job, the next look is at the end of the lease, not at once and for ever."""
        one, other = open_store(), open_store()
        await run_to_end(one, "gen-1", now=100.0)
        assert await other.next_settlement_at() == 102.0
        assert await claim(one, 103.0, lease=50.0) == ["gen-1"]
        assert await other.next_settlement_at() == 153.0

    async def test_received_bytes_keep_their_order(self, open_store: OpenStore) -> None:
        """Bytes come back joined in the order of appending, each generation's apart, and every callback came."""
        store, other = open_store(), open_store()
        _, _, one = await send(store)
        _, _, two = await send(store)
        pieces = [bytes([number]) * 3 for number in range(50)]
        assert await append(store, one, *pieces) == [None] * 50
        assert await append(store, two, b"\x00\xff") == [None]
        assert await other.load_received(one) == b"".join(pieces)
        assert await other.load_received(two) == b"\x00\xff"

    async def test_the_end_folds_received_bytes_away(self, open_store: OpenStore) -> None:
        """After record_end the parts and figures are there and the received bytes are not."""
        store = open_store()
        _, answer, generation = await send(store)
        await store.record_start(generation, "gen-1")
        await append(store, generation, b"data: x\n\n")
        usage = Usage(
            prompt_tokens=1,
            completion_tokens=2,
            reasoning_tokens=3,
            cached_tokens=4,
            cost=Decimal("0.0000198"),
            upstream_cost=Decimal("0.1000000000000000001"),
            is_byok=True,
        )
        ended = replace(
            generation,
            generation_id="gen-1",
            state="done",
            owner=None,
            model="author/served",
            provider="Host",
            finish_reason="stop",
            usage=usage,
            time_to_first_token_ms=5,
            duration_ms=6,
            completion={"id": "gen-1", "unheard_of": [1, None]},
            error={"kind": "cut"},
        )
        await store.record_end(ended, replace(answer, parts=(TextPart("Because."),)), now=100.0)
        due = Settlement(generation_id="gen-1", ended_at=100.0, next_attempt_at=102.0)
        assert await store.get_generation(generation.id) == replace(ended, settlement=due)
        assert (await store.get_message(answer.id)).text == "Because."
        assert await store.load_received(generation) == b""
        assert await store.next_settlement_at() == 102.0
        assert await store.list_pending() == [due]

    async def test_an_end_without_an_id_settles_nothing(self, open_store: OpenStore) -> None:
        """A generation that ends as unknown or failed before an id came has no settlement."""
        store = open_store()
        _, answer, generation = await send(store)
        await store.record_end(replace(generation, state="unknown", owner=None), answer, now=100.0)
        stored = await store.get_generation(generation.id)
        assert (stored.state, stored.settlement, stored.owner) == ("unknown", None, None)
        assert await store.next_settlement_at() is None

    async def test_an_end_alone_opens_the_settlement(self, open_store: OpenStore) -> None:
        """A unary reply, whose id first comes with its end, is due like any other."""
        store = open_store()
        _, answer, generation = await send(store)
        await store.record_end(replace(generation, state="done", owner=None, generation_id="gen-9"), answer, now=100.0)
        assert (await store.get_generation(generation.id)).generation_id == "gen-9"
        assert await claim(store, 102.0) == ["gen-9"]

    async def test_an_id_seen_before_never_fails_a_send(self, open_store: OpenStore) -> None:
        """A second generation under a settled id attaches to that settlement, in a stream and in a unary reply."""
        store = open_store()
        await run_to_end(store, "gen-1")
        assert await store.record_settlement(settled("gen-1", model="served"))
        _, _, streamed = await run_to_end(store, "gen-1", now=500.0)
        _, answer, unary = await send(store)
        await store.record_end(replace(unary, state="done", owner=None, generation_id="gen-1"), answer, now=600.0)
        for generation in (streamed, unary):
            settlement = (await store.get_generation(generation.id)).settlement
            assert settlement is not None
            assert (settlement.state, settlement.ended_at) == ("settled", 100.0)
        assert await store.list_pending() == []
        assert await store.find("gen-1") == Found("generation", unary.id)

    async def test_the_first_end_counts_for_the_settlement(self, open_store: OpenStore) -> None:
        """A pending settlement keeps the times of the first generation that ended under its id."""
        store = open_store()
        await run_to_end(store, "gen-1", now=100.0)
        await run_to_end(store, "gen-1", now=500.0)
        assert await store.list_pending() == [Settlement(generation_id="gen-1", ended_at=100.0, next_attempt_at=102.0)]

    async def test_extra_data_comes_from_completion_and_record(self, open_store: OpenStore) -> None:
        """The actor message carries the completion at once and the record once settled, unknown members included."""
        store = open_store()
        completion = {"id": "gen-1", "choices": [], "unheard_of": {"a": [1, "x"]}}
        conversation, answer, _ = await run_to_end(store, "gen-1", completion=completion)
        assert (await store.get_message(answer.id)).extra == {
            "OpenRouter": {"completion": completion, "generation": None}
        }
        await store.record_settlement(settled("gen-1", unknown_member={"deep": [HUGE]}))
        known = {
            "completion": completion,
            "generation": {"id": "gen-1", "total_cost": 1, "unknown_member": {"deep": [HUGE]}},
        }
        assert (await store.get_message(answer.id)).extra == {"OpenRouter": known}
        assert (await store.list_messages(conversation.id))[-1].extra == {"OpenRouter": known}

    async def test_a_messages_own_extra_data_stays_beside(self, open_store: OpenStore) -> None:
        """Extra data stored with a message is kept, under our engine's name and under others'."""
        store = open_store()
        conversation = a_conversation()
        extra = {"OpenRouter": {"wire": {"name": "x"}}, "Other": {"y": 1}}
        message = a_message(conversation, extra=extra)
        await store.record_send(
            conversation=conversation, messages=[message], generation=a_generation(message, store.owner)
        )
        assert (await store.get_message(message.id)).extra == {
            "OpenRouter": {"wire": {"name": "x"}, "completion": None, "generation": None},
            "Other": {"y": 1},
        }

    async def test_every_kind_of_part_comes_back(self, open_store: OpenStore) -> None:
        """Text, reasoning, media, tool calls and results, annotations and options return as they were stored."""
        store = open_store()
        conversation = a_conversation()
        parts = (
            TextPart(f"text {LONE} \0 end", {"cache_control": {"type": "ephemeral"}}),
            ReasoningPart("thought", ({"type": "reasoning.text", "number": HUGE},)),
            MediaPart({"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 2000}}),
            MediaPart({"type": "unheard_of", "x": [LONE]}),
            ToolCallPart("call-1", "look", '{"not json', {"index": 0}),
            ToolResultPart("call-1", [{"type": "text", "text": "found"}]),
            AnnotationPart({"type": "url_citation", "url": "https://example.com"}),
        )
        message = a_message(
            conversation, parts=parts, options=Options(visible_to_user=False), source="client", created_at=7.25
        )
        await store.record_send(
            conversation=conversation, messages=[message], generation=a_generation(message, store.owner)
        )
        stored = await open_store().get_message(message.id)
        assert replace(stored, seq=0, extra={}) == message

    async def test_surrogates_and_huge_integers_survive(self, open_store: OpenStore) -> None:
        """Request bytes, completion, error and record keep lone surrogates and integers beyond 64 bits."""
        store = open_store()
        request = b'{"messages":[],"seed":1180591620717411303424,"x":"\\ud83d", "sp\xc3\xa4t" : 1.50}\n'
        _, answer, generation = await send(store, request=request)
        odd = {"text": LONE, LONE: HUGE, "nested": [{"n": -HUGE}]}
        ended = replace(generation, generation_id="gen-1", state="failed", owner=None, completion=odd, error=odd)
        await store.record_end(ended, answer, now=100.0)
        await store.record_settlement(settled("gen-1", odd=odd))
        stored = await store.get_generation(generation.id)
        assert stored.request == request
        assert stored.completion == odd
        assert stored.error == odd
        assert stored.settlement is not None
        assert stored.settlement.record == {"id": "gen-1", "total_cost": 1, "odd": odd}

    async def test_broken_names_never_fail_a_record(self, open_store: OpenStore) -> None:
        """Titles, models, providers, reasons and ids with lone surrogates are stored mended instead of refused."""
        store = open_store()
        conversation = a_conversation(title=LONE)
        message = a_message(conversation, source="actor")
        generation = a_generation(message, store.owner, requested_model=LONE)
        await store.record_send(conversation=conversation, messages=[message], generation=generation)
        await store.record_start(generation, "gen-\ud800")
        broken = replace(
            generation, generation_id="gen-\ud800", state="done", model=LONE, provider=LONE, finish_reason=LONE
        )
        await store.record_end(broken, message, now=100.0)
        stored = await store.get_generation(generation.id)
        mended = "half \ufffd of a pair"
        names = {stored.requested_model, stored.model, stored.provider, stored.finish_reason}
        assert names == {mended}
        assert (await store.get_conversation(conversation.id)).title == mended
        assert await claim(store, 102.0, only=["gen-\ud800"]) == ["gen-\ufffd"]

    async def test_an_absurd_cost_never_fails_a_record(self, open_store: OpenStore) -> None:
        """A cost beyond what a sum's column holds is kept to its last digit, reported and settled."""
        store = open_store()
        absurd = Decimal("999999999999.1234567890123456789")
        _, _, generation = await run_to_end(store, "gen-1", usage=Usage(cost=absurd))
        assert await store.record_settlement(settled("gen-1", total_cost=str(absurd)))
        stored = await store.get_generation(generation.id)
        assert stored.usage.cost == absurd
        assert stored.settlement is not None
        assert stored.settlement.info is not None
        assert stored.settlement.info.total_cost == absurd

    # settlement

    async def test_two_stores_never_hold_one_job(self, open_store: OpenStore) -> None:
        """Of many claims made at once through two stores, each job goes to exactly one."""
        one, two = open_store(), open_store()
        for number in range(5):
            await run_to_end(one, f"gen-{number}")
        claims = [store.claim_settlements(now=200.0, lease_seconds=90.0, limit=2) for store in (one, two) * 4]
        given = [job.generation_id for jobs in await asyncio.gather(*claims) for job in jobs]
        assert sorted(given) == [f"gen-{number}" for number in range(5)]

    async def test_a_claim_with_an_earlier_reading_of_the_clock_takes_nothing(self, open_store: OpenStore) -> None:
        """Two that wake together: whoever read the clock first but claims second leaves the other's lease alone."""
        one, two = open_store(), open_store()
        await run_to_end(one, "gen-1")
        assert await claim(one, 200.0) == ["gen-1"]
        assert await claim(two, 199.999) == []

    async def test_a_lease_ends_by_time_and_by_an_outcome(self, open_store: OpenStore) -> None:
        """A leased job comes free when its lease is over or its attempt is recorded, not before."""
        one, two = open_store(), open_store()
        await run_to_end(one, "gen-1")
        assert await claim(one, 101.9) == []
        assert await claim(one, 102.0) == ["gen-1"]
        assert await claim(two, 191.9) == []
        assert await claim(two, 192.0) == ["gen-1"]
        retry = Settlement(generation_id="gen-1", attempts=1, ended_at=100.0, next_attempt_at=200.0)
        assert await two.record_settlement(retry)
        assert await one.list_pending() == [retry]
        assert await claim(one, 199.9) == []
        assert await claim(one, 200.0) == ["gen-1"]

    async def test_a_lease_of_a_dead_process_is_void(self, open_store: OpenStore) -> None:
        """A job whose holder is gone is claimed at once, without waiting for the end of the lease."""
        dead, alive = open_store(), open_store()
        await run_to_end(dead, "gen-1")
        assert await claim(dead, 102.0, lease=1e6) == ["gen-1"]
        assert await claim(alive, 103.0, lease=1e6) == []
        await dead.close()
        assert await claim(alive, 103.0, lease=1e6) == ["gen-1"]

    async def test_a_clock_that_jumped_back_holds_nothing_up(self, open_store: OpenStore) -> None:
        """A job due more than a day ahead, or leased for longer than a lease can last, is due now."""
        store, other = open_store(), open_store()
        await run_to_end(store, "gen-1", now=100 * DAY)
        assert await claim(other, 98.0 * DAY) == ["gen-1"]
        await store.record_settlement(Settlement(generation_id="gen-1", ended_at=1.0, next_attempt_at=100 * DAY))
        assert await claim(store, 100 * DAY) == ["gen-1"]
        assert await claim(other, 98.0 * DAY) == ["gen-1"]

    async def test_a_job_of_the_next_hours_is_not_due(self, open_store: OpenStore) -> None:
        """Being up to a day ahead is an ordinary wait."""
        store = open_store()
        await run_to_end(store, "gen-1", now=DAY)
        assert await claim(store, 3.0) == []

    async def test_claims_by_name(self, open_store: OpenStore) -> None:
        """With `only`, exactly those jobs are claimed: due or not, given up or not, but never settled or leased."""
        store, other = open_store(), open_store()
        for number in range(4):
            await run_to_end(store, f"gen-{number}")
        await store.record_settlement(Settlement(generation_id="gen-1", state="gave_up", attempts=9, ended_at=100.0))
        await store.record_settlement(settled("gen-2"))
        assert await claim(store, 50.0, only=[]) == []
        assert sorted(await claim(store, 50.0, only=["gen-0", "gen-1", "gen-2", "gen-x"])) == ["gen-0", "gen-1"]
        assert await claim(other, 50.0, only=["gen-0", "gen-1"]) == []
        assert await claim(other, 120.0) == ["gen-3"]

    async def test_a_claim_takes_the_longest_due_first(self, open_store: OpenStore) -> None:
        """The limit leaves the later jobs for the next claim."""
        store = open_store()
        for number in (3, 1, 2):
            await run_to_end(store, f"gen-{number}", now=float(number))
        jobs = await store.claim_settlements(now=200.0, lease_seconds=90.0, limit=2)
        assert {job.generation_id for job in jobs} == {"gen-1", "gen-2"}

    async def test_a_record_is_stored_exactly_once(self, open_store: OpenStore) -> None:
        """The second outcome of one job answers False and changes nothing, whatever it says."""
        store, other = open_store(), open_store()
        _, _, generation = await run_to_end(store, "gen-1")
        outcomes = await asyncio.gather(*(s.record_settlement(settled("gen-1")) for s in (store, other) * 3))
        assert sorted(outcomes) == [False] * 5 + [True]
        assert not await other.record_settlement(settled("gen-1", total_cost=2))
        assert not await other.record_settlement(Settlement(generation_id="gen-1", attempts=7))
        assert (await store.get_generation(generation.id)).settlement == replace(settled("gen-1"), ended_at=100.0)
        assert not await store.record_settlement(settled("gen-unheard-of"))

    async def test_a_given_up_job_leaves_the_pending_ones(self, open_store: OpenStore) -> None:
        """A job that was given up is neither listed as pending nor due, and can still be settled."""
        store = open_store()
        await run_to_end(store, "gen-1")
        assert await store.record_settlement(Settlement(generation_id="gen-1", state="gave_up", attempts=30))
        assert await store.list_pending() == []
        assert await store.next_settlement_at() is None
        assert await claim(store, 1e12) == []
        assert await store.record_settlement(settled("gen-1"))

    # adoption

    async def test_the_rows_of_a_closed_store_are_adopted_once(self, open_store: OpenStore) -> None:
        """What a process left sent or streaming goes to one of two that ask at once, with the bytes it received."""
        gone, one, two = open_store(), open_store(), open_store()
        _, _, sent = await send(gone)
        _, _, streaming = await send(gone)
        await gone.record_start(streaming, "gen-1")
        await append(gone, streaming, b"kept")
        await run_to_end(gone, "gen-2")
        assert not await one.has_orphans()
        assert await one.adopt_orphans() == []
        await gone.close()
        assert await one.has_orphans()
        first, second = await asyncio.gather(one.adopt_orphans(), two.adopt_orphans())
        assert sorted(g.id for g in first + second) == sorted([sent.id, streaming.id])
        assert {g.owner for g in first} <= {one.owner}
        assert {g.owner for g in second} <= {two.owner}
        assert await one.load_received(streaming) == b"kept"
        assert not await one.has_orphans()
        assert await two.adopt_orphans() == []

    # reading

    async def test_unknown_names_raise(self, open_store: OpenStore) -> None:
        """What does not exist raises NotFound with advice, or is None or empty where that is the answer."""
        store = open_store()
        for read in (store.get_message, store.get_conversation, store.get_generation):
            with pytest.raises(NotFound) as caught:
                await read("nothing")
            assert caught.value.hint
        assert await store.find_generation("nothing") is None
        assert await store.find("nothing-of-the-kind") is None
        assert await store.list_messages("nothing") == []
        assert await store.list_generations("nothing") == []

    async def test_the_newest_generation_of_a_message_wins(self, open_store: OpenStore) -> None:
        """A message that was generated again shows its newest generation."""
        store = open_store()
        conversation, answer, _ = await send(store)
        newer = a_generation(answer, store.owner)
        await store.record_send(conversation=None, messages=[], generation=newer)
        await store.record_end(replace(newer, state="done", completion={"n": 2}), answer, now=1.0)
        found = await store.find_generation(answer.id)
        assert found is not None
        assert found.id == newer.id
        assert (await store.list_messages(conversation.id))[-1].extra["OpenRouter"]["completion"] == {"n": 2}

    async def test_the_last_reply_of_an_origin(self, open_store: OpenStore) -> None:
        """The newest generation's message, whatever other programs asked for meanwhile; None where there is none."""
        store = open_store()
        assert await store.find_last_reply("cli") is None
        _, first, _ = await send(store)
        _, second, generation = await send(store)
        origin = generation.origin
        assert await store.find_last_reply(origin) == second.id
        await store.record_send(conversation=None, messages=[], generation=a_generation(first, store.owner))
        assert await store.find_last_reply(origin) == first.id
        assert await store.find_last_reply("batch") is None

    async def test_names_are_found(self, open_store: OpenStore) -> None:
        """Full ids, gen ids and endings of eight or more characters name what they belong to."""
        store = open_store()
        conversation, answer, generation = await run_to_end(store, "gen-1712-abc")
        for kind, full in (("conversation", conversation.id), ("message", answer.id), ("generation", generation.id)):
            assert await store.find(full) == Found(kind, full)  # type: ignore[arg-type]
            assert await store.find(full[-8:]) == Found(kind, full)  # type: ignore[arg-type]
            assert await store.find(full[-20:]) == Found(kind, full)  # type: ignore[arg-type]
            assert await store.find(full[-7:]) is None
            assert await store.find(full[:8]) is None
        assert await store.find("gen-1712-abc") == Found("generation", generation.id)
        assert await store.find("gen-1712-ab") is None

    async def test_an_ambiguous_ending_names_nothing(self, open_store: OpenStore) -> None:
        """An ending that two messages share finds neither, one more character finds one."""
        store = open_store()
        conversation = a_conversation()
        twins = [a_message(conversation, id=f"0000000{number}-same-ending") for number in (1, 2)]
        await store.record_send(
            conversation=conversation, messages=twins, generation=a_generation(twins[0], store.owner)
        )
        assert await store.find("same-ending") is None
        assert await store.find("1-same-ending") == Found("message", twins[0].id)

    @pytest.mark.parametrize(
        "name",
        [
            "%%%%%%%%",
            "________",
            "\\%\\%\\%\\%",
            "a' OR '1'='1",
            "'; DROP TABLE messages; --",
            "\0\0\0\0\0\0\0\0",
            "\udcff\udcff\udcff\udcff\udcff\udcff\udcff\udcff",
            "x" * 100_000,
            "",
        ],
    )
    async def test_hostile_names_find_nothing(self, open_store: OpenStore, name: str) -> None:
        """Wildcards, SQL, what is not text and what is far too long are looked for as they are, and not found."""
        store = open_store()
        conversation, _, _ = await send(store)
        assert await store.find(name) is None
        assert await store.get_conversation(conversation.id)

    async def test_wildcards_in_an_id_are_only_themselves(self, open_store: OpenStore) -> None:
        """An id that holds a wildcard is found by it, and by nothing that merely fits it."""
        store = open_store()
        conversation = a_conversation(id="0000-100%_sure\\really")
        message = a_message(conversation)
        await store.record_send(
            conversation=conversation, messages=[message], generation=a_generation(message, store.owner)
        )
        assert await store.find("100%_sure\\really") == Found("conversation", conversation.id)
        assert await store.find("100%Xsure\\really") is None

    # the store itself

    async def test_each_store_has_a_signature_of_its_own(self, open_store: OpenStore) -> None:
        """The owner stays the same for a store and differs between two."""
        one, two = open_store(), open_store()
        assert one.owner == one.owner
        assert one.owner != two.owner

    async def test_close_writes_what_is_queued(self, open_store: OpenStore) -> None:
        """Bytes queued just before closing are durable, their callbacks came, and closing again does nothing."""
        store, other = open_store(), open_store()
        _, _, generation = await send(store)
        outcomes: list[StoreError | None] = []
        for piece in (b"a", b"b"):
            store.append_received(generation, piece, outcomes.append)
        await store.close()
        await store.close()
        assert outcomes == [None, None]
        assert await other.load_received(generation) == b"ab"

    async def test_a_closed_store_stays_closed(self, open_store: OpenStore) -> None:
        """After closing, reading, writing and signing fail and say why."""
        store = open_store()
        _, answer, generation = await send(store)
        await store.close()
        with pytest.raises(StoreError, match="closed"):
            await store.record_start(generation, "gen-1")
        with pytest.raises(StoreError, match="closed"):
            await store.get_message(answer.id)
        with pytest.raises(StoreError, match="closed"):
            _ = store.owner
        assert [g.state for g in await open_store().list_generations(answer.conversation_id)] == ["sent"]

    async def test_a_setting_is_the_value_last_recorded(self, open_store: OpenStore) -> None:
        """Nothing before the first, then what any process recorded last; each name has its own."""
        store, other = open_store(), open_store()
        assert await store.find_setting("a") is None
        await store.record_setting("a", "1")
        await other.record_setting("a", "é2")
        await other.record_setting("b", "")
        assert [await store.find_setting(name) for name in ("a", "b", "c")] == ["é2", "", None]

    # sessions

    async def test_a_session_is_found_by_its_hash(self, open_store: OpenStore) -> None:
        """Another store finds what was recorded, whole, and nothing by another hash; listed they are oldest first."""
        store, other = open_store(), open_store()
        late, early = a_session("b", created_at=20.0), a_session("c", created_at=10.0, label=f"odd {LONE} \0 é")
        for session in (late, early):
            await store.record_session(session)
        assert await other.find_session("b") == late
        assert await other.find_session("a") is None
        assert await other.list_sessions() == [replace(early, label="odd half \ufffd of a pair \0 é"), late]

    async def test_a_hash_is_given_once(self, open_store: OpenStore) -> None:
        """A second session under one hash is refused; the first stays as it was."""
        store = open_store()
        await store.record_session(a_session("a"))
        with pytest.raises(StoreError):
            await store.record_session(a_session("a", label="another"))
        assert await store.list_sessions() == [a_session("a")]

    async def test_expired_sessions_go_when_one_comes(self, open_store: OpenStore) -> None:
        """What had expired by then is deleted with the next sign-in; what has not is kept."""
        store = open_store()
        for name, end in (("a", 99.0), ("b", 100.0), ("c", 101.0)):
            await store.record_session(a_session(name, expires_at=end))
        await store.record_session(a_session("d", created_at=100.0))
        assert [session.hash for session in await store.list_sessions()] == ["c", "d"]

    async def test_the_last_use_is_kept(self, open_store: OpenStore) -> None:
        """It changes that session and no other, and brings back none that is gone."""
        store, other = open_store(), open_store()
        for name in ("a", "b"):
            await store.record_session(a_session(name))
        await store.record_session_use("a", 50.0)
        await store.record_session_use("gone", 50.0)
        assert await other.list_sessions() == [a_session("a", last_used_at=50.0), a_session("b")]

    async def test_sessions_are_deleted_one_by_one_and_all(self, open_store: OpenStore) -> None:
        """Each is gone for every store at once, and is reported by the one call that deleted it."""
        store, other = open_store(), open_store()
        for name in ("a", "b", "c"):
            await store.record_session(a_session(name))
        reports = await asyncio.gather(*(each.delete_sessions(only="a") for each in (store, other) * 3))
        assert sorted(reports) == [[]] * 5 + [["a"]]
        assert await other.find_session("a") is None
        assert sorted(await other.delete_sessions()) == ["b", "c"]
        assert await store.list_sessions() == []
        assert await store.delete_sessions() == []

    async def test_what_is_whole_has_no_problems(self, open_store: OpenStore) -> None:
        """A check beside a running generation and an attachment comes to its end and finds nothing."""
        store = open_store()
        await run_to_end(store, "gen-1")
        conversation = a_conversation()
        message = a_message(conversation, parts=(MediaPart({"type": "image_url", "url": "A" * 8192}),))
        generation = a_generation(message, store.owner)
        await store.record_send(conversation=conversation, messages=[message], generation=generation)
        await append(store, generation, b"data")
        assert await store.check_integrity() == Integrity()
