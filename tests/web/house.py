"""A house: the whole of Chit's pages on a desk of its own, with an OpenRouter behind it that a test can steer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser
from tests.upstream import DONE, Exchange, Upstream, event, text_chunk
from tests.vault.doubles import PlainSealer, SetClock, make_content, make_entry
from tests.vault.keychains import no_keychain
from tests.web.browser import Tab, opened_tab

from chit.cli.sandbox_place import open_sandbox_place
from chit.core.secret import Secret
from chit.prefs import UserPrefs, load_prefs
from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY
from chit.sandbox.server import Sandbox
from chit.vault.content import encode_content
from chit.vault.passphrase import Passphrase
from chit.vault.sources import GivenKey
from chit.web.desk import Desk, open_desk
from chit.web.front import open_front
from chit.web.key_ring import HandedOver
from chit.web.listening import open_listening
from chit.web.server import Server

PASSPHRASE = "correct horse battery staple"
Keys = Literal["given", "none", "sealed"]
"""Where the key is: handed over by the environment, nowhere yet, or in an encrypted file that is locked."""


class GatedSealer(PlainSealer):
    """Lets a test hold up an opening, as real age does by being slow."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def open(self, sealed: bytes, passphrase: Passphrase) -> bytes:
        """Once the gate is open."""
        await self.gate.wait()
        return await super().open(sealed, passphrase)


class Tap:
    """An OpenRouter whose replies come when the test lets them, piece by piece."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.left = asyncio.Event()
        """Set once a caller went away before the end."""
        self.bodies: list[dict[str, Any]] = []
        """Of the requests so far."""

    def say(self, *texts: str) -> None:
        """More of the reply."""
        for text in texts:
            self._pieces.put_nowait(text_chunk(text, generation_id=self._id))

    def think(self, text: str) -> None:
        """More of its reasoning."""
        delta = {"content": "", "reasoning": text}
        self._pieces.put_nowait(event({"id": self._id, "choices": [{"index": 0, "delta": delta}]}))

    def show(self, *media: dict[str, Any]) -> None:
        """Pictures in the reply."""
        delta = {"content": "", "images": list(media)}
        self._pieces.put_nowait(event({"id": self._id, "choices": [{"index": 0, "delta": delta}]}))

    def end(self) -> None:
        """The reply is complete."""
        self._pieces.put_nowait(text_chunk("", generation_id=self._id, finish="stop") + DONE)
        self._pieces.put_nowait(None)

    def hang_up(self) -> None:
        """The reply breaks off."""
        self._pieces.put_nowait(None)

    @property
    def _id(self) -> str:
        return f"gen-tap-{id(self)}-{len(self.bodies)}"

    async def answer(self, exchange: Exchange) -> None:
        """One request; all but completions are unknown here."""
        if exchange.request.method != "POST":
            await exchange.reply(404, b'{"error":{"message":"Resource not found","code":404}}')
            return
        self.bodies.append(json.loads(exchange.request.body))
        await exchange.open_stream()
        gone = asyncio.ensure_future(exchange.gone())
        try:
            while (piece := await self._take(gone)) is not None:
                await exchange.chunk(piece)
        finally:
            gone.cancel()
            await asyncio.wait({gone})
        exchange.hang_up()

    async def _take(self, gone: asyncio.Future[None]) -> bytes | None:
        """The next piece; none any more once the caller is gone."""
        taking = asyncio.ensure_future(self._pieces.get())
        both: set[asyncio.Future[Any]] = {taking, gone}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            taking.cancel()
            self.left.set()
            return None
        return taking.result()


@dataclass(slots=True, kw_only=True)
class House:
    """It is open."""

    browser: Browser
    home: Path
    desk: Desk
    server: Server
    sealer: GatedSealer
    clock: SetClock
    """Of the vault."""
    friends: tuple[str, ...] = field(default=())

    @property
    def address(self) -> str:
        """Without a slash at the end."""
        return self.server.address.removesuffix("/")

    def invite(self, path: str = "/") -> str:
        """An address that signs one browser in."""
        return f"{self.address}{path}#{self.server.openings.invite().address.partition('#')[2]}"

    def visit(self, path: str = "/", **profile: Any) -> AbstractAsyncContextManager[Tab]:
        """A fresh profile, signed in by the address it opens."""
        return opened_tab(self.browser, self.invite(path), friends=self.friends, **profile)


@asynccontextmanager
async def opened_house(
    browser: Browser,
    home: Path,
    upstream: Sandbox | Upstream,
    *,
    keys: Keys = "given",
    management: bool = False,
    settling: bool = False,
    **prefs: Any,
) -> AsyncIterator[House]:
    """The server, in this process."""
    sealer, clock = GatedSealer(), SetClock()
    given = GivenKey(key=Secret(SANDBOX_KEY), kind="environment", where="the environment variable OPENROUTER_API_KEY")
    handed = HandedOver(
        given=given if keys == "given" else None, keychain=no_keychain(home), sealer=sealer, clock=clock
    )
    if keys == "sealed" or management:
        entries = {"inference": SANDBOX_KEY} if keys == "sealed" else {}
        entries |= {"management": MANAGEMENT_KEY} if management else {}
        content = make_content(**{name: make_entry(key, base_url=upstream.base_url) for name, key in entries.items()})
        home.mkdir(mode=0o700, exist_ok=True)  # noqa: ASYNC240 - nothing waits for it yet
        (home / "vault.age").write_bytes(await sealer.seal(encode_content(content), Passphrase(PASSPHRASE)))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CHIT_MODEL", "CHIT_THEME", "OPENROUTER_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("CHIT_HOME", str(home))
        patch.setenv("CHIT_BASE_URL", upstream.base_url)
        loaded: UserPrefs = replace(load_prefs(), settle="background" if settling else "manual", **prefs)
        listening = open_listening(0)
        async with (
            open_desk(loaded, handed, open_sandbox=open_sandbox_place) as desk,
            open_front(listening, desk, handed, run=home / "run") as server,
        ):
            yield House(
                browser=browser,
                home=home,
                desk=desk,
                server=server,
                sealer=sealer,
                clock=clock,
                friends=(upstream.base_url,),
            )
