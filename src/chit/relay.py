"""Calls of programs: recorded, sent on as they came, and answered with the bytes that came back.

What `engine` is for people, this is for the local API. Nothing is sent twice that may have been billed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chit.advice import Advice, explain_here
from chit.catalogue import Catalogue
from chit.core.call import list_wires, read_last_turn, read_turns
from chit.core.conversation import Conversation, title_from
from chit.core.defaults import requested_model
from chit.core.dialect import CHAT, Dialect
from chit.core.fault import Fault
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.prefix import extend_prefix, hash_prefixes, known_ends
from chit.core.remedy import add_remedy
from chit.core.retry import Wait, decide_retry
from chit.core.scrub import scrub_bytes
from chit.errors import ChitError, StoreError
from chit.late_ends import LateEnds
from chit.notices import GenerationEnded, Notices
from chit.openrouter.client import OpenRouterClient
from chit.openrouter.reply import Reply
from chit.openrouter.whole import Refusal, Whole
from chit.running import Running
from chit.store.ids import new_id
from chit.store.protocol import Prefix, Store
from chit.tap import Tap


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a program asks for."""

    dialect: Dialect
    body: bytes
    """As it came, and as it is sent."""
    request: Mapping[str, Any]
    """The same, decoded, with cut emoji joined."""
    token: str
    """The hash of the local token that it came with."""
    private: bool = False
    headers: Mapping[str, str]
    """Those that go on to OpenRouter."""
    query: str = ""
    """As it was written, without the question mark."""

    @property
    def streamed(self) -> bool:
        """Whether a stream is asked for."""
        return self.request.get("stream") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call came to that was not answered by a stream."""

    whole: Whole | None
    """What upstream answered; None where nothing can be passed on."""
    error: ChitError | None
    may_retry: bool = False
    """Whether the same may be sent again without asking: nothing can have been billed, and it may help."""


class Flight:
    """One call under way: draw from `tap` where it opens, else wait for the answer; `leave` in whatever way it ends."""

    def __init__(self, call: Call, fly: Callable[["Flight"], Awaitable[Answer]]) -> None:
        self.call = call
        self.tap = Tap()
        self.running: Running | None = None
        """Once it is recorded."""
        self.is_unwanted = False
        """Whether it is to be stopped as soon as it can be."""
        self.answer: Answer | None = None
        """Once everything is committed."""
        self._task = asyncio.ensure_future(fly(self))

    async def wait(self) -> Answer:
        """The end, everything committed. Raises nothing but bugs."""
        return self.answer if self.answer is not None else await asyncio.shield(self._task)

    def leave(self) -> None:
        """The caller has gone. What streams is closed at once; what does not is billed anyway, and is waited for."""
        self.tap.leave()
        if self.call.streamed:
            self.stop()

    def stop(self) -> None:
        """Close the upstream, whatever it is."""
        self.is_unwanted = True
        if self.running is not None:
            self.running.break_off()


class Relay:
    """Begins flights, and knows those under way."""

    def __init__(
        self,
        *,
        store: Store,
        client: OpenRouterClient,
        notices: Notices,
        catalogue: Catalogue,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives unix seconds, for showing."""
        self._store = store
        self._client = client
        self._notices = notices
        self._advice = Advice(catalogue)
        self._clock = clock
        self._ledger = LateEnds(store, notices)
        self._flights: set[Flight] = set()

    def begin(self, call: Call, *, after: Callable[[], Awaitable[None]] | None = None) -> Flight:
        """Record, then send; `after` is called once everything is committed, its cost too, or nothing was recorded."""

        async def fly(flight: Flight) -> Answer:
            try:
                flight.answer = await self._fly(flight)
                return flight.answer
            finally:
                self._flights.discard(flight)
                flight.tap.end(is_whole=flight.tap.is_whole)  # else a bug would leave its caller waiting
                if after is not None:
                    await after()

        flight = Flight(call, fly)
        self._flights.add(flight)
        return flight

    async def close(self) -> None:
        """Stop what still runs; what came is kept."""
        flights = list(self._flights)
        for flight in flights:
            flight.stop()
        await asyncio.gather(*(flight.wait() for flight in flights), return_exceptions=True)
        await self._ledger.close()

    async def _fly(self, flight: Flight) -> Answer:
        call = flight.call
        try:
            self._store.check_room()
            generation, actor, prefix = await self._record(call)
        except StoreError as error:
            return Answer(whole=None, error=error)
        sending = _Sending(self._client, call, generation.requested_model)
        flight.running = running = Running(
            ledger=_CallLedger(self._ledger, prefix),
            send=sending.send,
            generation=generation,
            message=actor,
            scrub=self._client.scrub,
            explain=explain_here,
            advise=self._advice.add,
            on_end=self._note_end,
            dialect=call.dialect,
            retry=_retry_unsent,
            tap=flight.tap,
        )
        if flight.is_unwanted:
            running.break_off()
        await running.run()
        return self._answer(running, sending.refusal)

    async def _record(self, call: Call) -> tuple[Generation, Message, str | None]:
        """Commit it as sent; with its reply's message comes the hash of all that was said before."""
        now = self._clock()
        wires = list_wires(call.request) if call.dialect is CHAT else []
        hashes = [] if call.private else hash_prefixes(call.token, wires)
        found, known = await self._join(hashes, wires)
        before, fresh = (found.message_id, []) if found else (None, [])
        conversation_id = found.conversation_id if found else new_id()
        turns = read_turns(wires[known:]) if call.dialect is CHAT else read_last_turn(call.request)
        for source, parts, extra in () if call.private else turns:
            message = Message(
                id=new_id(),
                conversation_id=conversation_id,
                parent_id=before,
                source=source,
                parts=parts,
                extra=extra,
                created_at=now,
            )
            fresh.append(message)
            before = message.id
        actor = Message(id=new_id(), conversation_id=conversation_id, parent_id=before, source="actor", created_at=now)
        generation = Generation(
            id=new_id(),
            message_id=actor.id,
            conversation_id=conversation_id,
            owner=self._store.owner,
            origin="api",
            token=call.token,
            request=call.body,
            streamed=call.streamed,
            requested_model=requested_model(call.request),
            created_at=now,
        )
        prefix = hashes[-1] if hashes else None
        await self._store.record_send(
            conversation=None if found else _open_conversation(conversation_id, call, fresh, now),
            messages=[*fresh, actor],
            generation=generation,
            prefix=prefix,
        )
        return generation, actor, prefix

    async def _join(self, hashes: Sequence[str], wires: Sequence[Mapping[str, Any]]) -> tuple[Prefix | None, int]:
        """Where to go on, and how many of the messages are known there."""
        ends = {hashes[end - 1]: end for end in reversed(known_ends(wires))} if hashes else {}
        found = await self._store.find_prefix([*reversed(ends)]) if ends else None
        return found, ends[found.hash] if found else 0

    def _answer(self, running: Running, refusal: Refusal | None) -> Answer:
        error, fault = running.error, running.fault
        may_retry = fault is not None and decide_retry(fault, 0) is not None
        if isinstance(error, StoreError):
            return Answer(whole=None, error=error)
        if refusal is not None and refusal.status >= 400 and error is not None:
            return Answer(whole=_mend(refusal, refusal.body, error), error=error, may_retry=may_retry)
        reply, body = running.reply, running.body
        if reply is None or body is None or reply.fault is not None or running.generation.state == "stopped":
            return Answer(whole=None, error=error, may_retry=may_retry)
        whole = Whole(status=reply.status, headers=reply.headers, body=body)
        if error is None:
            return Answer(whole=whole, error=None)
        return Answer(whole=_mend(whole, scrub_bytes(body, self._client.scrub), error), error=error)

    def _note_end(self, running: Running) -> None:
        self._notices.publish(GenerationEnded(running.message.id, running.generation.generation_id, running.error))


