"""The record `GET /generation` answers: OpenRouter's own account of one generation (field guide §6.1)."""

from datetime import UTC, datetime
from typing import Any

from chit.sandbox.ledger import Generation
from chit.sandbox.pricing import Usage, as_number


def make_record(generation: Generation) -> dict[str, Any]:
    """Every member of `GenerationResponse.data`; times in milliseconds, money in US dollars."""
    usage = generation.billed or generation.make_usage()
    discount = usage.cache_discount
    return {
        "id": generation.id,
        "request_id": f"req-{generation.id.removeprefix('gen-')}",
        "upstream_id": f"chatcmpl-{generation.id.rpartition('-')[2]}",
        "model": generation.model,
        "provider_name": generation.provider,
        "provider_responses": _provider_responses(generation),
        "router": generation.router,
        "api_type": generation.api_type,
        "created_at": datetime.fromtimestamp(generation.created, UTC).isoformat(),
        "streamed": generation.streamed,
        "cancelled": generation.state == "cancelled",
        "finish_reason": generation.finish_reason,
        "native_finish_reason": generation.native_finish_reason,
        "latency": generation.first_token_ms,
        "generation_time": round(generation.token_ms * usage.completion_tokens),
        "moderation_latency": None,
        **_counts(generation, usage),
        "total_cost": as_number(usage.cost),
        "usage": as_number(usage.cost),
        "upstream_inference_cost": as_number(usage.upstream_cost) if usage.is_byok else 0,
        "cache_discount": None if discount is None else as_number(discount),
        "is_byok": usage.is_byok,
        "service_tier": None,
        "data_region": "global",
        "web_search_engine": "exa" if usage.searches else None,
        "response_cache_source_id": None,
        **_caller(generation),
    }


def _counts(generation: Generation, usage: Usage) -> dict[str, Any]:
    return {
        "tokens_prompt": usage.prompt_tokens,
        "tokens_completion": usage.completion_tokens,
        "native_tokens_prompt": usage.prompt_tokens,
        "native_tokens_completion": usage.completion_tokens,
        "native_tokens_reasoning": usage.reasoning_tokens,
        "native_tokens_cached": usage.cached_tokens,
        "native_tokens_completion_images": usage.image_tokens,
        "num_media_prompt": generation.media or None,
        "num_input_audio_prompt": generation.sounds or None,
        "num_media_completion": sum(step.kind == "image" for step in generation.steps),
        "num_search_results": 2 * usage.searches or None,
        "num_fetches": None,
    }


def _caller(generation: Generation) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in generation.headers.items()}
    referer = headers.get("http-referer")
    return {
        "app_id": None,
        "origin": referer or "",
        "http_referer": referer,
        "user_agent": headers.get("user-agent"),
        "external_user": generation.metadata.get("user"),
        "session_id": generation.metadata.get("session_id", headers.get("x-session-id")),
        "preset_id": None,
        "workspace_id": None,
    }


def _provider_responses(generation: Generation) -> list[dict[str, Any]]:
    last = (generation.provider, generation.model, 200, generation.first_token_ms)
    tried = [(attempt.provider, attempt.model, attempt.status, 40) for attempt in generation.attempts]
    return [
        {
            "id": f"chatcmpl-{generation.id.rpartition('-')[2]}-{number}",
            "endpoint_id": f"endpoint-{provider.lower().replace(' ', '-')}",
            "provider_name": provider,
            "model_permaslug": model,
            "status": status,
            "latency": latency,
            "is_byok": generation.is_byok,
        }
        for number, (provider, model, status, latency) in enumerate([*tried, last])
    ]
