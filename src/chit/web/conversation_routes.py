"""What a page asks for of conversations and their messages."""

import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from chit.core.message_record import message_record
from chit.errors import NotFound
from chit.web.answer import answer_json
from chit.web.body import read_object
from chit.web.conversation_change import read_change
from chit.web.conversation_list import write_item
from chit.web.desk import Desk
from chit.web.hub import Hub
from chit.web.question import read_member, read_model, read_question
from chit.web.routes import Route
from chit.web.talk import Talk

MOST_QUESTION = 4 * 1024 * 1024
_MOST_BODY = 64 * 1024


class ConversationRoutes:
    """Over a desk and its talk. Answers are JSON."""

    def __init__(self, desk: Desk, talk: Talk, hub: Hub, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives unix seconds: when something was deleted."""
        self._desk = desk
        self._talk = talk
        self._hub = hub
        self._clock = clock

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="POST", path="/c", handler=self.ask, kind="json"),
            Route(method="POST", path="/c/{id}", handler=self.ask, kind="json"),
            Route(method="PATCH", path="/c/{id}", handler=self.change, kind="json"),
            Route(method="DELETE", path="/c/{id}", handler=self.delete, kind="json"),
            Route(method="POST", path="/c/{id}/restore", handler=self.restore, kind="json"),
            Route(method="GET", path="/m/{id}", handler=self.show, kind="json"),
            Route(method="POST", path="/m/{id}/stop", handler=self.stop, kind="json"),
            Route(method="POST", path="/m/{id}/regenerate", handler=self.regenerate, kind="json"),
            Route(method="POST", path="/m/{id}/amend", handler=self.amend, kind="json"),
            Route(method="POST", path="/m/{id}/continue", handler=self.go_on, kind="json"),
        ]

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """What `read_question` takes: `{"conversation", "question", "reply"}`."""
        question = read_question(await read_object(request, most=MOST_QUESTION), request.match_info.get("id"))
        made = await self._desk.errands.run(self._talk.ask(question))
        return answer_json(made, 202)

    async def change(self, request: web.Request) -> web.StreamResponse:
        """`{"title"?, "pinned"?, "archived"?}`."""
        change = read_change(await read_object(request, most=_MOST_BODY))
        return await self._change(
            request, lambda id: change.apply(self._store, id, now=self._clock()), moves=change.moves_back
        )

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Out of sight; `restore` brings it back until it is purged, but nothing does that is private."""
        found = await self._store.find_summary(request.match_info["id"])
        if found is not None and found.private:
            await self._talk.stop_all(found.id)
        return await self._change(request, lambda id: self._store.delete_conversation(id, now=self._clock()))

    async def restore(self, request: web.Request) -> web.StreamResponse:
        """Undo `delete`."""
        return await self._change(request, lambda id: self._store.restore_conversation(id), moves=True)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The message as `chit show --json` prints it."""
        message = await self._store.get_message(request.match_info["id"])
        return answer_json(message_record(message, await self._store.find_generation(message.id)))

    async def stop(self, request: web.Request) -> web.StreamResponse:
        """204 once what came is kept."""
        await self._talk.stop(request.match_info["id"])
        return web.Response(status=204)

    async def regenerate(self, request: web.Request) -> web.StreamResponse:
        """`{"changes"?, "model"?}`, a JSON Merge Patch and what the model field says: `{"conversation", "reply"}`."""
        body = await read_object(request, most=_MOST_BODY)
        changes = {**read_member(body, "changes"), **read_model(body)}
        made = await self._desk.errands.run(self._talk.regenerate(request.match_info["id"], changes))
        return answer_json(made, 202)

    async def amend(self, request: web.Request) -> web.StreamResponse:
        """`{"text"}`, in the place of what a model or the instructions say: `{"conversation", "message"}`."""
        text = (await read_object(request, most=MOST_QUESTION)).get("text")
        return answer_json(await self._talk.amend(request.match_info["id"], text if isinstance(text, str) else ""))

    async def go_on(self, request: web.Request) -> web.StreamResponse:
        """`{"changes"?}`, for the rest of a reply that broke off."""
        changes = read_member(await read_object(request, most=_MOST_BODY), "changes")
        made = await self._desk.errands.run(self._talk.go_on(request.match_info["id"], changes))
        return answer_json(made, 202)

    @property
    def _store(self) -> Any:
        return self._desk.app.store

    async def _change(
        self, request: web.Request, change: Callable[[str], Any], *, moves: bool = False
    ) -> web.StreamResponse:
        """`moves` says that it goes back to where it was last used in the list, which only a new list can show."""
        conversation_id = request.match_info["id"]
        if not await change(conversation_id):
            raise NotFound("there is no such conversation", hint="It may have been deleted for good.")
        self._hub.publish("conversation", **await write_item(self._store, conversation_id))
        if moves:
            self._hub.publish("list")
        return web.Response(status=204)
