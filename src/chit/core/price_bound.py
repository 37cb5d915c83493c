"""The most that a request can cost, before it is sent, by the catalogue's prices (field guide §7.3).

No text has more tokens than bytes. Where a request asks for something whose price the catalogue does not bound
(pictures, searches, a choice of providers, a preset, a router) there is no bound: None.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from chit.core.named_models import list_models
from chit.core.usage import read_cost, read_count

OVERHEAD = 1000
"""Tokens that a provider adds to a prompt: its template, and what it tells a model of tools."""
_HARMLESS = """
    model models fallbacks messages input instructions system tools tool_choice parallel_tool_calls
    max_tokens max_completion_tokens max_output_tokens stream stream_options stop stop_sequences
    temperature top_p top_k min_p top_a frequency_penalty presence_penalty repetition_penalty seed logit_bias
    logprobs top_logprobs response_format text verbosity reasoning reasoning_effort include_reasoning thinking
    metadata user session_id prompt_cache_key cache_control usage store include truncation transforms
    encoding_format dimensions input_type
"""
_MEMBERS = frozenset(_HARMLESS.split())
"""Members that add nothing to a price but tokens."""
_SAID = ("messages", "input", "instructions", "system")
_TEXTUAL = """
    text input_text output_text refusal message function_call function_call_output tool_use tool_result
    thinking redacted_thinking reasoning summary_text reasoning_text
"""
_TYPES = frozenset(_TEXTUAL.split())
"""Of messages and parts that are text; what has no type is."""
_HOLDERS = ("content", "output")
"""Members that hold parts in turn."""
_MEDIA = ("images", "audio")
_TOOLS = ("function", "custom")
_CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_PROMPT = ("prompt", "input_cache_read", "input_cache_write", "input_cache_write_1h")
_COMPLETION = ("completion", "internal_reasoning")
_SEARCHING = ("openrouter/", "perplexity/")
"""Authors whose models choose other models, or search whenever they are asked."""


def bound_price(request: Mapping[str, Any], *, size: int, known: Mapping[str, Mapping[str, Any]]) -> Decimal | None:
    """US dollars. `size` is the body's, in bytes; `known` are the catalogue's records by id."""
    names = list_models(request)
    if not names or not request.keys() <= _MEMBERS or not _are_functions(request.get("tools")):
        return None
    reasoning = request.get("reasoning")
    is_rerouted = isinstance(reasoning, Mapping) and reasoning.get("mode", "standard") != "standard"
    if is_rerouted or not all(_is_text(request.get(name)) for name in _SAID):
        return None
    cap = max((count for name in _CAPS if (count := read_count(request.get(name))) is not None), default=None)
    bounds = [_bound(known.get(name), size + OVERHEAD, cap) for name in names if not name.startswith(_SEARCHING)]
    found = [bound for bound in bounds if bound is not None]
    return max(found) if len(found) == len(names) else None


def _bound(model: Mapping[str, Any] | None, prompt: int, cap: int | None) -> Decimal | None:
    pricing = None if model is None else model.get("pricing")
    if model is None or not isinstance(pricing, Mapping):
        return None
    if cap is None:
        top = model.get("top_provider")
        cap = read_count(top.get("max_completion_tokens")) if isinstance(top, Mapping) else None
        cap = cap or read_count(model.get("context_length"))
    overrides = pricing.get("overrides") or []
    tables = [pricing, *(each for each in overrides if isinstance(each, Mapping))]
    prices = [_most(tables, names) for names in (_PROMPT, _COMPLETION, ("request",))]
    if cap is None or prices[0] is None or prices[1] is None:
        return None
    raised = 1 - min(read_cost(pricing.get("discount")) or Decimal(0), Decimal(0))
    return (prices[0] * prompt + prices[1] * cap + (prices[2] or 0)) * raised


def _most(tables: Iterable[Mapping[str, Any]], names: tuple[str, ...]) -> Decimal | None:
    """The highest of these prices under any condition; None where the first has none, or one is no price."""
    prices = [read_cost(table[name]) for table in tables for name in names if name in table]
    known = [price for price in prices if price is not None and price >= 0]
    return max(known) if known and len(known) == len(prices) else None


def _is_text(value: Any) -> bool:
    """Whether everything in it is counted by its bytes."""
    if isinstance(value, Mapping):
        kind = value.get("type", "text")
        is_known = isinstance(kind, str) and kind in _TYPES
        return is_known and not any(map(value.get, _MEDIA)) and all(_is_text(value.get(name)) for name in _HOLDERS)
    return all(map(_is_text, value)) if isinstance(value, list) else True


def _are_functions(tools: Any) -> bool:
    """Whether the caller runs them all: what OpenRouter or a provider runs costs extra."""
    return not tools or (
        isinstance(tools, list)
        and all(isinstance(tool, Mapping) and tool.get("type", "function") in _TOOLS for tool in tools)
    )
