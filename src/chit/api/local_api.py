"""The local API as a whole: OpenRouter under `/v1`, for programs with a token of ours.

What OpenRouter answers goes back as it came; the key is ours, and every call is in the history.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from aiohttp import web

from chit.api.answer import refuse, tell
from chit.api.budgets import Budgets
from chit.api.callers import Callers
from chit.api.endpoint import Endpoint, Handler
from chit.api.gate import Gate
from chit.api.guest_tokens import GuestTokens
from chit.api.models import Models
from chit.api.paid import PaidEndpoint
from chit.api.prices import Prices
from chit.api.refusal import ApiRefusal
from chit.app import App
from chit.core.dialect import DIALECTS
from chit.core.local_token import LocalToken
from chit.core.named_models import list_models
from chit.errors import ChitError
from chit.relay import Call
from chit.store.protocol import Store

_TOKEN: web.RequestKey[LocalToken] = web.RequestKey("chit.token", LocalToken)
Answer = Callable[[web.Request, LocalToken], Awaitable[web.StreamResponse]]


class LocalApi:
    """Of one home. `open_local_api` makes it."""

    def __init__(
        self,
        app: App,
        gate: Gate,
        callers: Callers,
        check_key: Callable[[], Awaitable[None]],
        guests: GuestTokens | None = None,
    ) -> None:
        self._app = app
        self._guests = guests
        self._budgets = Budgets(app.store)
        self._prices = Prices(app.catalogue)
        self._gate = gate
        self._callers = callers
        self._check_key = check_key

    async def admit(self, request: web.Request) -> web.Response | None:
        """None where the token that came lets it in, which is kept for the handler; else what its caller is told."""
        try:
            request[_TOKEN] = await self._gate.admit(request.headers)
        except ApiRefusal as refusal:
            return refuse(request.path, refusal)
        except ChitError as error:
            return tell(request.path, error)
        return None

    def endpoints(self) -> list[Endpoint]:
        """All there are."""
        models = Models(self._app.client, self._app.catalogue)
        return [
            *(
                Endpoint(
                    method="POST",
                    path=f"/v1{dialect.path}",
                    handler=_told(PaidEndpoint(dialect, self._app.relay, self._callers, self._check).answer),
                )
                for dialect in DIALECTS
            ),
            Endpoint(method="POST", path="/v1/messages/count_tokens", handler=_told(_count_tokens)),
            Endpoint(method="GET", path="/v1/models", handler=_told(_free(models.list))),
            Endpoint(method="GET", path="/v1/models/{id:.+}", handler=_told(_free(models.find))),
        ]

    async def _check(self, token: LocalToken, call: Call) -> AsyncExitStack:
        models = list_models(call.request)
        self._gate.check_model(token, models[0] if models else None, models[1:])
        await self._check_key()
        if self._guests is not None:
            await self._guests.welcome(token)
        held = AsyncExitStack()
        estimate = await self._prices.bound(token, call.request, len(call.body))
        await held.enter_async_context(self._budgets.enter(token, estimate))
        return held


@asynccontextmanager
async def open_local_api(
    app: App, check_key: Callable[[], Awaitable[None]], *, tokens: Store | None = None
) -> AsyncIterator[LocalApi]:
    """Ready until the context ends. `check_key` raises `KeyUnavailable` where there is none to use, before a call.

    `tokens` is where local tokens are kept if that is not the app's own store.
    """
    gate = Gate(tokens or app.store)
    callers = Callers(gate.is_revoked)
    watching = asyncio.create_task(callers.watch(), name="local API")
    try:
        yield LocalApi(app, gate, callers, check_key, GuestTokens(app.store) if tokens else None)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _told(answer: Answer) -> Handler:
    """What goes wrong is told in the caller's shape."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request, request[_TOKEN])
        except ApiRefusal as refusal:
            return refuse(request.path, refusal)
        except ChitError as error:
            return tell(request.path, error)

    return handle


def _free(handler: Handler) -> Answer:
    async def answer(request: web.Request, _: LocalToken) -> web.StreamResponse:
        return await handler(request)

    return answer


async def _count_tokens(_request: web.Request, _token: LocalToken) -> web.StreamResponse:
    raise ApiRefusal(
        501,
        "OpenRouter does not count tokens without answering.",
        "not_supported",
        "Estimate them, four characters to a token; the usage of each reply has the true count.",
    )
