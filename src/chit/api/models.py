"""The catalogue as programs ask for it: OpenRouter's own bytes, and single models of it."""

from typing import Any

from aiohttp import web

from chit.advice import explain_here
from chit.api.answer import pass_whole
from chit.api.refusal import ApiRefusal
from chit.catalogue import Catalogue
from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.core.remedy import add_remedy
from chit.core.retry import decide_retry
from chit.errors import UpstreamError
from chit.openrouter.client import OpenRouterClient
from chit.openrouter.whole import Refusal, Whole

_LISTS = ("user", "count")
"""What OpenRouter has under `/models` that is no model."""


class Models:
    """Asked anew each time."""

    def __init__(self, client: OpenRouterClient, catalogue: Catalogue) -> None:
        self._client = client
        self._catalogue = catalogue

    async def list(self, request: web.Request) -> web.StreamResponse:
        """As OpenRouter tells it, for the same query. Raises `ChitError`."""
        return self._pass(request, await self._fetch(request, "/models"))

    async def find(self, request: web.Request) -> web.StreamResponse:
        """One model; ids have slashes. Raises `ApiRefusal`, `ChitError`."""
        name = request.match_info["id"]
        if name in _LISTS or name.endswith("/endpoints"):
            return self._pass(
                request, await self._fetch(request, f"/models/{request.rel_url.raw_path.split('/', 3)[3]}")
            )
        whole = await self._fetch(request, "/models")
        if isinstance(whole, Refusal):
            return self._pass(request, whole)
        for model in _read_models(whole.body):
            if isinstance(model, dict) and name in (model.get("id"), model.get("canonical_slug")):
                return web.Response(body=encode_json(model), content_type="application/json")
        raise ApiRefusal(404, f"There is no model {name!r}.", "model_not_found", "GET /v1/models lists them all.")

    async def _fetch(self, request: web.Request, path: str) -> Whole:
        query = request.raw_path.partition("?")[2]
        return await self._client.fetch_whole(f"{path}?{query}" if query else path)

    def _pass(self, request: web.Request, whole: Whole) -> web.Response:
        if not isinstance(whole, Refusal):
            return pass_whole(request.path, whole, None, may_retry=False)
        error = explain_here(whole.fault)
        told = Whole(status=whole.status, headers=whole.headers, body=add_remedy(whole.body, error))
        return pass_whole(request.path, told, error, may_retry=decide_retry(whole.fault, 0) is not None)


def _read_models(body: bytes) -> list[Any]:
    try:
        models = decode_object(body).get("data")
    except JsonInvalid:
        models = None
    if not isinstance(models, list):
        raise UpstreamError("the answer to /models is not the list it should be", kind="unknown", hint="Try again.")
    return models
