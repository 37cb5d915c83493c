"""What pages read: screens, lists, suggestions, the balance."""

from aiohttp import web

from chit.core.sentence import sentence
from chit.errors import ChitError
from chit.web import pages
from chit.web.answer import answer_json
from chit.web.chrome import tell_balance, write_chrome
from chit.web.conversation_list import write_list
from chit.web.desk import Desk
from chit.web.hub import Hub
from chit.web.refusal import Refused
from chit.web.routes import Route
from chit.web.sessions import find_hash
from chit.web.suggestions import suggest_models
from chit.web.views import Views

_MOST_DIGITS = 15


class ViewRoutes:
    """Over a desk. A view carries the place in the stream from which its changes are told."""

    def __init__(self, desk: Desk, views: Views, hub: Hub) -> None:
        self._desk = desk
        self._views = views
        self._hub = hub

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="GET", path="/view", handler=self.view, kind="json"),
            Route(method="GET", path="/view/older", handler=self.older, kind="json"),
            Route(method="GET", path="/view/conversations", handler=self.conversations, kind="json"),
            Route(method="GET", path="/view/chrome", handler=self.chrome, kind="json"),
            Route(method="GET", path="/models", handler=self.models, kind="json"),
            Route(method="POST", path="/balance", handler=self.refresh_balance, kind="json"),
        ]

    async def view(self, request: web.Request) -> web.StreamResponse:
        """`?path=`: `{"screen", "title", "html", "data", "epoch", "seq"}`."""
        return answer_json(await self._views.write(request.query.get("path", "/"), find_hash(request) or ""))

    async def older(self, request: web.Request) -> web.StreamResponse:
        """`?conversation=&before=`: `{"html", "more"}`."""
        query = request.query
        return answer_json(await self._views.write_older(query.get("conversation", ""), query.get("before", "")))

    async def conversations(self, request: web.Request) -> web.StreamResponse:
        """`?before=`: `{"html", "more"}`."""
        before = request.query.get("before", "")
        if before and not (before.isdecimal() and len(before) <= _MOST_DIGITS):
            raise Refused(400, "`before` is what the page before gave as `more`.")
        return answer_json(await write_list(self._desk.app.store, int(before) if before else None))

    async def chrome(self, _request: web.Request) -> web.StreamResponse:
        """`{"model_field", "balance", "notice", "badge", "theme"}`."""
        return answer_json(write_chrome(self._desk))

    async def models(self, request: web.Request) -> web.StreamResponse:
        """`?q=`: `{"html"}`, which says so where there are none."""
        try:
            models = await self._desk.app.catalogue.list_models()
        except ChitError as error:
            note = f"No suggestions: {sentence(error.message)}"
            return answer_json({"html": pages.render("suggestions", models=[], note=note)})
        found = suggest_models(models, request.query.get("q", ""))
        return answer_json({"html": pages.render("suggestions", models=found, note=None)})

    async def refresh_balance(self, _request: web.Request) -> web.StreamResponse:
        """Ask now; every page is told."""
        app = self._desk.app
        await app.balance.refresh()
        told = tell_balance(app, self._desk)
        self._hub.publish("balance", **told)
        return answer_json(told)
