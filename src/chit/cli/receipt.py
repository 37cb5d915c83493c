"""The chit on a terminal: one line under the reply, and the slip with every figure."""

from typing import TextIO

from chit.cli.terminal import neutralise, paint
from chit.core.generation import Chit
from chit.core.receipt_words import differs, find_doubt, show_count
from chit.core.usage import show_cost

_WIDTH = 46


def chit_line(chit: Chit, stream: TextIO) -> str:
    """`▸ $0.00006 · Amazon Bedrock · first token 0.8 s · 84 tok/s · pending`; unknown figures are left out.

    Coloured if `stream`, where it will be written, wants that.
    """
    parts = [paint(show_cost(chit.cost), "bold", stream)]
    if chit.provider:
        parts.append(neutralise(chit.provider))
    if chit.time_to_first_token_ms is not None:
        parts.append(f"first token {_seconds(chit.time_to_first_token_ms)}")
    if chit.tokens_per_second is not None:
        parts.append(f"{chit.tokens_per_second:.0f} tok/s")
    if doubt := find_doubt(chit):
        parts.append(paint(doubt, "warn", stream))
    if differs(chit):
        parts.append(f"reported {show_cost(chit.reported_cost)}")
    return "▸ " + " · ".join(parts)


def receipt(chit: Chit) -> str:
    """The slip: model, provider, tokens, cost with its source, times with theirs, the generation id last."""
    rule = "╌" * _WIDTH
    lines = [neutralise(chit.model or chit.requested_model or "account default")]
    if chit.provider:
        lines.append(f"served by {neutralise(chit.provider)}")
    lines += [rule, *_token_lines(chit), rule, *_cost_lines(chit)]
    times = [
        _leader("first token, here", _seconds(chit.time_to_first_token_ms)),
        _leader("latency, OpenRouter", _seconds(chit.latency_ms)),
        _leader("generation, OpenRouter", _seconds(chit.generation_time_ms)),
    ]
    lines += [rule, *times]
    if chit.generation_id:
        lines += [rule, neutralise(chit.generation_id)]
    return "\n".join(lines)


def _token_lines(chit: Chit) -> list[str]:
    lines = [_leader("prompt tokens", show_count(chit.prompt_tokens))]
    if chit.cached_tokens:
        lines.append(f"  {chit.cached_tokens} of them cached")
    lines.append(_leader("completion tokens", show_count(chit.completion_tokens)))
    if chit.reasoning_tokens:
        lines.append(f"  {chit.reasoning_tokens} of them reasoning")
    if chit.images:
        lines.append(_leader("images", show_count(chit.images)))
    return lines


def _cost_lines(chit: Chit) -> list[str]:
    if chit.settlement != "settled":
        state = {"pending": "pending", "gave_up": "never settled"}.get(chit.settlement or "", "no receipt")
        return [_leader("reported", show_cost(chit.reported_cost)), f"  {state}"]
    comparison = "equal" if not differs(chit) else "not equal"
    return [
        _leader("settled", show_cost(chit.settled_cost)),
        f"  reported {show_cost(chit.reported_cost)} · {comparison}",
    ]


def _leader(name: str, value: str) -> str:
    return f"{name} {'.' * max(2, _WIDTH - len(name) - len(value) - 2)} {value}"


def _seconds(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
