"""What a management key may do: look at the account's keys and activity, create keys, switch them off and on."""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson
from aiohttp import web

from chit.sandbox import failures
from chit.sandbox.account import Key, dollars, shorten_key
from chit.sandbox.box import BOX, Box
from chit.sandbox.completions import check_key, send_failure
from chit.sandbox.failures import Failure, fail
from chit.sandbox.lookups import send_json
from chit.sandbox.pricing import as_number

_PAGE = 100
_DAYS = 30
_CHANGES = ("name", "disabled", "limit", "limit_reset", "include_byok_in_limit")


async def show_keys(request: web.Request) -> web.StreamResponse:
    """`GET /keys`: a page of a hundred ordinary keys, from `offset` on; disabled ones if they are asked for."""
    box = request.app[BOX]
    if isinstance(refused := _check(request, box), Failure):
        return send_failure(refused)
    is_any = request.query.get("include_disabled") == "true"
    keys = [
        each for each in box.account.keys.items() if each[1].kind == "ordinary" and (is_any or not each[1].disabled)
    ]
    offset = int(request.query.get("offset", "0"))
    return send_json({"data": [_describe(text, key) for text, key in keys[offset : offset + _PAGE]]})


async def create_key(request: web.Request) -> web.StreamResponse:
    """`POST /keys`: a new ordinary key; its text is in this answer only."""
    box = request.app[BOX]
    if isinstance(refused := _check(request, box), Failure):
        return send_failure(refused)
    body = _decode(await request.read())
    if body is None or not body.get("name"):
        return send_failure(fail(400, "name: Required"))
    key = Key(expires_at=body.get("expires_at"))
    key.change({name: body[name] for name in _CHANGES if name in body})
    text = f"sk-or-v1-{secrets.token_hex(32)}"
    box.account.keys[text] = key
    return send_json({"data": _describe(text, key), "key": text}, 201)


async def change_key(request: web.Request) -> web.StreamResponse:
    """`PATCH /keys/{hash}`: other members, above all `disabled`."""
    box = request.app[BOX]
    if isinstance(refused := _check(request, box), Failure):
        return send_failure(refused)
    found = next((each for each in box.account.keys.items() if _hash(each[0]) == request.match_info["hash"]), None)
    if found is None:
        return send_failure(fail(404, "API key not found"))
    body = _decode(await request.read()) or {}
    found[1].change({name: body[name] for name in _CHANGES if name in body})
    return send_json({"data": _describe(*found)})


async def show_activity(request: web.Request) -> web.StreamResponse:
    """`GET /activity`: what was billed on the last thirty days of UTC that are over, by day and endpoint."""
    box = request.app[BOX]
    if isinstance(refused := _check(request, box), Failure):
        return send_failure(refused)
    midnight = time.time() // 86_400 * 86_400
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in box.ledger.generations:
        if entry.billed is None or not midnight - _DAYS * 86_400 <= entry.created < midnight:
            continue
        day = datetime.fromtimestamp(entry.created, UTC).date().isoformat()
        usage = entry.billed
        row = rows.setdefault((day, entry.model, entry.provider), _begin_row(day, entry.model, entry.provider))
        row["usage"] += usage.cost
        row["byok_usage_inference"] += usage.upstream_cost if usage.is_byok else 0
        row["requests"] += 1
        row["prompt_tokens"] += usage.prompt_tokens
        row["completion_tokens"] += usage.completion_tokens
        row["reasoning_tokens"] += usage.reasoning_tokens
    return send_json({"data": [_write_row(row) for row in rows.values()]})


def _check(request: web.Request, box: Box) -> Key | Failure:
    key = check_key(request, box)
    if isinstance(key, Failure):
        return key
    return key if key.kind == "management" else failures.MANAGEMENT_ONLY


def _decode(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _describe(text: str, key: Key) -> dict[str, Any]:
    usage, byok = as_number(dollars(key.usage)), as_number(dollars(key.byok_usage))
    remaining = key.remaining()
    return {
        "hash": _hash(text),
        "name": key.name or shorten_key(text),
        "label": key.label or shorten_key(text),
        "disabled": key.disabled,
        "limit": None if key.limit is None else as_number(dollars(key.limit)),
        "limit_remaining": None if remaining is None else as_number(remaining),
        "limit_reset": key.limit_reset,
        "include_byok_in_limit": key.include_byok_in_limit,
        **{f"usage{window}": usage for window in ("", "_daily", "_weekly", "_monthly")},
        **{f"byok_usage{window}": byok for window in ("", "_daily", "_weekly", "_monthly")},
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": None,
        "expires_at": key.expires_at,
    }


def _begin_row(day: str, model: str, provider: str) -> dict[str, Any]:
    return {
        "date": day,
        "model": model,
        "model_permaslug": model,
        "endpoint_id": f"{provider}-{model}",
        "provider_name": provider,
        "usage": Decimal(0),
        "byok_usage_inference": Decimal(0),
        "requests": 0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "reasoning_tokens": 0,
    }


def _write_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: as_number(value) if isinstance(value, Decimal) else value for name, value in row.items()}
