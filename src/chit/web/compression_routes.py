"""What a page says of context compression in one conversation."""

from aiohttp import web

from chit.core.compression import CHOICES, choose_compression
from chit.errors import NotFound
from chit.web.desk import Desk
from chit.web.refusal import Refused
from chit.web.routes import Route


class CompressionRoutes:
    """Over a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """For the table."""
        return [Route(method="PUT", path="/c/{id}/compression/{choice}", handler=self.choose, kind="json")]

    async def choose(self, request: web.Request) -> web.StreamResponse:
        """204: from now on every question of the conversation says so. Raises `NotFound`."""
        store, conversation_id = self._desk.app.store, request.match_info["id"]
        choice = next((each for each in CHOICES if each == request.match_info["choice"]), None)
        if choice is None:
            raise Refused(400, f"The choices are {', '.join(CHOICES)}.")
        conversation = await store.get_conversation(conversation_id)
        own = dict(conversation.parameters)
        if "plugins" not in own and "plugins" in self._desk.defaults:
            own["plugins"] = self._desk.defaults["plugins"]  # else its own would take the place of them
        if not await store.record_parameters(conversation_id, choose_compression(own, choice)):
            raise NotFound("there is no such conversation", hint="It may have been deleted.")
        return web.Response(status=204)
