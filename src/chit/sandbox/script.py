"""A script: what a model will say to a request, piece by piece, and how the reply ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, Literal

from chit.sandbox.ask import Ask, split_tokens
from chit.sandbox.sample import encode_sample

Ending = Literal["done", "no-done", "cut", "cut-clean", "reset", "stall", "error", "body-error"]
"""How a reply ends: complete; without `[DONE]`; connection closed, cleanly or not; TCP reset; silence; an error inside
the reply; an error in place of it (both with HTTP status 200)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One delta and the completion tokens it stands for."""

    delta: Mapping[str, Any]
    tokens: int = 1
    kind: Literal["text", "reasoning", "image", "audio"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Everything a model will say to one request, before prices and ids."""

    steps: tuple[Step, ...] = ()
    finish_reason: str = "stop"
    native_finish_reason: str | None = None
    """None takes the model's own word for a natural end."""
    ending: Ending = "done"
    error: Mapping[str, Any] = field(default_factory=dict)
    """The `error` object of the endings that have one."""
    error_has_choices: bool = True
    """Whether the error chunk also carries `choices`, as documented."""
    comments: int | None = None
    """Comments before the first event; None leaves it to chance."""
    has_header: bool = True
    """Whether the reply carries `X-Generation-Id`."""
    opening: tuple[Mapping[str, Any], ...] = ()
    """Members of chunks with empty choices, sent first."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further top-level members of every chunk, or of the whole completion."""
    cached_tokens: int = 0
    """Prompt tokens read from the provider's cache, on top of the request's own."""
    searches: int = 0
    is_byok: bool = False

    def within(self, limit: int | None) -> "Script":
        """The same, ended with `length` where it would pass `limit` completion tokens."""
        if limit is None or sum(step.tokens for step in self.steps) <= limit:
            return self
        spent = accumulate(step.tokens for step in self.steps)
        kept = tuple(step for step, total in zip(self.steps, spent, strict=True) if total <= limit)
        return replace(self, steps=kept, finish_reason="length", native_finish_reason="length")


def say(text: str) -> tuple[Step, ...]:
    """Text as content deltas of about one token each."""
    return tuple(content(piece) for piece in split_tokens(text))


def content(piece: str) -> Step:
    """One piece of text as a delta."""
    return Step(delta={"content": piece})


def think(text: str, *, signature: str) -> tuple[Step, ...]:
    """Reasoning as deltas, in both of OpenRouter's forms, closed by a signature."""
    common = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
    spoken = (
        Step(
            delta={"content": "", "reasoning": piece, "reasoning_details": [{**common, "text": piece}]},
            kind="reasoning",
        )
        for piece in split_tokens(text)
    )
    signed = Step(delta={"content": "", "reasoning_details": [{**common, "signature": signature}]}, tokens=0)
    return (*spoken, signed)


def call_tool(index: int, call_id: str, name: str, arguments: str) -> tuple[Step, ...]:
    """One tool call, its arguments in pieces."""
    opened = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
    pieces = [arguments[at : at + 7] for at in range(0, len(arguments), 7)]
    later: Iterable[Mapping[str, Any]] = ({"index": index, "function": {"arguments": piece}} for piece in pieces)
    return tuple(Step(delta={"content": None, "tool_calls": [call]}) for call in (opened, *later))


def answer(ask: Ask, *, thinks: bool) -> Script:
    """What every ordinary model of the sandbox says: the question again, and what the sandbox is."""
    if ask.schema is not None:
        return Script(steps=say(encode_sample(ask.schema)))
    reasoning = think(_THOUGHT, signature="c2FuZGJveA==") if thinks and not ask.hides_reasoning else ()
    return Script(steps=(*reasoning, *say(_answer_text(ask))))


_THOUGHT = "The person wrote to a sandbox. Quote the question, be friendly, say that no money moves."

_ABOUT = (
    "This is the **Chit sandbox**: an OpenRouter in a box. No model was asked and no money moves, but everything "
    "around this text is as real as it gets:\n\n"
    "- it streams token by token, with the comments and chunks of the real thing;\n"
    "- it has a generation id, a provider and a cost, and its record is found a little later;\n"
    "- models named `sandbox/…` misbehave on request, so every error can be seen.\n"
)

_EXAMPLES: Mapping[str, str] = {
    "code": '\n```python\ndef greet(name: str) -> str:\n    return f"Hello, {name}!"\n```\n',
    "table": "\n| Planet | Moons |\n|---|---:|\n| Earth | 1 |\n| Mars | 2 |\n",
    "math": "\nEuler's identity: $e^{i\\pi} + 1 = 0$\n",
}


def _answer_text(ask: Ask) -> str:
    question = ask.question
    shown = question.strip()
    shown = shown if len(shown) <= 280 else shown[:279].rstrip() + "…"
    quote = "\n".join(f"> {line}" for line in shown.splitlines()) or "> (nothing)"
    examples = "".join(example for word, example in _EXAMPLES.items() if word in question.lower())
    files = "1 file came" if ask.media == 1 else f"{ask.media} files came"
    came = f"{files} along with the conversation.\n\n" if ask.media else ""
    return f"Good question! You asked:\n\n{quote}\n\n{came}{_ABOUT}{examples}"
