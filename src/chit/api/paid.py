"""The endpoints that cost money: one call is checked, recorded, relayed and answered."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiohttp import web

from chit.api.answer import pass_whole, tell
from chit.api.callers import Callers
from chit.api.headers import pass_back, pass_onwards
from chit.api.refusal import ApiRefusal
from chit.core.dialect import Dialect
from chit.core.jsontext import JsonInvalid, decode_mended
from chit.core.local_token import LocalToken
from chit.errors import InputError
from chit.relay import Call, Flight, Relay

_MAYBE_BILLED = "It may have run, and been billed, all the same."
Check = Callable[[LocalToken, Call], Awaitable[AsyncExitStack]]
"""Whether a call may begin; what it gives is closed when the call has ended. Raises `ApiRefusal` or `ChitError`."""


class PaidEndpoint:
    """Of one dialect."""

    def __init__(self, dialect: Dialect, relay: Relay, callers: Callers, check: Check) -> None:
        self._dialect = dialect
        self._relay = relay
        self._callers = callers
        self._check = check

    async def answer(self, request: web.Request, token: LocalToken) -> web.StreamResponse:
        """Raises `ApiRefusal`, `ChitError`, aiohttp's errors, and `ConnectionError` for a stream that broke off."""
        call = self._read(request, token, await request.read())
        held = await self._check(token, call)
        flight = self._relay.begin(call, after=held.aclose)
        with self._callers.hold(token.hash, request):
            try:
                return await self._follow(request, flight)
            finally:
                flight.leave()

    def _read(self, request: web.Request, token: LocalToken, body: bytes) -> Call:
        try:
            decoded = decode_mended(body)
            if not body.isascii():
                body.decode()
        except (JsonInvalid, UnicodeDecodeError) as error:
            raise InputError(f"the request is not a JSON object: {error}", kind="invalid_json") from error
        return Call(
            dialect=self._dialect,
            body=body,
            request=decoded,
            token=token.hash,
            private=token.terms.private,
            headers=pass_onwards(request.headers),
            query=request.raw_path.partition("?")[2],
        )

    async def _follow(self, request: web.Request, flight: Flight) -> web.StreamResponse:
        if await flight.tap.opened():
            return await self._stream(request, flight)
        answer = await flight.wait()
        if answer.whole is not None:
            return pass_whole(request.path, answer.whole, answer.error, may_retry=answer.may_retry)
        if answer.error is None:
            raise ApiRefusal(503, "Chit stopped this call, since it is closing.", "stopped", _MAYBE_BILLED)
        return tell(request.path, answer.error, may_retry=answer.may_retry)

    async def _stream(self, request: web.Request, flight: Flight) -> web.StreamResponse:
        tap = flight.tap
        response = web.StreamResponse(status=tap.status, headers=pass_back(tap.headers))
        await response.prepare(request)
        while data := await tap.draw():
            await response.write(data)
        if not tap.is_whole:
            raise ConnectionResetError("broken off, as upstream did")
        await response.write_eof()
        return response
