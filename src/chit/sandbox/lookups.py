"""The GET endpoints: generation records, credits, keys, models, providers."""

import time
from typing import Any

from aiohttp import web

from chit.sandbox import failures
from chit.sandbox.account import Key, shorten_key
from chit.sandbox.box import BOX, Box
from chit.sandbox.catalogue import CATALOGUE, Model, list_providers
from chit.sandbox.chunks import encode_wire
from chit.sandbox.completions import check_key, read_key_text, send_failure
from chit.sandbox.failures import Failure, fail
from chit.sandbox.generation_record import make_record
from chit.sandbox.mishaps import FAILING_LOOKUPS
from chit.sandbox.models import find_model, list_models
from chit.sandbox.pricing import as_number

_FREE_A_DAY = 1000
"""Requests to free models, once ten dollars of credits were bought (field guide §10.1)."""


def send_json(value: Any, status: int = 200) -> web.Response:
    """A value as a JSON reply."""
    return web.Response(status=status, body=encode_wire(value), content_type="application/json")


async def show_generation(request: web.Request) -> web.StreamResponse:
    """`GET /generation?id=`: 404 until the record has settled."""
    box = request.app[BOX]
    key = check_key(request, box)
    if isinstance(key, Failure):
        return send_failure(key)
    generation_id = request.query.get("id", "")
    box.ledger.lookups[generation_id] += 1
    recorded = box.recordings.find_lookup(generation_id)
    if recorded is not None:
        return web.Response(status=recorded.status, body=recorded.body, headers=dict(recorded.headers))
    generation = box.ledger.find_generation(generation_id)
    fails = box.schedule is not None and box.schedule.find_fate(generation_id) == "failing"
    if fails and box.ledger.lookups[generation_id] <= FAILING_LOOKUPS:
        return send_failure(fail(502, "Provider returned error"))
    if generation is None or not box.is_settled(generation):
        return send_failure(fail(404, f"Generation {generation_id} not found"))
    return send_json({"data": make_record(generation)})


async def show_credits(request: web.Request) -> web.StreamResponse:
    """`GET /credits`: lifetime totals in US dollars, for management keys."""
    box = request.app[BOX]
    key = check_key(request, box)
    if isinstance(key, Failure):
        return send_failure(key)
    account = box.account
    if key.kind == "management":
        totals = {"total_credits": float(account.total_credits), "total_usage": float(account.total_usage)}
        return send_json({"data": totals})
    if account.credits_for_ordinary_keys == "zeros":
        return send_json({"data": {"total_credits": 0, "total_usage": 0}})
    return send_failure(failures.MANAGEMENT_ONLY)


async def show_key(request: web.Request) -> web.StreamResponse:
    """`GET /key`: the calling key itself."""
    box = request.app[BOX]
    key = check_key(request, box)
    if isinstance(key, Failure):
        return send_failure(key)
    return send_json({"data": _describe_key(key, read_key_text(request), box)})


async def show_models(request: web.Request) -> web.StreamResponse:
    """`GET /models`: all models, no key needed."""
    return _send_models(list(list_models()), request)


async def show_user_models(request: web.Request) -> web.StreamResponse:
    """`GET /models/user`: what the account's data policy leaves."""
    box = request.app[BOX]
    key = check_key(request, box)
    if isinstance(key, Failure):
        return send_failure(key)
    return _send_models(list(list_models(paid_only=box.account.data_policy == "deny")), request)


async def show_embedding_models(request: web.Request) -> web.StreamResponse:
    """`GET /embeddings/models`: the models that make embeddings, no key needed."""
    return _send_models([model for model in CATALOGUE.values() if model.embeds], request)


async def show_endpoints(request: web.Request) -> web.StreamResponse:
    """`GET /models/{author}/{slug}/endpoints`: who serves one model."""
    model = find_model(f"{request.match_info['author']}/{request.match_info['slug']}")
    return send_failure(failures.NOT_FOUND) if model is None else send_json({"data": model.endpoints_as_dict()})


async def show_providers(_: web.Request) -> web.StreamResponse:
    """`GET /providers`: everyone who serves anything here."""
    return send_json({"data": list_providers(list_models())})


def _send_models(models: list[Model], request: web.Request) -> web.Response:
    wanted = request.query.get("q", "").lower()
    rows = [model.as_dict() for model in models if wanted in model.id.lower() or wanted in model.name.lower()]
    return send_json({"data": rows, "total_count": len(rows), "links": {"next": None}})


def _describe_key(key: Key, text: str, box: Box) -> dict[str, Any]:
    remaining = key.remaining()
    usage, byok = float(key.usage), float(key.byok_usage)
    is_management = key.kind == "management"
    used = _count_free_today(box)
    return {
        "label": key.label or shorten_key(text),
        "is_management_key": is_management,
        "is_provisioning_key": is_management,
        "limit": None if key.limit is None else float(key.limit),
        "limit_reset": key.limit_reset,
        "limit_remaining": None if remaining is None else as_number(max(remaining, remaining * 0)),
        "include_byok_in_limit": key.include_byok_in_limit,
        **{f"usage{window}": usage for window in ("", "_daily", "_weekly", "_monthly")},
        **{f"byok_usage{window}": byok for window in ("", "_daily", "_weekly", "_monthly")},
        "is_free_tier": key.is_free_tier,
        "expires_at": key.expires_at,
        "creator_user_id": box.account.user_id,
        "free_model_daily_requests": {"limit": _FREE_A_DAY, "used": used, "remaining": max(_FREE_A_DAY - used, 0)},
        "budgets": list(key.budgets),
        "effective_budget": min(key.budgets, key=lambda budget: budget["remaining_usd"], default=None),
        "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
    }


def _count_free_today(box: Box) -> int:
    midnight = time.time() // 86_400 * 86_400
    return sum(entry.model.endswith(":free") and entry.created >= midnight for entry in box.ledger.generations)
