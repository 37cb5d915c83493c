"""A stage for the pages: the real static files, templates and headers, with a server behind them that only pretends.

Also for looking at: `python -m tests.web.stage` serves it, signed in with the code `stage`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiohttp import web
from tests.web import stage_samples as samples

from chit.web import pages
from chit.web.headers import put_headers
from chit.web.shell import shell_routes
from chit.web.static_files import static_routes
from chit.web.suggestions import Suggestion

TOKEN = "stage-token"
CODE = "stage"
WANTS_PASSPHRASE = 423
MODELS = [
    Suggestion(id="anthropic/claude-haiku-4.5", facts=("$1 in, $5 out per M", "200k")),
    Suggestion(id="anthropic/claude-opus-4.5", facts=("$5 in, $25 out per M", "200k")),
    Suggestion(id="openai/gpt-5-mini", facts=("$0.25 in, $2 out per M", "400k")),
    Suggestion(id="nousresearch/hermes-4:free", facts=("free", "128k", "until 1 July")),
]


@dataclass(slots=True, kw_only=True)
class Stage:
    """What the pretended server answers, and what it was asked."""

    port: int = 0
    epoch: str = "first"
    seq: int = 0
    ring: list[dict[str, Any]] = field(default_factory=list)
    screen: str = ""
    """A screen to show at `/`, whatever belongs there."""
    passphrase: str | None = None
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path with query and body of everything that was asked for with a token."""
    refusals: dict[tuple[str, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Status and error of what is refused."""
    streams: list[web.Request] = field(default_factory=list)
    accepts: bool = True
    """Whether the stream may be opened."""
    older: int = 0
    extra: list[Any] = field(default_factory=list)
    """Html of further messages of the conversation, as they stand for a new view."""
    running: str | None = None
    sandbox: bool = False
    grew: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def publish(self, type: str, **members: Any) -> None:
        """To every page, with the next number."""
        self.seq += 1
        self.ring.append({"seq": self.seq, "type": type, **members})
        self.grew.set()
        self.grew = asyncio.Event()

    def break_streams(self) -> None:
        """As a restart or a lost network does."""
        for request in list(self.streams):
            if request.transport is not None:
                request.transport.abort()

    def bodies(self, method: str, path: str) -> list[Any]:
        """What was sent there so far."""
        return [body for each, where, body in self.asked if (each, where) == (method, path)]

    # --- answers ---------------------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Everything but the shell, the files and the session."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401, text="Sign in first.\n")
        if request.path == "/stream":
            return await self._stream(request)
        body = await request.json() if request.body_exists else None
        self.asked.append((request.method, request.path_qs, body))
        if refusal := self.refusals.get((request.method, request.path)):
            self.passphrase = "open" if refusal[0] == WANTS_PASSPHRASE else self.passphrase
            return web.json_response({"error": refusal[1]}, status=refusal[0])
        return web.json_response(self._answer(request, body))

    def _answer(self, request: web.Request, body: Any) -> dict[str, Any]:
        reading: dict[str, Callable[[], dict[str, Any]]] = {
            "/view": lambda: self._view(request.query["path"]),
            "/view/older": _older,
            "/view/conversations": lambda: {"html": samples.conversations(), "more": None},
            "/view/chrome": self._chrome,
            "/attachments": lambda: {"html": ""},
            "/models": lambda: _suggest(request.query["q"]),
        }
        if request.method == "GET":
            return reading.get(request.path, lambda: {"text": samples.ANSWER})()
        if request.path == "/prefs":
            self.publish("prefs", **body)
        if request.path == "/sign-in":
            return {"address": f"{self.address}/sign-in/random?code=from-openrouter"}
        return {"conversation": "c1", "question": "m7", "reply": "m8"}

    def _view(self, path: str) -> dict[str, Any]:
        screen, title, html, data = self._screen(path)
        return {"screen": screen, "title": title, "html": html, "epoch": self.epoch, "seq": self.seq, "data": data}

    def _screen(self, path: str) -> tuple[str, str, str, dict[str, Any]]:
        where = path.partition("?")[0]
        if where.startswith("/c/"):
            return self._conversation(where.removeprefix("/c/"))
        if where.startswith("/settings"):
            return "settings", "Settings", samples.settings(sandbox=self.sandbox, passphrase=self.passphrase), {}
        if where.startswith("/sign-in/"):
            html = pages.render("sign_in", passphrase=self.passphrase)
            return "sign-in", "Signing in", html, {"passphrase": self.passphrase}
        if where == "/leave":
            address = "https://xn--pypal-4ve.example/sign-in?next=chit"
            host = "xn--pypal-4ve.example"
            html = pages.render("leave", address=address, href=address, host=host, is_punycode=True)
            return "leave", "Leaving", html, {}
        if self.screen == "first":
            return "first", "Hello", pages.render("first", model="", passphrase=self.passphrase), {}
        if self.screen == "locked":
            return "locked", "Locked", pages.render("locked", auto_lock_minutes=30), {}
        return (
            "new",
            "",
            pages.render("new", model="", sandbox=self.sandbox),
            {"model": samples.MODEL, "chips": samples.chips()},
        )

    def _conversation(self, id: str) -> tuple[str, str, str, dict[str, Any]]:
        shown = [*samples.messages(), *self.extra] if id == "c1" else [samples.question("x1", f"Only this, in {id}")]
        title = "Retry a flaky HTTP call"
        html = pages.render("conversation", title=title, conversation_id=id, messages=shown, private=False)
        data = {"conversation": id, "more": "m1" if self.older else None, "model": samples.MODEL, "cost": "$0.0041"}
        data["chips"] = samples.chips()
        return "conversation", title, html, {**data, "running": self.running}

    def _chrome(self) -> dict[str, Any]:
        balance = {"state": "account", "amount": Decimal("8.42"), "what": "account credits", "age": 60.0}
        text = "Below $10, OpenRouter checks billing more strictly, so replies may start later."
        link = "https://openrouter.ai/settings/credits"
        return {
            "model_field": pages.render("model_field", model=samples.MODEL),
            "balance": pages.render("balance", **balance, wants_management_key=False),
            "notice": None if self.sandbox else pages.render("notice", text=text, link=link, label="Add credits"),
            "badge": pages.render("badge") if self.sandbox else None,
            "theme": "system",
        }

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self.accepts:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        since = int(request.query["since"])
        if request.query["epoch"] != self.epoch:
            await response.write(b'{"seq":1,"type":"reset"}\n')
            return response
        self.streams.append(request)
        try:
            while request.transport is not None and not request.transport.is_closing():
                grew = self.grew
                for event in self.ring:
                    if event["seq"] > since:
                        since = event["seq"]
                        await response.write(json.dumps(event).encode() + b"\n")
                await grew.wait()
        finally:
            self.streams.remove(request)
        return response


def _suggest(typed: str) -> dict[str, Any]:
    found = [model for model in MODELS if typed in model.id]
    return {"html": pages.render("suggestions", models=found, note=None)}


def _older() -> dict[str, Any]:
    html = "".join(samples.question(f"o{number}", f"Older question {number}") for number in range(20))
    return {"html": html, "more": None}


async def _open_session(request: web.Request) -> web.StreamResponse:
    good = (await request.json()).get("code") == CODE
    return web.json_response({"token": TOKEN}) if good else web.Response(status=401)


async def _put_headers(_request: web.Request, response: web.StreamResponse) -> None:
    put_headers(response.headers)


@asynccontextmanager
async def opened_stage(port: int = 0) -> AsyncIterator[Stage]:
    """Served until the context ends."""
    stage = Stage()
    app = web.Application()
    app.on_response_prepare.append(_put_headers)
    shells = {route.path: route for route in [*shell_routes(), *static_routes()]}
    for route in shells.values():
        app.router.add_get(route.path, route.handler)
    if "/leave" not in shells:
        app.router.add_get("/leave", shells["/"].handler)
    app.router.add_post("/session", _open_session)
    app.router.add_route("*", "/{rest:.*}", stage.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    stage.port = runner.addresses[0][1]
    try:
        yield stage
    finally:
        stage.break_streams()
        await runner.cleanup()


async def _show() -> None:
    async with opened_stage(8123) as stage:
        print(f"{stage.address}/c/c1#code={CODE}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_show())
