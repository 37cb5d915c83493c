"""A desk behind a server, with the sandbox as OpenRouter, and browsers that ask it. No answer may ever hold a key."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from tests.canaries import PERSONS_KEY, find_canary
from tests.vault.doubles import PlainSealer, SetClock, encrypt, make_content, make_entry
from tests.vault.keychains import no_keychain

from chit.cli.sandbox_place import open_sandbox_place
from chit.notices import Notice
from chit.prefs import UserPrefs, load_prefs
from chit.sandbox.server import Sandbox
from chit.vault.content import encode_content
from chit.vault.entry import KeyEntry
from chit.vault.passphrase import Passphrase
from chit.web.desk import Desk, open_desk
from chit.web.desk_routes import desk_routes
from chit.web.key_ring import HandedOver
from chit.web.listening import open_listening
from chit.web.sandbox_room import OpenSandbox
from chit.web.server import Server, open_server

PASSPHRASE = "correct horse battery staple"
_ANY_KEY = re.compile(rb"sk-or-v1-[0-9a-z]{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)


class SlowSealer(PlainSealer):
    """Counts how many openings run at once, and lets others run meanwhile."""

    running = 0
    most = 0

    async def open(self, sealed: bytes, passphrase: Any) -> bytes:
        """As a worker process would."""
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            for _ in range(50):
                await asyncio.sleep(0)
            return await super().open(sealed, passphrase)
        finally:
            self.running -= 1


@dataclass(slots=True, kw_only=True)
class Setting:
    """What an office is opened with, and can be opened with again."""

    home: Path
    upstream: Sandbox
    clock: SetClock = field(default_factory=SetClock)
    """Of the vault."""
    approval_clock: SetClock = field(default_factory=SetClock)
    """Of the sign-ins."""
    sealer: Any = field(default_factory=SlowSealer)
    handed: HandedOver = field(init=False)
    learned: list[Any] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    open_sandbox: OpenSandbox = open_sandbox_place

    def __post_init__(self) -> None:
        self.handed = HandedOver(
            learn=self.learned.append, keychain=no_keychain(self.home), sealer=self.sealer, clock=self.clock
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """What preferences are read from."""
        return {
            "CHIT_HOME": str(self.home),
            "CHIT_BASE_URL": self.upstream.base_url,
            **self.variables,
        }

    @property
    def prefs(self) -> UserPrefs:
        """As `chit serve` loads them."""
        return replace(load_prefs(self.environment), settle="manual")

    def seal(self, *, key: str = PERSONS_KEY, **keys: KeyEntry) -> None:
        """Put a vault file there that a real age opens cheaply."""
        kept = keys or {"inference": make_entry(key, base_url=self.prefs.base_url)}
        self.home.mkdir(mode=0o700, exist_ok=True)
        (self.home / "vault.age").write_bytes(encrypt(encode_content(make_content(**kept)), PASSPHRASE))

    async def seal_plainly(self, *, key: str = PERSONS_KEY, passphrase: str = PASSPHRASE, id: str = "") -> None:
        """Put a vault file there that the double opens at once."""
        content = make_content(inference=make_entry(key, base_url=self.prefs.base_url))
        content = replace(content, id=id or content.id)
        self.home.mkdir(mode=0o700, exist_ok=True)
        sealed = await self.sealer.seal(encode_content(content), Passphrase(passphrase))
        (self.home / "vault.age").write_bytes(sealed)


@dataclass(slots=True, kw_only=True)
class Office:
    """It is open."""

    setting: Setting
    desk: Desk
    server: Server
    notices: list[Notice] = field(default_factory=list)
    """What pages were told."""

    async def sign_in(self) -> "Browser":
        """A browser with a session."""
        browser = Browser(office=self, token="")
        code = self.server.openings.invite().address.partition("#code=")[2]
        browser.token = (await browser.ask("POST", "/session", code=code)).json()["token"]
        return browser


@dataclass(slots=True, kw_only=True)
class Browser:
    """Asks with its session's token."""

    office: Office
    token: str

    async def ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> Reply:
        """A request with a JSON object for a body, or with none."""
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        given |= {"Content-Type": "application/json"} if members else {}
        data = json.dumps(members).encode() if members else None
        address = f"{self.office.server.address}{path}"
        async with (
            aiohttp.ClientSession() as web,
            web.request(method, address, data=data, headers=given, skip_auto_headers=["Content-Type"]) as response,
        ):
            reply = Reply(status=response.status, headers=dict(response.headers), body=await response.read())
        assert find_canary(reply.body) is None
        assert _ANY_KEY.search(reply.body) is None
        return reply

    async def approve(self, address: str) -> tuple[str, str]:
        """Open OpenRouter's page and approve: the path that the browser is led back to, and the code."""
        async with aiohttp.ClientSession() as web, web.get(address, allow_redirects=False) as page:
            assert page.status == 303
            back = urlsplit(page.headers["Location"])
        return back.path, parse_qs(back.query)["code"][0]


@asynccontextmanager
async def opened(setting: Setting) -> AsyncIterator[Office]:
    """The desk, and the server in front of it."""
    async with AsyncExitStack() as closing:
        desk = await closing.enter_async_context(
            open_desk(setting.prefs, setting.handed, open_sandbox=setting.open_sandbox)
        )
        listening = open_listening(0)
        routes = desk_routes(
            desk,
            setting.handed,
            address=f"http://127.0.0.1:{listening.port}",
            environment=setting.environment,
            clock=setting.approval_clock,
        )
        server = await closing.enter_async_context(
            open_server(
                listening, store=desk.own.store, notices=desk.own.notices, run=setting.home / "run", routes=routes
            )
        )
        office = Office(setting=setting, desk=desk, server=server)
        desk.notices.subscribe(office.notices.append)
        yield office
