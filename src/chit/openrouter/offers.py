"""Who serves one model, and on what terms: three questions at once, of which the last two may fail."""

import asyncio
from typing import Any
from urllib.parse import quote

from chit.core.model_card import Offer, read_offers
from chit.errors import UpstreamError
from chit.openrouter.client import OpenRouterClient


async def fetch_offers(client: OpenRouterClient, model_id: str) -> list[Offer]:
    """Raises `UpstreamError` where the endpoints cannot be had; status 404 where there is no such model."""
    author, _, slug = model_id.partition("/")
    path = f"/models/{quote(author, safe='~@')}/{quote(slug, safe=':')}/endpoints"
    data, providers, private = await asyncio.gather(
        client.fetch_data(path, is_public=True),
        _fetch_quietly(client, "/providers"),
        _fetch_quietly(client, "/endpoints/zdr"),
    )
    endpoints = data.get("endpoints")
    keeping_nothing = None
    if private is not None:
        keeping_nothing = {str(each.get("tag")) for each in private if each.get("model_id") == model_id}
    return read_offers(endpoints if isinstance(endpoints, list) else [], providers or [], keeping_nothing)


async def _fetch_quietly(client: OpenRouterClient, path: str) -> list[dict[str, Any]] | None:
    try:
        return await client.fetch_list(path, is_public=True)
    except UpstreamError:
        return None
