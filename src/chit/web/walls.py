"""Around every handler: the guard, the token, and what becomes of an error."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext

from aiohttp import web
from aiohttp.web_urldispatcher import AbstractRoute

from chit.core.api_error import is_api_path
from chit.errors import ChitError
from chit.web.guard import Guard
from chit.web.headers import put_headers
from chit.web.live import LiveStreams
from chit.web.refusal import Refused, explain, refuse
from chit.web.routes import Handler, Route
from chit.web.sessions import Sessions

Admit = Callable[[web.Request], Awaitable[web.Response | None]]
"""None lets a program's request in; else it is answered by what comes back."""
_log = logging.getLogger("chit.web")


class Walls:
    """Of one server. `admit_local` looks at a program's own token; without it, none is good."""

    def __init__(
        self,
        *,
        guard: Guard,
        table: Mapping[AbstractRoute, Route],
        sessions: Sessions,
        live: LiveStreams,
        admit_local: Admit | None = None,
    ) -> None:
        self._guard = guard
        self._table = table
        self._sessions = sessions
        self._live = live
        self._admit_local = admit_local
        self._begun: dict[int, bool] = {}
        """By identity, the requests under way: whether a stream that answers has its head already."""

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check, then run the handler. Raises `ConnectionError` only: the caller left, or what was begun breaks off."""
        self._begun[id(request)] = False
        try:
            return await self._pass(request, handler)
        except Exception as error:
            has_begun = self._begun[id(request)]
            is_gone = request.transport is None or request.transport.is_closing()
            if isinstance(error, ConnectionError) and (has_begun or is_gone):
                raise  # it is broken off on purpose, or nobody is there to be told
            answer = _answer(error, request.path)
            if has_begun:
                raise ConnectionResetError("broken off, so that it is seen not to be whole") from error
            return answer
        finally:
            del self._begun[id(request)]

    async def begin(self, request: web.Request, response: web.StreamResponse) -> None:
        """For aiohttp's signal `on_response_prepare`, which comes before every head but those of its own errors."""
        put_headers(response.headers)
        if id(request) in self._begun:
            self._begun[id(request)] = True

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        route = self._table.get(request.match_info.route)
        self._guard.check(request, is_shell=route is not None and route.kind == "shell")
        if route is None:  # no such path, or not with this method
            return await handler(request)
        if route.method != "GET":
            self._guard.check_content(request, route.takes)
        if route.needs == "local token":
            refusal = await self._refuse_local(request)
            return await handler(request) if refusal is None else refusal
        digest = await self._admit(request, route)
        with self._live.hold(digest, request) if digest and route.kind == "stream" else nullcontext():
            return await handler(request)

    async def _refuse_local(self, request: web.Request) -> web.Response | None:
        """What a program is told whose own token is not good. Raises `Refused`."""
        if self._admit_local is None:
            raise Refused(401, "No program may call here.", WWW_Authenticate="Bearer")
        return await self._admit_local(request)

    async def _admit(self, request: web.Request, route: Route) -> str | None:
        """The hash of the session whose token came, where one is needed. Raises `Refused`."""
        if route.needs == "nothing":
            return None
        if session := await self._sessions.find(request):
            return session.hash
        raise Refused(401, "Sign in first.", WWW_Authenticate="Bearer")


def _answer(error: Exception, path: str) -> web.Response:
    match error:
        case Refused():
            return refuse(error.status, error.words, error.headers, path=path)
        case web.HTTPException():  # aiohttp's own: 404, 405, 413
            kept = {name: text for name, text in error.headers.items() if name == "Allow"}
            return refuse(error.status, f"{error.reason}.", kept, path=path)
        case ChitError():
            return explain(error)
        case _:
            _log.error("a page failed", exc_info=error)  # keys in it are hidden where logs are written
            if is_api_path(path):
                return refuse(500, "This is a bug in Chit, sorry.", path=path)
            return explain(ChitError("this is a bug in Chit, sorry", hint="The terminal says more.", kind="bug"))
