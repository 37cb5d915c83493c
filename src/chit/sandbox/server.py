"""The sandbox as a server: `async with Sandbox() as sandbox:` and point any OpenRouter client at `sandbox.base_url`."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from aiohttp import web

from chit.sandbox import completions, control, failures, lookups, sign_in
from chit.sandbox.account import Account
from chit.sandbox.box import BOX, Box
from chit.sandbox.chat import CHAT
from chit.sandbox.codes import Codes
from chit.sandbox.dialect import Dialect
from chit.sandbox.embeddings import EMBEDDINGS
from chit.sandbox.ledger import Ledger
from chit.sandbox.messages import MESSAGES
from chit.sandbox.mishaps import Schedule
from chit.sandbox.replay import Recordings
from chit.sandbox.reply import Reply
from chit.sandbox.responses import RESPONSES

_DIALECTS: Mapping[str, Dialect] = {
    "/api/v1/chat/completions": CHAT,
    "/api/v1/responses": RESPONSES,
    "/api/v1/messages": MESSAGES,
    "/api/v1/embeddings": EMBEDDINGS,
}
_LARGEST_BODY = 64 * 1024 * 1024
_LAST_WORDS = 0.1
"""Seconds that running replies get when the sandbox closes."""


class Sandbox:
    """An OpenRouter in a box, on a loopback port.

    `pace` multiplies every deliberate delay (0: none at all), `settle_after` is the time in seconds from the end of a
    generation until its record is found, `recordings` a JSONL file of exchanges to replay byte for byte, `schedule`
    what goes wrong.
    """

    base_url: str
    """`http://127.0.0.1:PORT/api/v1`, once started."""

    def __init__(
        self,
        *,
        account: Account | None = None,
        recordings: Path | None = None,
        seed: int = 0,
        pace: float = 1.0,
        settle_after: float = 2.5,
        schedule: Schedule | None = None,
    ) -> None:
        self._box = Box(
            account=account or Account(),
            recordings=Recordings.load(recordings) if recordings else Recordings(),
            random=Random(seed),  # noqa: S311 (timing and demo data, not secrets)
            pace=pace,
            settle_after=settle_after,
            schedule=schedule,
        )
        self._runner: web.AppRunner | None = None

    @property
    def account(self) -> Account:
        """The account; may be changed or replaced at any time."""
        return self._box.account

    @account.setter
    def account(self, account: Account) -> None:
        self._box.account = account

    @property
    def ledger(self) -> Ledger:
        """Ground truth: what was received, generated and billed."""
        return self._box.ledger

    @property
    def codes(self) -> Codes:
        """The codes of sign-ins, and the clock by which they expire."""
        return self._box.codes

    @property
    def pace(self) -> float:
        """Factor of every deliberate delay."""
        return self._box.pace

    @pace.setter
    def pace(self, pace: float) -> None:
        self._box.pace = pace

    @property
    def settle_after(self) -> float:
        """Seconds from the end of a generation until `GET /generation` finds it."""
        return self._box.settle_after

    @settle_after.setter
    def settle_after(self, seconds: float) -> None:
        self._box.settle_after = seconds

    @property
    def schedule(self) -> Schedule | None:
        """What goes wrong; may be replaced at any time, None where nothing does."""
        return self._box.schedule

    @schedule.setter
    def schedule(self, schedule: Schedule | None) -> None:
        self._box.schedule = schedule

    def queue(self, *replies: Reply) -> None:
        """Give these raw replies to the next completions, in order."""
        self._box.replies.extend(replies)

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return the base URL; port 0 takes a free one. `OSError` if the port is taken."""
        runner = web.AppRunner(
            _make_application(self._box),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_LAST_WORDS,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.base_url = make_base_url(host, runner.addresses[0][1])
        return self.base_url

    async def close(self) -> None:
        """Stop listening and break off whatever still runs; a closed sandbox may be started again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def make_base_url(host: str, port: int) -> str:
    """The address a client is pointed at; IPv6 hosts in brackets."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/api/v1"


def _make_application(box: Box) -> web.Application:
    application = web.Application(middlewares=[_speak_json], client_max_size=_LARGEST_BODY)
    application[BOX] = box
    application.add_routes(
        [
            *(web.post(path, completions.answer_in(dialect)) for path, dialect in _DIALECTS.items()),
            web.get("/api/v1/generation", lookups.show_generation),
            web.get("/api/v1/credits", lookups.show_credits),
            web.get("/api/v1/key", lookups.show_key),
            web.get("/api/v1/auth/key", lookups.show_key),
            web.route("*", "/api/v1/auth/keys", sign_in.exchange),
            web.get("/auth", sign_in.show_approval),
            web.post("/auth", sign_in.approve),
            web.get("/api/v1/models", lookups.show_models),
            web.get("/api/v1/models/user", lookups.show_user_models),
            web.get("/api/v1/embeddings/models", lookups.show_embedding_models),
            web.get("/api/v1/models/{author}/{slug}/endpoints", lookups.show_endpoints),
            web.get("/api/v1/providers", lookups.show_providers),
            web.route("*", "/api/v1/{rest:.+}", completions.answer_recorded),
            web.get("/sandbox/account", control.show_account),
            web.patch("/sandbox/account", control.change_account),
            web.get("/sandbox/ledger", control.show_ledger),
            web.post("/sandbox/reset", control.reset),
            web.post("/sandbox/next", control.queue_replies),
        ]
    )
    return application


@web.middleware
async def _speak_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Errors of the server itself as OpenRouter's JSON; callers who have left get nothing."""
    try:
        return await handler(request)
    except ConnectionError:
        return web.Response()
    except web.HTTPRequestEntityTooLarge:
        return completions.send_failure(_DIALECTS.get(request.path, CHAT).phrase(failures.TOO_LARGE))
    except web.HTTPNotFound:
        return completions.send_failure(failures.NOT_FOUND)
    except web.HTTPException as refused:
        return completions.send_failure(failures.fail(refused.status, refused.reason))
