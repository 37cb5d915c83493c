"""What a person does on a conversation's page, and what every page is told of it."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from chit.app import App
from chit.core.compression import find_compression
from chit.core.defaults import choose_parameters
from chit.errors import ChitError, InputError, NotFound, StoreError
from chit.running import Running
from chit.web.articles import find_blocks, keep_blocks, write_question, write_reply, write_running
from chit.web.attaching import forget_draft, open_staging, write_parts
from chit.web.branches import Branch, find_branches
from chit.web.context import write_context
from chit.web.conversation_list import write_item
from chit.web.desk import Desk
from chit.web.hub import Hub
from chit.web.live_reply import LiveReply, Snapshot
from chit.web.question import Question


class Talk:
    """Over what the desk shows. Every reply goes on without anybody watching it."""

    def __init__(self, desk: Desk, hub: Hub) -> None:
        self._desk = desk
        self._hub = hub
        self._staging = open_staging(desk)
        self._live: dict[str, LiveReply] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._warmed: App | None = None

    @property
    def live(self) -> dict[str, Snapshot]:
        """The replies that are coming in, by their messages."""
        return {id: reply.snapshot() for id, reply in self._live.items()}

    async def ask(self, question: Question) -> dict[str, Any]:
        """Send it; the ids of what came into being.

        Raises `KeyUnavailable`, `NotFound`, `StoreError`, `InputError`.
        """
        await self._desk.check_key()
        app = self._desk.app
        parts = await write_parts(question, self._staging)
        if not parts:
            raise InputError("the message is empty", hint="Write something first.")
        own = question.own
        if question.conversation_id is not None:
            own = (await app.store.get_conversation(question.conversation_id)).parameters
        running = await app.engine.send(
            parts,
            parameters=choose_parameters(question.parameters, own, self._desk.defaults, model=question.model),
            system=question.system,
            own=own,
            conversation_id=question.conversation_id,
            parent_id=question.parent_id,
            private=question.private,
            origin="web",
        )
        forget_draft(question.draft, self._staging)
        asked = await app.store.get_message(running.message.parent_id or "")
        branches = await find_branches([asked], app.store)
        html = write_question(asked, branches.get(asked.id))
        self._follow(app, running, after=asked.parent_id, question=html)
        await self._tell_conversation(app, running.message.conversation_id)
        return self._name(running) | {"question": asked.id}

    async def regenerate(self, message_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The request as it was, but for `changes` and what the conversation says of compression, which may be
        the cure.

        Raises as `Engine.regenerate`, and `KeyUnavailable`.
        """
        await self._desk.check_key()
        app = self._desk.app
        reply = await app.store.get_message(message_id)
        own = (await app.store.get_conversation(reply.conversation_id)).parameters
        changes = {**find_compression(own), **changes}
        running = await app.engine.regenerate(message_id, changes=changes, origin="web")
        await self._follow_version(app, running)
        return self._name(running)

    async def go_on(self, message_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Raises as `Engine.continue_reply`, and `KeyUnavailable`."""
        await self._desk.check_key()
        app = self._desk.app
        running = await app.engine.continue_reply(message_id, changes=changes, origin="web")
        await self._follow_version(app, running)
        return self._name(running)

    async def amend(self, message_id: str, text: str) -> dict[str, Any]:
        """Keep it as a new version; the ids of what came into being. Raises as `Engine.amend`."""
        app = self._desk.app
        amended = await app.engine.amend(message_id, text)
        self._hub.publish("amended", conversation=amended.conversation_id)
        await self._tell_conversation(app, amended.conversation_id)
        return {"conversation": amended.conversation_id, "message": amended.id}

    async def stop_all(self, conversation_id: str) -> None:
        """Whatever comes in there."""
        here = [each.running for each in self._live.values() if each.running.message.conversation_id == conversation_id]
        await asyncio.gather(*(running.stop() for running in here))

    async def stop(self, message_id: str) -> None:
        """Close the upstream at once and keep what came. Raises `NotFound` for what does not run here."""
        if (reply := self._live.get(message_id)) is None:
            raise NotFound("that reply does not run here, or not any more", hint="Load the page again.")
        await reply.running.stop()

    async def close(self) -> None:
        """Stop telling; the replies themselves belong to their app."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow_version(self, app: App, running: Running) -> None:
        """Of a reply that comes in beside others, which can be reached meanwhile."""
        branches = await find_branches([running.message], app.store)
        branch = branches.get(running.message.id)
        self._follow(app, running, after=running.message.parent_id, branch=branch)

    def _follow(
        self,
        app: App,
        running: Running,
        *,
        after: str | None,
        question: str | None = None,
        branch: Branch | None = None,
    ) -> None:
        reply = LiveReply(running, self._hub)
        self._live[running.message.id] = reply
        self._hub.publish(
            "opened",
            conversation=running.message.conversation_id,
            after=after,
            question=question,
            reply=running.message.id,
            html=write_running(reply.snapshot(), branch),
        )
        self._begin(self._see_through(app, reply), f"telling {running.message.id}")
        if self._warmed is not app:
            self._warmed = app
            self._begin(_warm_catalogue(app), "warming the catalogue")

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_through(self, app: App, reply: LiveReply) -> None:
        message_id = reply.running.message.id
        is_sandbox = app is not self._desk.own
        try:
            await reply.follow()
        finally:
            del self._live[message_id]
        message, generation, blocks = reply.running.message, reply.running.generation, reply.blocks
        branch = context = None
        with suppress(StoreError):  # else as it is here; its error says that it could not be kept
            message = await app.store.get_message(message_id)
            if reply.text == message.text:
                await keep_blocks(message_id, blocks, app.store)
            else:
                blocks = await find_blocks(message, app.store, None)
            branch = (await find_branches([message], app.store)).get(message_id)
            generation = await app.store.find_generation(message_id) or generation  # last: it may be settled by now
            context = await write_context(app, generation, self._desk.defaults, is_sandbox=is_sandbox)
        html = write_reply(message, generation, blocks, branch, is_sandbox=is_sandbox, context=context)
        self._hub.publish("ended", message=message_id, html=html)
        await self._tell_conversation(app, message.conversation_id)

    async def _tell_conversation(self, app: App, conversation_id: str) -> None:
        """If it cannot be read, the next view shows it."""
        if app is self._desk.app:
            with suppress(StoreError):
                self._hub.publish("conversation", **await write_item(app.store, conversation_id))

    def _name(self, running: Running) -> dict[str, Any]:
        return {"conversation": running.message.conversation_id, "reply": running.message.id}


async def _warm_catalogue(app: App) -> None:
    """By the time the first reply ends, the length and the prices of its model may be known."""
    with suppress(ChitError):
        await app.catalogue.list_models()
