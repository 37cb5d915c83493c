"""The one page: empty, the same for everybody and at every address. Its script fetches what belongs there."""

from pathlib import Path

from aiohttp import web

from chit.core.pkce import PATH_PREFIX
from chit.web.routes import Route
from chit.web.static_files import FOLDER, SHELL

PAGES = (
    *("/", "/c/{id}", "/archive", "/search", "/costs", "/settings", "/settings/{page}", "/leave"),
    PATH_PREFIX + "{random}",
)
"""Addresses that a person may open, reload or come back to; OpenRouter's sign-in comes back to the last."""


def shell_routes(folder: Path = FOLDER) -> list[Route]:
    """The page at all of `PAGES`."""
    content = (folder / SHELL).read_bytes()

    async def show(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type="text/html", charset="utf-8")

    return [Route(method="GET", path=path, handler=show, kind="shell", needs="nothing") for path in PAGES]
