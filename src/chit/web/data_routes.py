"""Files that a person takes away or brings back: exports and imports."""

import asyncio
import tempfile
from typing import IO

from aiohttp import web

from chit.core.dossier_json import Scrub
from chit.core.scrub import Scrubber
from chit.errors import NotFound
from chit.store.home import explain_os_error
from chit.transfer.exporting import Form, export_all, export_one
from chit.web.desk import Desk
from chit.web.hub import Hub
from chit.web.imports import Imports
from chit.web.refusal import Refused
from chit.web.routes import Route

MOST_FILE = 4 * 1024**3
"""Bytes of a file to import. It rests on disk meanwhile, under no name."""
IDLE_SECONDS = 30.0
"""Without a byte of it."""
_TYPES = {"json": "application/json", "markdown": "text/markdown"}


class DataRoutes:
    """Over a desk."""

    def __init__(self, desk: Desk, hub: Hub, imports: Imports, *, scrub: Scrub) -> None:
        """`scrub` hides the keys that are known; what looks like one is hidden without it."""
        looks_like_one = Scrubber(()).scrub
        self._desk = desk
        self._hub = hub
        self._imports = imports
        self._scrub: Scrub = lambda text: looks_like_one(scrub(text))

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="GET", path="/export", handler=self.export_all, kind="stream"),
            Route(method="GET", path="/c/{id}/export", handler=self.export_one, kind="stream"),
            Route(method="POST", path="/import", handler=self.take, kind="json", takes="bytes"),
        ]

    async def export_one(self, request: web.Request) -> web.StreamResponse:
        """`?as=json` or `markdown`: one file."""
        form = _read_form(request)
        name, data = await export_one(self._desk.app.store, request.match_info["id"], form, self._scrub)
        return web.Response(body=data, content_type=_TYPES[form], charset="utf-8", headers=_attach(name))

    async def export_all(self, request: web.Request) -> web.StreamResponse:
        """`?as=json` or `markdown`: a zip, sent while it is made."""
        form = _read_form(request)
        response = web.StreamResponse(headers={"Content-Type": "application/zip", **_attach(f"chit-{form}.zip")})
        await response.prepare(request)
        async for data in export_all(self._desk.app.store, form, self._scrub):
            await response.write(data)
        return response

    async def take(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file: 204 once it is through. It goes on though the caller leaves; pages are told."""
        self._imports.check_free()
        app = self._desk.app
        app.store.check_room()
        file = await self._receive(request)
        await self._desk.errands.run(self._imports.run(app, file, scrub=self._scrub, hub=self._hub))
        return web.Response(status=204)

    async def _receive(self, request: web.Request) -> IO[bytes]:
        if (request.content_length or 0) > MOST_FILE:
            raise _too_large()
        folder = self._desk.app.prefs.home / "run"
        try:
            file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the import closes it
        except OSError as error:
            raise explain_os_error(error, folder) from error
        try:
            await _fill(file, request)
        except BaseException as error:
            file.close()
            if isinstance(error, OSError) and not isinstance(error, ConnectionError):
                raise explain_os_error(error, folder) from error
            raise
        return file


async def _fill(file: IO[bytes], request: web.Request) -> None:
    size = 0
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                piece = await request.content.readany()
        except TimeoutError:
            raise Refused(408, "This took too long.", Connection="close") from None
        if not piece:
            return
        size += len(piece)
        if size > MOST_FILE:
            raise _too_large()
        file.write(piece)


def _too_large() -> Refused:
    return Refused(413, f"At most {MOST_FILE // 1024**3} GiB can be imported at once.", Connection="close")


def _read_form(request: web.Request) -> Form:
    match request.query.get("as"):
        case "json":
            return "json"
        case "markdown":
            return "markdown"
    raise NotFound("there is no such form of an export", hint="There are json and markdown.")


def _attach(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
