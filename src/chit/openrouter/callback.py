"""Where the browser comes back to: a listener that lives as long as one sign-in at the terminal (field guide §8)."""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from chit.core.pkce import VERIFIER_BYTES, is_code, make_callback_path
from chit.errors import InputError, KeyUnavailable

HOST = "127.0.0.1"
CODE_SECONDS = 600.0
"""How long OpenRouter keeps a code; nobody needs to wait longer for one."""
_LAST_WORDS = 1.0
"""Seconds that a page under way gets when the listener closes."""

_STYLE = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}"
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class CallbackListener:
    """On 127.0.0.1 and a free port, at a path nobody can guess; takes the first code that comes there.

    An asynchronous context manager. The code is of use only to the attempt whose verifier belongs to it.
    """

    callback_url: str
    """`http://127.0.0.1:PORT/sign-in/<random>`, once open."""

    def __init__(self, *, make_random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._path = make_callback_path(make_random(VERIFIER_BYTES))
        self._host = ""
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=_LAST_WORDS)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self._host = f"{HOST}:{self._runner.addresses[0][1]}"
        self.callback_url = f"http://{self._host}{self._path}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def code(self, within: float = CODE_SECONDS) -> str:
        """The code, as soon as the browser brings it. Raises `KeyUnavailable` after `within` seconds without one."""
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(self._code)
        except TimeoutError:
            raise KeyUnavailable(
                "nobody approved the sign-in in time",
                hint="Start it again, or use the mode for machines without a browser, where the code is pasted.",
            ) from None

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.headers.getall("Host", []) != [self._host]:
            return _page(421, "Wrong address", "This is not the place you asked for.")
        if not secrets.compare_digest(request.rel_url.raw_path.encode(), self._path.encode()):
            return _page(404, "Nothing here", "There is no such page.")
        if request.method != "GET":
            return _page(405, "Not like this", "This page can only be visited.")
        codes = request.rel_url.query.getall("code", [])
        if len(codes) != 1 or not is_code(codes[0]):
            return _page(400, "No code came", "Go back to OpenRouter and approve once more.")
        if self._code.done():
            return _page(410, "Already answered", "This sign-in has its code. You can close this tab.")
        self._code.set_result(codes[0])
        return _page(200, "Thank you", "Chit goes on in your terminal. You can close this tab.")


def read_pasted_code(text: str) -> str:
    """The code in what a person pasted: the bare code, or an address with `?code=`. Raises `InputError`."""
    text = text.strip().strip("\"'“”\u2018\u2019<>").strip()
    if text.startswith("sk-or-"):
        raise InputError("that is a key, not a sign-in code", hint="Start again and choose to paste a key.")
    codes = _find_codes(text) if "code=" in text else [text]
    if len(codes) != 1 or not is_code(codes[0]) or "://" in codes[0]:
        raise InputError(
            "that is not a sign-in code",
            hint="Copy the whole code that OpenRouter shows after you approve, and no more.",
        )
    return codes[0]


def _find_codes(text: str) -> list[str]:
    try:
        query = urlsplit(text).query or text
        return parse_qs(query, max_num_fields=20).get("code", [])
    except ValueError:
        return []


def _page(status: int, title: str, words: str) -> web.Response:
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Chit: {title}</title><style>{_STYLE}</style><h1>{title}</h1><p>{words}</p></html>"
    )
    page = web.Response(status=status, text=html, content_type="text/html", headers=_HEADERS)
    page.force_close()
    return page