class _Sending:
    """One call's request, and the refusal of it word for word."""

    def __init__(self, client: OpenRouterClient, call: Call, model: str | None) -> None:
        self.refusal: Refusal | None = None
        self._client = client
        self._call = call
        self._model = model

    async def send(self) -> Reply | Fault:
        call = self._call
        outcome = await self._client.post(
            f"{call.dialect.path}?{call.query}" if call.query else call.dialect.path,
            call.body,
            streamed=call.streamed,
            headers=call.headers,
            model=self._model,
            uses_tools=bool(call.request.get("tools") or call.request.get("plugins")),
        )
        if not isinstance(outcome, Refusal):
            return outcome
        self.refusal = outcome
        return outcome.fault


class _CallLedger:
    """The ledger of one call: with its end, the conversation can be found by what was said."""

    def __init__(self, ledger: LateEnds, prefix: str | None) -> None:
        self._ledger = ledger
        self._prefix = prefix
        self.record_start = ledger.record_start
        self.append_received = ledger.append_received

    async def record_end(self, generation: Generation, message: Message, *, now: float) -> None:
        prefix = None if self._prefix is None else extend_prefix(self._prefix, message)
        await self._ledger.record_end(generation, message, now=now, prefix=prefix)


def _open_conversation(conversation_id: str, call: Call, messages: Sequence[Message], now: float) -> Conversation:
    asked = next((each.text for each in reversed(messages) if each.source == "user" and each.text), "")
    return Conversation(id=conversation_id, title=title_from(asked), origin="api", private=call.private, created_at=now)


def _mend(whole: Whole, body: bytes, error: ChitError) -> Whole:
    """With what to do about it."""
    return Whole(status=whole.status, headers=whole.headers, body=add_remedy(body, error))


def _retry_unsent(fault: Fault, retries_so_far: int) -> Wait | None:
    """Programs have their own ways to send again; only what never left is sent again here."""
    return decide_retry(fault, retries_so_far) if fault.phase == "unsent" else None
