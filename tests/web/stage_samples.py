"""What the stage shows: a conversation with everything in it, the lists and the settings, by the real templates."""

import json
import struct
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from chit.core.fault import read_fault
from chit.core.generation import Generation, Settlement
from chit.core.guidance import explain
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    Source,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.core.usage import Usage
from chit.render.markdown import render_all
from chit.web import pages
from chit.web.branches import Branch, NamedVersion
from chit.web.parameter_panel import Sheet, write_chips, write_panel
from chit.web.slip import Slip, write_slip

MODEL = "anthropic/claude-haiku-4.5"
GENERATION = "gen-1780944361-X5HAtL0Z2NQp"
NOW = 1_780_944_400.0
ANSWER = """Only retry when you **know** the request never ran. A refused connection is safe; a read timeout is not, \
since the server may have finished the work.

```python
async with client.post(url, json=body) as reply:
    if reply.status in (429, 503) and "X-Generation-Id" not in reply.headers:
        await backoff(reply)   # never ran: safe to send again
```

Everything else ends as *unknown* and waits for your decision."""
LONG = """# What a receipt holds

| figure | where it comes from | what it means | when it is known | how it is shown in the line |
|:-------|:--------------------|:-------------:|-----------------:|-----------------------------|
| cost | OpenRouter's record | US dollars | 2 s to 60 s | `$0.00284` |
| first token | measured here | milliseconds | at once | `0.8 s` |

- [x] count the tokens
- [ ] settle the cost

1. The speed is $v = \\frac{n}{t_1 - t_0}$ with $n$ completion tokens.
2. See [the documents](https://example.com/docs?x=1) and <https://openrouter.ai/models>.

$$\\sum_{i=1}^{n} c_i = C$$

> A figure that is unknown is a dash, never a zero.
"""


