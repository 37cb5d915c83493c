"""What pages send to go along with a question, and the media of messages, as they are shown and saved."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chit.core.attachment_limits import MOST_FILE, too_large
from chit.core.attachments import list_attachments, name_attachment, read_content
from chit.core.media_kind import HEAD_BYTES, find_media_kind
from chit.errors import ChitError, NotFound
from chit.web import pages
from chit.web.answer import answer_json
from chit.web.attaching import open_staging, take_again
from chit.web.body import read_object
from chit.web.desk import Desk
from chit.web.headers import SANDBOXED_POLICY
from chit.web.input_advice import advise
from chit.web.refusal import Refused
from chit.web.routes import Route
from chit.web.talk import Talk

_INLINE = ("image", "audio")
"""Kinds that a page shows; whatever else a file is, it is only saved (attack case 19)."""
_MOST_BODY = 4096
_LONG = 5
"""Digits that no attachment's number has."""
_PATIENCE = 30.0
"""Seconds until the next bytes of an upload must have come."""


class AttachmentRoutes:
    """Over a desk and its talk."""

    def __init__(self, desk: Desk, talk: Talk, *, patience: float = _PATIENCE) -> None:
        self._desk = desk
        self._talk = talk
        self._staging = open_staging(desk)
        self._patience = patience

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="POST", path="/attachments", handler=self.add, kind="json", takes="bytes"),
            Route(method="POST", path="/m/{id}/attach", handler=self.take_again, kind="json"),
            Route(method="GET", path="/attachments", handler=self.list_draft, kind="json"),
            Route(method="GET", path="/attachments/{id}", handler=self.show_staged, kind="fragment"),
            Route(method="DELETE", path="/attachments/{id}", handler=self.remove, kind="json"),
            Route(method="GET", path="/m/{id}/media/{number}", handler=self.show, kind="fragment"),
        ]

    async def add(self, request: web.Request) -> web.StreamResponse:
        """`?draft=&name=`, the bytes as they are: 201 `{"id"}`."""
        if (request.content_length or 0) > MOST_FILE:  # not a byte of it is read
            raise too_large(MOST_FILE)
        self._desk.own.store.check_room()
        query = request.query
        pieces = self._read(request)
        staged = await self._staging.add(query.get("draft", ""), query.get("name", ""), pieces)
        return answer_json({"id": staged.id}, 201)

    async def take_again(self, request: web.Request) -> web.StreamResponse:
        """`{"draft"}`: the files of the message take the place of the draft's, 204."""
        draft = (await read_object(request, most=_MOST_BODY)).get("draft")
        await take_again(request.match_info["id"], str(draft), self._desk, self._staging)
        return web.Response(status=204)

    async def list_draft(self, request: web.Request) -> web.StreamResponse:
        """`?draft=&model=`: `{"html"}`, with what the chosen models make of each file, as far as they are known."""
        files = self._staging.list_draft(request.query.get("draft", ""))
        chosen = [id.strip() for id in request.query.get("model", "").split(",") if id.strip()]
        known = await self._list_models() if chosen and any(each.kind for each in files) else ()
        notes = {each.id: advise(each.kind.kind if each.kind else None, chosen, known) for each in files}
        return answer_json({"html": pages.render("staged", files=files, notes=notes)})

    async def show_staged(self, request: web.Request) -> web.StreamResponse:
        """One that waits, for its thumbnail."""
        staged = self._staging.find(request.match_info["id"])
        return _answer_media(await self._staging.load(staged.id), staged.name)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """It will not be sent: 204."""
        self._staging.remove(request.match_info["id"])
        return web.Response(status=204)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The attachment of that number, of a stored message or of a reply that is still coming in."""
        message_id = request.match_info["id"]
        live = self._talk.live.get(message_id)
        message = live.message if live else await self._desk.app.store.get_message(message_id)
        parts, digits = list_attachments(message), request.match_info["number"]
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < _LONG else len(parts)
        data = await asyncio.to_thread(read_content, parts[number]) if number < len(parts) else None
        if data is None:
            raise NotFound("this is not kept here", hint="The message as JSON tells where it stands.")
        return _answer_media(data, name_attachment(parts[number], number, find_media_kind(data[:HEAD_BYTES])))

    async def _list_models(self) -> Sequence[Any]:
        """None where they are not to be had: then nothing is said of them."""
        try:
            return await self._desk.app.catalogue.list_models()
        except ChitError:
            return ()

    async def _read(self, request: web.Request) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(self._patience):
                    piece = await request.content.readany()
            except TimeoutError:
                raise Refused(408, "This took too long.", Connection="close") from None
            if not piece:
                return
            yield piece


def _answer_media(data: bytes, name: str) -> web.Response:
    """Shown only if its own bytes say that it is a picture or a sound, whatever it is called and said to be."""
    kind = find_media_kind(data[:HEAD_BYTES])
    headers = {"Content-Security-Policy": SANDBOXED_POLICY}
    is_shown = kind is not None and kind.kind in _INLINE
    headers["Content-Type"] = kind.type if kind is not None and is_shown else "application/octet-stream"
    place = "inline" if is_shown else "attachment"
    headers["Content-Disposition"] = f"{place}; filename*=UTF-8''{quote(name, safe='')}"
    return web.Response(body=data, headers=headers)
