"""Signing a browser in and out: the code for a token, the list of browsers, revoking."""

from aiohttp import web

from chit.web.answer import answer_json
from chit.web.body import read_object
from chit.web.browser_name import name_browser
from chit.web.codes import Codes
from chit.web.refusal import Refused
from chit.web.routes import Route
from chit.web.sessions import Sessions, find_hash

_MOST_BODY = 4096


class SessionRoutes:
    """The handlers, over the codes and the sessions of one server."""

    def __init__(self, codes: Codes, sessions: Sessions) -> None:
        self._codes = codes
        self._sessions = sessions

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="POST", path="/session", handler=self.open, kind="json", needs="nothing"),
            Route(method="GET", path="/sessions", handler=self.list, kind="json"),
            Route(method="DELETE", path="/sessions", handler=self.revoke_all, kind="json"),
            Route(method="DELETE", path="/sessions/{hash}", handler=self.revoke, kind="json"),
        ]

    async def open(self, request: web.Request) -> web.StreamResponse:
        """`{"code": …}` for `{"token": …, "expires_at": …}`; the code is spent, whatever comes of it."""
        code = (await read_object(request, most=_MOST_BODY)).get("code")
        if not isinstance(code, str) or not self._codes.take(code):
            raise Refused(401, "This code is used up or too old.", WWW_Authenticate="Bearer")
        token, session = await self._sessions.open(name_browser(request.headers.get("User-Agent", "")))
        return answer_json({"token": token, "expires_at": session.expires_at})

    async def list(self, request: web.Request) -> web.StreamResponse:
        """`{"sessions": [{"hash", "label", "created_at", "expires_at", "last_used_at", "is_this"}]}`."""
        mine = find_hash(request)
        shown = [
            {
                "hash": session.hash,
                "label": session.label,
                "created_at": session.created_at,
                "expires_at": session.expires_at,
                "last_used_at": session.last_used_at,
                "is_this": session.hash == mine,
            }
            for session in await self._sessions.list()
        ]
        return answer_json({"sessions": shown})

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        """204, or 404 if there is no such session."""
        if not await self._sessions.revoke(request.match_info["hash"]):
            raise Refused(404, "There is no such session.")
        return web.Response(status=204)

    async def revoke_all(self, _request: web.Request) -> web.StreamResponse:
        """204; this browser's own is among them."""
        await self._sessions.revoke()
        return web.Response(status=204)
