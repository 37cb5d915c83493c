"""The screens: which one belongs to an address, and what stands on it."""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup

from chit.about import VERSION
from chit.core.amendment import find_original
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.named_models import write_requested
from chit.errors import NotFound, WasPrivate
from chit.prefs import list_settings
from chit.render.addresses import find_host
from chit.store.protocol import Session
from chit.web import pages
from chit.web.articles import point_to, write_articles
from chit.web.chrome import preferred_model
from chit.web.context import write_context
from chit.web.conversation_list import show_total, write_archive
from chit.web.costs import write_costs
from chit.web.costs_question import read_costs_question
from chit.web.desk import Desk
from chit.web.hub import Hub
from chit.web.live_reply import Snapshot
from chit.web.parameter_panel import write_chips, write_panel
from chit.web.parameter_routes import sheet_of_defaults
from chit.web.search_view import SearchView
from chit.web.sessions import Sessions
from chit.web.talk import Talk

PAGE = 30
"""Messages that a conversation begins with; older ones come as the reader scrolls up."""
_SHOWN_PREFS = ("model", "theme", "low_balance", "auto_lock_minutes")


class Views:
    """Over a desk."""

    def __init__(self, desk: Desk, talk: Talk, sessions: Sessions, hub: Hub) -> None:
        self._desk = desk
        self._hub = hub
        self._talk = talk
        self._sessions = sessions
        self._search = SearchView()

    async def write(self, path: str, session_hash: str) -> dict[str, Any]:
        """`screen`, `title`, `html` and `data` for a page's address, with `epoch` and `seq`: where the stream stands.

        The number and the replies that are coming in are of one moment: what is told of those after it is not in them
        yet, and would otherwise stand there twice. Raises `NotFound`, `StoreError`.
        """
        moment, live = {"epoch": self._hub.epoch, "seq": self._hub.seq}, self._talk.live
        return await self._find(path, session_hash, live) | moment

    async def _find(self, path: str, session_hash: str, live: Mapping[str, Snapshot]) -> dict[str, Any]:
        try:
            address = urlsplit(path)
        except ValueError:
            raise NotFound("there is no such page", hint="Check the address.") from None
        match address.path.split("/")[1:]:
            case ["settings", *_]:
                return _screen("settings", "Settings", await self._settings(session_hash))
            case ["costs"]:
                return _screen("costs", "Costs", await self._costs(address.query))
            case ["sign-in", _]:
                passphrase = (await self._desk.describe()).passphrase
                html = pages.render("sign_in", passphrase=passphrase)
                return _screen("sign-in", "Signing in", html, passphrase=passphrase)
            case ["leave"]:
                return _screen("leave", "Leaving", _leave(parse_qs(address.query).get("to", [""])[0]))
            case ["archive"]:
                before = parse_qs(address.query).get("before", [""])[0]
                return _screen("archive", "Archive", await write_archive(self._desk.app.store, before))
            case ["c", conversation_id]:
                query = parse_qs(address.query)
                leaf, at = query.get("leaf", [None])[0], query.get("at", [None])[0]
                return await self._conversation(conversation_id, leaf, live, at)
            case ["search"]:
                found = await self._search.write(self._desk.app.store, address.query, session_hash)
                return _screen("search", "Search", **found)
            case _:
                return await self._start()

    async def write_older(self, conversation_id: str, before_id: str) -> dict[str, Any]:
        """The messages before one: `html`, and in `more` the oldest of them if there are older ones."""
        store = self._desk.app.store
        messages = _trim(await store.list_messages_page(conversation_id, None, before_id, PAGE))
        return {"html": "".join(await self._write(messages, self._talk.live)), "more": _more(messages)}

    async def _start(self) -> dict[str, Any]:
        desk = self._desk
        model = preferred_model(desk)
        if desk.locked:
            html = pages.render("locked", auto_lock_minutes=desk.prefs.auto_lock_minutes)
            return _screen("locked", "Locked", html)
        if not desk.has_key:
            passphrase = (await desk.describe()).passphrase
            return _screen("first", "Hello", pages.render("first", model=model, passphrase=passphrase))
        html = pages.render("new", model=model, sandbox=desk.is_sandbox)
        return _screen("new", "", html, model=model, chips=write_chips({}, desk.default_parameters))

    async def _conversation(
        self, conversation_id: str, leaf: str | None, live: Mapping[str, Snapshot], at: str | None
    ) -> dict[str, Any]:
        """On the branch of its newest message, or on that of `leaf` or `at` with what came of it last.

        Where `at` is far above its end, only what stands around it is shown.
        """
        store = self._desk.app.store
        try:
            conversation = await store.get_conversation(conversation_id)
        except WasPrivate:
            cost = await store.sum_conversation(conversation_id)
            return _screen("forgotten", "Private", pages.render("forgotten", cost=cost))
        wanted = at or leaf
        end = await store.find_newest_under(conversation_id, wanted) if wanted else None
        rest = 0
        if at and end:
            end, rest = await store.find_stretch(conversation_id, at, end, PAGE)
        messages = _trim(await store.list_messages_page(conversation_id, end, None, PAGE))
        last = next((message for message in reversed(messages) if message.source == "actor"), None)
        generation = await store.find_generation(find_original(last) or last.id) if last else None
        context = await self._write_context(generation) if generation and not rest else None
        html = pages.render(
            "conversation",
            title=conversation.title or "Untitled",
            conversation_id=conversation_id,
            private=conversation.private,
            messages=point_to(at, await self._write(messages, live, context)),
            rest=rest,
            rest_path=f"/c/{conversation_id}?leaf={at}",
        )
        summary = await store.find_summary(conversation_id)
        return _screen(
            "reading" if rest else "conversation",
            conversation.title or "Untitled",
            html,
            conversation=conversation_id,
            leaf=messages[-1].id if messages else None,
            more=_more(messages),
            model=write_requested(generation) if generation else "",
            cost=show_total([summary] if summary else []),
            chips=write_chips(conversation.parameters, self._desk.default_parameters),
            running=next((message.id for message in messages if message.id in live), None),
            **({"private": True} if conversation.private else {}),
        )

    async def _write(
        self, messages: Sequence[Message], live: Mapping[str, Snapshot], context: Markup | None = None
    ) -> list[Any]:
        desk = self._desk
        return await write_articles(messages, desk.app.store, live=live, is_sandbox=desk.is_sandbox, context=context)

    async def _write_context(self, generation: Generation) -> Markup:
        desk = self._desk
        return await write_context(desk.app, generation, desk.defaults, is_sandbox=desk.is_sandbox)

    async def _costs(self, query: str) -> str:
        desk = self._desk
        question = read_costs_question(query)
        return await write_costs(desk.app.store, question, date.today(), is_sandbox=desk.is_sandbox)

    async def _settings(self, session_hash: str) -> str:
        desk = self._desk
        state = await desk.describe()
        return pages.render(
            "settings",
            sandbox=state.is_sandbox,
            keys=state.keys,
            vault=state.vault,
            keychain=state.keychain,
            warning=state.warning,
            passphrase=state.passphrase,
            has_management_key=state.has_management_key,
            model=desk.prefs.model or "",
            theme=desk.prefs.theme,
            low_balance=str(desk.prefs.low_balance),
            auto_lock_minutes=desk.prefs.auto_lock_minutes,
            fixed=_find_fixed(),
            sessions=[_show_session(each, session_hash) for each in await self._sessions.list()],
            parameters=pages.trust(write_panel(sheet_of_defaults(desk))),
            data_folder=str(state.home),
            imported=desk.imports.show(desk.app),
            version=VERSION,
        )


