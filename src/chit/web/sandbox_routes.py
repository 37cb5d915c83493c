"""Into the sandbox and back."""

from aiohttp import web

from chit.web.answer import answer_json
from chit.web.desk import Desk
from chit.web.routes import Route


class SandboxRoutes:
    """The handlers, over one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="POST", path="/sandbox", handler=self.enter, kind="json"),
            Route(method="DELETE", path="/sandbox", handler=self.leave, kind="json"),
        ]

    async def enter(self, _request: web.Request) -> web.StreamResponse:
        """What the desk is then."""
        await self._desk.errands.run(self._desk.enter_sandbox())
        return await self._tell()

    async def leave(self, _request: web.Request) -> web.StreamResponse:
        """What the desk is then."""
        await self._desk.errands.run(self._desk.leave_sandbox())
        return await self._tell()

    async def _tell(self) -> web.Response:
        return answer_json((await self._desk.describe()).as_dict())
