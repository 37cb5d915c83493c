"""The receipt's figures, read from what OpenRouter reported."""

from decimal import Decimal
from typing import Any

from chit.core.generation import Generation, Settlement
from chit.core.usage import Usage
from chit.web.slip import Slip, write_slip

DETAILS = {"upstream_inference_prompt_cost": 0.1, "upstream_inference_completions_cost": 0.2}


def generation(**changes: Any) -> Generation:
    """One that has ended."""
    given = {"id": "g", "message_id": "m", "conversation_id": "c", "origin": "web", "request": b"{}", "streamed": True}
    return Generation(**{**given, **changes})


def settled(**record: Any) -> Settlement:
    """With that record."""
    return Settlement(generation_id="gen-1", state="settled", record={"id": "gen-1", **record})


def test_nothing_reported_is_nothing_shown() -> None:
    """Without a reply every figure beside the chit is unknown."""
    slip = write_slip(generation())
    assert slip == Slip(chit=slip.chit)


def test_the_split_is_shown_where_one_came() -> None:
    """Prompt and completion have their own costs only if OpenRouter reported them."""
    slip = write_slip(generation(completion={"usage": {"cost_details": DETAILS}}))
    assert (slip.prompt_cost, slip.completion_cost) == (Decimal("0.1"), Decimal("0.2"))


def test_a_provider_key_has_a_cost_of_its_own() -> None:
    """With BYOK what the provider bills stands alone, and is no split of what OpenRouter charged."""
    usage = Usage(cost=Decimal("0.01"), upstream_cost=Decimal("0.3"), is_byok=True)
    slip = write_slip(generation(usage=usage, completion={"usage": {"cost_details": DETAILS}}))
    assert (slip.prompt_cost, slip.completion_cost, slip.provider_cost) == (None, None, Decimal("0.3"))


def test_the_record_wins() -> None:
    """What was settled about a provider key, and what the cache saved, comes from OpenRouter's record."""
    record = settled(is_byok=True, upstream_inference_cost=0.4, cache_discount=0.00034)
    slip = write_slip(generation(usage=Usage(upstream_cost=Decimal("0.3")), settlement=record))
    assert (slip.provider_cost, slip.saved) == (Decimal("0.4"), Decimal("0.00034"))


def test_tools_and_searches() -> None:
    """Both names that OpenRouter gives the count are read; zero is nothing to tell."""
    for name in ("server_tool_use_details", "server_tool_use"):
        usage = {"cost_details": {"server_tool_cost": 0.02}, name: {"web_search_requests": 2}}
        slip = write_slip(generation(completion={"usage": usage}), is_sandbox=True)
        assert (slip.tools_cost, slip.searches, slip.is_sandbox) == (Decimal("0.02"), 2, True)
    usage = {"cost_details": {"server_tool_cost": 0}, "server_tool_use": {"web_search_requests": 0}}
    slip = write_slip(generation(completion={"usage": usage}, settlement=settled(cache_discount=0)))
    assert (slip.tools_cost, slip.searches, slip.saved) == (None, None, None)