def _screen(screen: str, title: str, html: str, **data: Any) -> dict[str, Any]:
    return {"screen": screen, "title": title, "html": html, "data": data}


def _trim(messages: Sequence[Message]) -> Sequence[Message]:
    """Without results of tools at the beginning: they stand with their calls, on the page before."""
    first = next((place for place, message in enumerate(messages) if message.source != "client"), 0)
    return messages[first:]


def _more(messages: Sequence[Message]) -> str | None:
    return messages[0].id if messages and messages[0].parent_id is not None else None


def _find_fixed() -> dict[str, str]:
    """Preferences that the environment sets, with the variable that does."""
    return {
        each.name: each.variable
        for each in list_settings(os.environ)
        if each.source == "environment" and each.name in _SHOWN_PREFS
    }


def _show_session(session: Session, mine: str) -> dict[str, Any]:
    return {
        "hash": session.hash,
        "label": session.label,
        "is_this": session.hash == mine,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
    }


def _leave(to: str) -> str:
    """The page that shows where a link leads before it is followed (attack case 25)."""
    host = find_host(to)
    is_mail = to.lower().startswith("mailto:") and len(to) < 2_000
    shown = host or (to[len("mailto:") :].partition("?")[0] if is_mail else None)
    is_punycode = host is not None and any(part.startswith("xn--") for part in host.split("."))
    return pages.render("leave", address=to, href=to if shown else None, host=shown, is_punycode=is_punycode)
