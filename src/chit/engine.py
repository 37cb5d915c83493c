"""The verbs. Everything is recorded before it is sent, and committed before it is shown (design §4)."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chit.adoption import adopt_orphans
from chit.advice import Advice, explain_here
from chit.catalogue import Catalogue
from chit.core.amendment import amend_message
from chit.core.conversation import Conversation, title_from, title_of
from chit.core.defaults import add_defaults, model_parameters, requested_model
from chit.core.fault import Fault
from chit.core.generation import RUNNING, Generation, Origin
from chit.core.history import Tree
from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.core.messages import Message, Part, Source, TextPart
from chit.core.revision import continues, join_replies, revise_request
from chit.core.turns import split_turns
from chit.core.wire import ENGINE, list_messages, read_parts, read_rest, read_source, write_history
from chit.errors import InputError, NotFound
from chit.late_ends import LateEnds
from chit.notices import GenerationEnded, Notices
from chit.openrouter.client import OpenRouterClient
from chit.openrouter.reply import Reply
from chit.replies import find_reply, write_continuation
from chit.running import Running
from chit.store.ids import new_id
from chit.store.protocol import Store


class Engine:
    """Sends questions, keeps track of what runs, and takes over what a dead process left."""

    def __init__(
        self,
        *,
        store: Store,
        client: OpenRouterClient,
        notices: Notices,
        catalogue: Catalogue,
        default_model: str | None = None,
        default_parameters: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """The defaults are for `send`. `clock` gives unix seconds, for showing; nothing is ordered by it."""
        self._store = store
        self._client = client
        self._notices = notices
        self._advice = Advice(catalogue)
        self._defaults = {**model_parameters(default_model), **(default_parameters or {})}
        self._clock = clock
        self._running: set[Running] = set()
        self._ledger = LateEnds(store, notices)

    async def send(
        self,
        parts: Sequence[Part],
        *,
        parameters: Mapping[str, Any] | None = None,
        system: str | None = None,
        conversation_id: str | None = None,
        parent_id: str | None = None,
        stream: bool = True,
        private: bool = False,
        origin: Origin = "library",
        own: Mapping[str, Any] | None = None,
    ) -> Running:
        """Ask a question, in a new conversation or after `parent_id` (else the newest leaf) of an existing one.

        A `parent_id` of "" begins the conversation anew, beside what there is. Of a new one that is `private` nothing
        but ids and costs is written down; it is known until this process ends.
        `parameters` go into the request as given, over everything the engine puts there; `own` are kept with a new
        conversation, for whoever asks in it next. Raises `StoreError`.
        """
        self._store.check_room()
        conversation, path = await self._open_branch(parts, conversation_id, parent_id, origin)
        if conversation_id is None:
            conversation = replace(conversation, private=private, parameters=own or {})
        fresh: list[Message] = []
        if system is not None:
            fresh.append(self._message(conversation, "system", [TextPart(system)], path, fresh))
        for source, turn in split_turns(parts):
            fresh.append(self._message(conversation, source, turn, path, fresh))
        request: dict[str, Any] = {
            "messages": write_history(join_replies([*path, *fresh])),
            "session_id": conversation.id,
            "stream": stream,
        }
        request = add_defaults(request | dict(parameters or {}), self._defaults)
        return await self._start(
            conversation if conversation_id is None else None,
            fresh,
            self._message(conversation, "actor", (), path, fresh),
            encode_json(request),
            request,
            origin,
        )

    async def send_request(self, body: bytes, *, origin: Origin = "api") -> Running:
        """Send a whole request body, byte for byte, and record its messages as a conversation of their own.

        Nothing but its being a JSON object is checked. Raises `InputError` and `StoreError`.
        """
        try:
            request = decode_object(body)
            body.decode()
        except (JsonInvalid, UnicodeDecodeError) as error:
            raise InputError(
                f"the request is not a JSON object: {error}",
                hint='It should look like {"model": "…", "messages": [{"role": "user", "content": "…"}]}.',
            ) from error
        self._store.check_room()
        conversation = Conversation(id=new_id(), title="", origin=origin, created_at=self._clock())
        fresh: list[Message] = []
        for wire in list_messages(request):
            message = self._message(conversation, read_source(wire), read_parts(wire), (), fresh)
            rest = read_rest(wire)
            fresh.append(replace(message, extra={ENGINE: {"wire": rest}}) if rest else message)
        asked = next((message.text for message in reversed(fresh) if message.source == "user" and message.text), "")
        conversation = replace(conversation, title=title_from(asked))
        actor = self._message(conversation, "actor", (), (), fresh)
        return await self._start(conversation, fresh, actor, body, request, origin)

    async def regenerate(
        self, message_id: str, *, changes: Mapping[str, Any] | None = None, origin: Origin = "library"
    ) -> Running:
        """Ask again for a reply, beside the one there is: its request as it was sent, but for `changes`.

        They are such as an error's actions carry (`Action.changes`). Of a continuation only the rest is asked for
        again, from where it began. Raises `NotFound`, `InputError`, `StoreError`.
        """
        self._store.check_room()
        reply, before = await find_reply(self._store, message_id)
        body = revise_request(before.request, changes or {})
        extra = {ENGINE: {"continues": True}} if continues(reply) else None
        return await self._send_again(reply.parent_id, before, body, origin, extra)

    async def continue_reply(
        self, message_id: str, *, changes: Mapping[str, Any] | None = None, origin: Origin = "library"
    ) -> Running:
        """Let the model go on where a reply broke off, in a message that follows it; `changes` as in `regenerate`.

        Raises `NotFound`, `StoreError`, and `InputError` for a reply that is whole or has no text to go on from.
        """
        self._store.check_room()
        reply, before = await find_reply(self._store, message_id)
        body = revise_request(await write_continuation(self._store, reply, before), changes or {})
        return await self._send_again(reply.id, before, body, origin, {ENGINE: {"continues": True}})

    async def amend(self, message_id: str, text: str) -> Message:
        """Keep `text` as a new version of a reply or of instructions; no model is asked, and the next question goes on
        from it. Raises `NotFound`, `StoreError`, and `InputError` for another message, an empty text and a reply that
        is still coming in.
        """
        before = await self._store.get_message(message_id)
        await self._store.get_conversation(before.conversation_id)
        generation = await self._store.find_generation(message_id)
        if generation is not None and generation.state in RUNNING:
            raise InputError("that reply is still coming in", hint="Wait for its end, or stop it first.")
        amended = amend_message(before, text, id=new_id(), now=self._clock())
        await self._store.record_messages([amended])
        return amended

    async def adopt(self) -> list[Message]:
        """Finish the records of generations whose process is gone. Raises `StoreError`."""
        adopted = await adopt_orphans(self._store, scrub=self._client.scrub, explain=explain_here, clock=self._clock)
        for generation, message in adopted:
            self._notices.publish(GenerationEnded(message.id, generation.generation_id))
        return [message for _, message in adopted]

    async def close(self) -> None:
        """Stop what still runs; what came is kept."""
        await asyncio.gather(*(running.stop() for running in self._running))
        await self._ledger.close()

    async def _open_branch(
        self, parts: Sequence[Part], conversation_id: str | None, parent_id: str | None, origin: Origin
    ) -> tuple[Conversation, Sequence[Message]]:
        """The conversation, new if `conversation_id` is None, and the path of it that the question goes on from."""
        if conversation_id is None:
            return Conversation(id=new_id(), title=title_of(parts), origin=origin, created_at=self._clock()), ()
        conversation = await self._store.get_conversation(conversation_id)
        if parent_id == "":
            return conversation, ()
        tree = Tree(await self._store.list_messages(conversation_id))
        leaf = tree.newest_leaf() if parent_id is None else tree.find(parent_id)
        if leaf is None and parent_id is not None:
            raise NotFound(
                f"there is no message {parent_id} in that conversation", hint="`chit show` lists its messages."
            )
        return conversation, tree.path(leaf.id) if leaf else ()

    def _message(
        self,
        conversation: Conversation,
        source: Source,
        parts: Sequence[Part],
        path: Sequence[Message],
        fresh: Sequence[Message],
    ) -> Message:
        before = fresh[-1] if fresh else path[-1] if path else None
        return Message(
            id=new_id(),
            conversation_id=conversation.id,
            parent_id=before.id if before else None,
            source=source,
            parts=tuple(parts),
            created_at=self._clock(),
        )

    async def _send_again(
        self,
        parent_id: str | None,
        before: Generation,
        body: bytes,
        origin: Origin,
        extra: Mapping[str, Any] | None = None,
    ) -> Running:
        """A request that follows from an earlier one, its reply under `parent_id`."""
        actor = Message(
            id=new_id(),
            conversation_id=before.conversation_id,
            parent_id=parent_id,
            source="actor",
            extra=extra or {},
            created_at=self._clock(),
        )
        return await self._start(None, [], actor, body, decode_object(body), origin)

    async def _start(
        self,
        created: Conversation | None,
        fresh: list[Message],
        actor: Message,
        body: bytes,
        request: Mapping[str, Any],
        origin: Origin,
    ) -> Running:
        """Record, then send."""
        model = requested_model(request)
        generation = Generation(
            id=new_id(),
            message_id=actor.id,
            conversation_id=actor.conversation_id,
            owner=self._store.owner,
            origin=origin,
            request=body,
            streamed=request.get("stream") is True,
            requested_model=model,
            created_at=self._clock(),
        )
        await self._store.record_send(conversation=created, messages=[*fresh, actor], generation=generation)
        uses_tools = bool(request.get("tools") or request.get("plugins"))

        async def post() -> Reply | Fault:
            return await self._client.open_completion(
                body, streamed=generation.streamed, model=model, uses_tools=uses_tools
            )

        running = Running(
            ledger=self._ledger,
            send=post,
            generation=generation,
            message=actor,
            scrub=self._client.scrub,
            explain=explain_here,
            advise=self._advice.add,
            on_end=self._note_end,
        )
        self._running.add(running)
        return running.begin()

    def _note_end(self, running: Running) -> None:
        self._running.discard(running)
        self._notices.publish(GenerationEnded(running.message.id, running.generation.generation_id, running.error))