def picture(width: int = 320, height: int = 120) -> str:
    """A small PNG as a `data:` address: a gradient."""
    rows = b"".join(b"\0" + bytes(band for x in range(width) for band in (15, 107 + y, x % 256)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the list."""

    id: str
    title: str
    cost: Decimal | None
    pending: bool = False
    pinned_at: float | None = None
    private: bool = False


ITEMS = [
    ("Pinned", Item(id="c6", title="House rules for reviews", cost=Decimal("0.0203"), pinned_at=NOW)),
    ("Today", Item(id="c1", title="Retry a flaky HTTP call", cost=Decimal("0.0041"))),
    ("Today", Item(id="c2", title="Name for a receipt app", cost=Decimal("0.0006"), pending=True)),
    ("Yesterday", Item(id="c3", title="Explain WAL checkpoints to a beginner", cost=Decimal("0.0312"))),
    ("Yesterday", Item(id="c4", title="Translate the terms of service", cost=Decimal("0.118"))),
    ("Yesterday", Item(id="c5", title="script.py via local API", cost=Decimal("0.0009"))),
]


def message(id: str, source: Source, *parts: Part, parent: str | None = None) -> Message:
    """Of the sample conversation."""
    return Message(id=id, conversation_id="c1", parent_id=parent, source=source, parts=parts, created_at=NOW)


def question(id: str, text: str, *, parent: str | None = None) -> Markup:
    """A person's message."""
    return pages.render("message_user", message=message(id, "user", TextPart(text), parent=parent), branch=None)


def slip(*, settled: bool = True, sandbox: bool = False) -> Slip:
    """A receipt with a split, a cache and reasoning."""
    record = {
        "id": GENERATION,
        "model": "anthropic/claude-4.5-haiku",
        "provider_name": "Amazon Bedrock",
        "total_cost": 0.00284,
        "latency": 604,
        "generation_time": 3790,
        "native_tokens_prompt": 412,
        "native_tokens_completion": 554,
        "native_tokens_reasoning": 236,
        "native_tokens_cached": 380,
        "cache_discount": 0.00034,
    }
    details = {"upstream_inference_prompt_cost": 0.00007, "upstream_inference_completions_cost": 0.00277}
    generation = Generation(
        id="g",
        message_id="m2",
        conversation_id="c1",
        origin="web",
        request=b"{}",
        streamed=True,
        state="done",
        generation_id=GENERATION,
        requested_model=MODEL,
        provider="Amazon Bedrock",
        usage=Usage(prompt_tokens=412, completion_tokens=554, cost=Decimal("0.00284")),
        time_to_first_token_ms=812,
        duration_ms=7400,
        completion={"usage": {"cost_details": details}},
        settlement=Settlement(
            generation_id=GENERATION, state="settled" if settled else "pending", record=record if settled else None
        ),
    )
    return write_slip(generation, is_sandbox=sandbox)


def answer(id: str, text: str, *parts: Part, **changes: Any) -> Markup:
    """A reply; `changes` are variables of its template."""
    variables: dict[str, Any] = {
        "message": message(id, "actor", *parts, TextPart(text)),
        "state": "done",
        "blocks": [pages.trust(block) for block in render_all(text)],
        "reasoning_ms": None,
        "status": "",
        "error": None,
        "slip": slip(),
        "continues": False,
        "branch": None,
    }
    return pages.render("message_actor", **(variables | changes))


def pending_answer(id: str) -> Markup:
    """A reply that has only begun."""
    return answer(id, "", state="sent", slip=None)


def explain_sample() -> dict[str, Any]:
    """A refusal for want of a provider, explained."""
    said = "No endpoints found matching your data policy (Free model training)"
    body = json.dumps({"error": {"message": said, "code": 404}}).encode()
    fault = read_fault(phase="replied", status=404, headers={}, body=body, requested_model="nousresearch/hermes-4:free")
    return explain(fault, known_models=[MODEL]).as_dict()


def failure(id: str) -> Markup:
    """What stands in the place of a reply that was refused."""
    return answer(id, "", state="failed", error=explain_sample(), slip=None)


def messages() -> list[Markup]:
    """The sample conversation."""
    branch = Branch(
        position=2,
        versions=[
            NamedVersion(name=name, href=f"/c/c1?leaf={id}", is_current=id == "m2")
            for name, id in (("openai/gpt-5-mini", "m0"), (MODEL, "m2"), ("edited", "m9"))
        ],
    )
    thoughts = ReasoningPart("A retry is safe only if nothing was sent.\nSo: which failures prove that?")
    call = ToolCallPart("t1", "look_up", '{"query": "retry policies"}')
    cited = AnnotationPart({"url_citation": {"url": "https://example.com/retries", "title": "Retries, in theory"}})
    drawn = MediaPart({"type": "image_url", "image_url": {"url": picture()}})
    return [
        question("m1", "How do I retry a flaky HTTP call without billing myself twice?"),
        answer("m2", ANSWER, thoughts, reasoning_ms=2100, branch=branch),
        question("m3", "And what does a receipt hold?\nEverything, please.", parent="m2"),
        answer("m4", LONG, call, ToolResultPart("t1", "2 pages"), cited, drawn, slip=slip(settled=False)),
        question("m5", "And on a model that trains on prompts?", parent="m4"),
        failure("m6"),
    ]


def chips() -> str:
    """Three differences from the defaults."""
    parameters = {"reasoning": {"effort": "low"}, "provider": {"zdr": True}, "temperature": 0.2}
    return write_chips(parameters, {})


def parameter_form() -> Markup:
    """The default parameters of the settings."""
    return pages.trust(write_panel(Sheet(texts={"temperature": "0.2"}, is_defaults=True)))


def settings(**changes: Any) -> Markup:
    """The settings of somebody with a key in the vault file."""
    key = SimpleNamespace(
        name="inference",
        masked="sk-or-…7f3a",
        is_used=True,
        where="the vault file /home/me/chit/vault.age",
        label="laptop",
        fingerprint="1f2e 99ab",
        can_remove=True,
    )
    session = SimpleNamespace(hash="aa", label="Firefox on Linux", is_this=True, last_used_at=NOW, expires_at=NOW + 9e5)
    other = SimpleNamespace(hash="bb", label="Safari on iPhone", is_this=False, last_used_at=NOW, expires_at=NOW + 9e5)
    variables: Mapping[str, Any] = {
        "sandbox": False,
        "keys": [key],
        "vault": SimpleNamespace(
            state="unlocked", path="/home/me/chit/vault.age", problem=None, seconds_left=1500.0, sharing_problem=None
        ),
        "keychain": SimpleNamespace(name="Secret Service", problem="no keychain answers on this machine"),
        "warning": None,
        "passphrase": None,
        "has_management_key": False,
        "model": MODEL,
        "theme": "system",
        "low_balance": "10.00",
        "auto_lock_minutes": 30,
        "fixed": {"auto_lock_minutes": "CHIT_AUTO_LOCK_MINUTES"},
        "sessions": [session, other],
        "parameters": parameter_form(),
        "data_folder": "/home/me/.local/share/chit",
        "version": "0.1.0",
        "imported": "",
    }
    return pages.render("settings", **{**variables, **changes})


def conversations() -> Markup:
    """The list by day."""
    days: dict[str, list[Item]] = {}
    for day, item in ITEMS:
        days.setdefault(day, []).append(item)
    shown = [{"name": name, "items": found} for name, found in days.items()]
    return pages.render("conversations", days=shown, is_first=True)
