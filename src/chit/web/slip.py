"""The chit as the pages show it: its figures, and what OpenRouter reported beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chit.core.generation import Chit, Generation, write_chit
from chit.core.usage import read_cost, read_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One receipt. Costs in US dollars; None is unknown, and not shown."""

    chit: Chit
    is_sandbox: bool = False
    prompt_cost: Decimal | None = None
    completion_cost: Decimal | None = None
    """A split of the cost, only where one was reported."""
    saved: Decimal | None = None
    """What the cache took off the price; negative where writing to it cost more."""
    tools_cost: Decimal | None = None
    """Web searches and other tools that OpenRouter ran; part of the cost."""
    searches: int | None = None
    provider_cost: Decimal | None = None
    """What the provider bills the owner of a provider key; never added to the cost."""


def write_slip(generation: Generation, *, is_sandbox: bool = False) -> Slip:
    """From the newest that is known of a generation."""
    usage, info = generation.usage, generation.settlement.info if generation.settlement else None
    reported = _inside(generation.completion, "usage")
    details = _inside(reported, "cost_details")
    tools = _inside(reported, "server_tool_use_details") or _inside(reported, "server_tool_use")
    is_byok = usage.is_byok or (info is not None and info.is_byok)
    provider_cost = info.upstream_cost if info is not None and info.upstream_cost is not None else usage.upstream_cost
    return Slip(
        chit=write_chit(generation),
        is_sandbox=is_sandbox,
        prompt_cost=None if is_byok else read_cost(details.get("upstream_inference_prompt_cost")),
        completion_cost=None if is_byok else read_cost(details.get("upstream_inference_completions_cost")),
        saved=(info.cache_discount if info is not None else None) or None,
        tools_cost=read_cost(details.get("server_tool_cost")) or None,
        searches=read_count(tools.get("web_search_requests")) or None,
        provider_cost=provider_cost if is_byok else None,
    )


def _inside(value: Any, member: str) -> Mapping[str, Any]:
    inner = value.get(member) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}
