"""Storing and deleting keys, unlocking and locking, and signing in with OpenRouter. No key ever leaves through here."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from chit.about import KEYS_PAGE
from chit.core.pkce import PATH_PREFIX
from chit.core.secret import Secret, SecretInvalid
from chit.errors import InputError
from chit.openrouter.client import OpenRouterClient, Timeouts
from chit.vault.entry import KEY_NAMES, KeyName
from chit.vault.passphrase import Passphrase
from chit.vault.store import Place
from chit.web.answer import answer_json
from chit.web.body import read_object
from chit.web.desk import Desk
from chit.web.key_kind import check_kind
from chit.web.key_ring import HandedOver
from chit.web.routes import Route
from chit.web.sessions import find_hash
from chit.web.sign_ins import SignIns

_MOST_BODY = 16 * 1024
_PLACES: tuple[Place, ...] = ("keychain", "file")
_CHECK_SECONDS = 10.0
"""A person waits for it."""


class KeyRoutes:
    """The handlers, over one desk. `address` is the server's own."""

    def __init__(self, desk: Desk, handed: HandedOver, sign_ins: SignIns, *, address: str) -> None:
        self._desk = desk
        self._handed = handed
        self._sign_ins = sign_ins
        self._address = address

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="POST", path="/key", handler=self.save, kind="json"),
            Route(method="DELETE", path="/key/{name}", handler=self.forget, kind="json"),
            Route(method="POST", path="/unlock", handler=self.unlock, kind="json"),
            Route(method="POST", path="/lock", handler=self.lock, kind="json"),
            Route(method="POST", path="/sign-in", handler=self.begin, kind="json"),
            Route(method="POST", path=PATH_PREFIX + "{random}", handler=self.finish, kind="json"),
        ]

    async def save(self, request: web.Request) -> web.StreamResponse:
        """`{"name", "key", "passphrase"?, "again"?, "place"?}`; the desk then, with a `note` if the key is unchecked.

        423 asks for the passphrase, or for a new one where there is no vault yet.
        """
        given = await read_object(request, most=_MOST_BODY)
        name, key = _read_name(given.get("name", "inference")), _read_key(given.get("key"))
        self._handed.learn(key)
        place, passphrase = _read_place(given), _read_passphrase(given)
        rest = await self._desk.keeping.prepare(place, passphrase)
        note = await self._check(name, key)
        await self._desk.errands.run(self._desk.keeping.save(name, key, rest))
        return await self._tell(note=note)

    async def forget(self, request: web.Request) -> web.StreamResponse:
        """`{"passphrase"?}` or nothing; the key may rest in several places, and all of them are cleared."""
        given = await read_object(request, most=_MOST_BODY) if request.body_exists else {}
        name, passphrase = _read_name(request.match_info["name"]), _read_text(given, "passphrase")
        places = await self._desk.errands.run(self._desk.keeping.forget(name, passphrase))
        left = self._desk.ring.store.given if name == "inference" else None
        note = None if left is None else f"{left.where} still holds a key, which is yours to remove."
        return await self._tell(places=list(places), note=note)

    async def unlock(self, request: web.Request) -> web.StreamResponse:
        """`{"passphrase"}`; 403 for a wrong one, 429 for one too soon."""
        text = _read_text(await read_object(request, most=_MOST_BODY), "passphrase")
        await self._desk.errands.run(self._desk.unlock(Passphrase(text or "")))
        return await self._tell()

    async def lock(self, _request: web.Request) -> web.StreamResponse:
        """Replies that are coming in go on."""
        await self._desk.ring.lock()
        return await self._tell()

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """`{"address"}`, to be opened in this browser.

        It comes back to the address by which this page was opened, as the guard has found it to be one of ours.
        """
        origin = request.headers.get("Origin", self._address)
        return answer_json({"address": self._sign_ins.begin(_find_session(request), origin)})

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """`{"code", "passphrase"?, "again"?, "place"?}`; 423 asks for the passphrase, and the code stays good."""
        given = await read_object(request, most=_MOST_BODY)
        finishing = self._sign_ins.finish(
            request.match_info["random"],
            _read_text(given, "code") or "",
            session=_find_session(request),
            place=_read_place(given),
            passphrase=_read_passphrase(given),
        )
        await self._desk.errands.run(finishing)
        return await self._tell()

    async def _check(self, name: KeyName, key: Secret) -> str | None:
        prefs, scrub = self._desk.own.prefs, self._handed.scrub
        async with OpenRouterClient(
            base_url=prefs.base_url,
            key=lambda: key,
            app_name=prefs.app_name,
            app_url=prefs.app_url,
            timeouts=Timeouts(lookup=_CHECK_SECONDS),
            scrub=scrub,
        ) as client:
            return await check_kind(client, name)

    async def _tell(self, **more: Any) -> web.Response:
        return answer_json((await self._desk.describe()).as_dict() | more)


def _find_session(request: web.Request) -> str:
    """The walls let nobody through without one."""
    return find_hash(request) or ""


def _read_name(name: object) -> KeyName:
    for each in KEY_NAMES:
        if name == each:
            return each
    raise InputError("there is no key of that name", hint=f"Use {' or '.join(KEY_NAMES)}.")


def _read_key(text: object) -> Secret:
    try:
        return Secret(text if isinstance(text, str) else "")
    except SecretInvalid as error:
        raise InputError(f"that is no key: {error}", hint="Copy it again, or create one.", link=KEYS_PAGE) from None


def _read_place(given: Mapping[str, Any]) -> Place | None:
    place = given.get("place")
    for each in _PLACES:
        if place == each:
            return each
    if place is not None:
        raise InputError("there is no such place", hint=f"Use {' or '.join(_PLACES)}.")
    return None


def _read_passphrase(given: Mapping[str, Any]) -> str | None:
    """A new one was typed twice."""
    text = _read_text(given, "passphrase")
    if given.get("again", text) != text:
        raise InputError("the two passphrases differ", hint="Type the same one twice; nothing was stored.")
    return text


def _read_text(given: Mapping[str, Any], name: str) -> str | None:
    """None if it is not there, or null."""
    text = given.get(name)
    if text is not None and not isinstance(text, str):
        raise InputError(f"{name} must be text", hint="Send a JSON string.")
    return text
