"""What can be asked for: a table of routes. To add one, put a `Route` into a list that `open_server` is given.

A route is shut unless it says otherwise: it needs a session's token, and only methods that say so may change anything.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from aiohttp.web_urldispatcher import AbstractRoute

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN_EXCHANGES = {("POST", "/session"), ("POST", "/instance")}
"""What changes something without a token. Each takes a proof of its own instead, and answers 401 without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path. Raises `ValueError` for what must not exist."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    """GET changes nothing, ever: nothing asks whether the person meant it."""
    path: str
    """As aiohttp writes it: `/c/{id}`."""
    handler: Handler
    """May raise `Refused` and any `ChitError`."""
    kind: Literal["shell", "static", "fragment", "json", "stream"]
    """A stream is broken off when its session is revoked. Shell and static files hold no data."""
    needs: Literal["session", "local token", "nothing"] = "session"
    """A signed-in browser's token, a program's own (`/v1`), or none."""
    takes: Literal["json", "bytes"] = "json"
    """What a body must say that it is; no form of any site can send either."""

    def __post_init__(self) -> None:
        is_empty = self.kind in ("shell", "static")
        if is_empty and self.method != "GET":
            raise ValueError(f"{self.method} {self.path}: the shell and static files are only read")
        if (self.needs == "nothing") != (is_empty or (self.method, self.path) in OPEN_EXCHANGES):
            raise ValueError(f"{self.method} {self.path}: what is open is listed, everything else needs a token")
        if self.takes == "bytes" and self.method != "POST":
            raise ValueError(f"{self.method} {self.path}: bytes are sent by POST")


def add_routes(app: web.Application, routes: Sequence[Route]) -> dict[AbstractRoute, Route]:
    """Give the routes to aiohttp; back comes which is which. The shell and static files answer HEAD too."""
    table: dict[AbstractRoute, Route] = {}
    for route in routes:
        table[app.router.add_route(route.method, route.path, route.handler)] = route
        if route.kind in ("shell", "static"):
            table[app.router.add_route("HEAD", route.path, route.handler)] = route
    return table
